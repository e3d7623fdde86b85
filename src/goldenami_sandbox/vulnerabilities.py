"""What the sandbox's Amazon Inspector finds in images and on their instances.

A test or a rehearsal says it, once for whatever asks: scans of instances, scans of images, and
lists of their software.
"""

from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

Severity = Literal["UNTRIAGED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
ScanFailureReason = Literal[
    "ACCESS_DENIED",
    "INTERNAL_ERROR",
    "STORAGE_LIMIT_EXCEEDED",
    "EXTRACTION_COLLECTION_TIME_LIMIT_EXCEEDED",
    "UNSUPPORTED_OS",
    "RESOURCE_TERMINATED",
]


class Vulnerability(Struct, frozen=True, kw_only=True):
    """A vulnerability in one package, with its version and release (``5.6.0-1.amzn2023``).

    Args:
        id: such as a CVE's.
        severity: how bad it is.
        package: where it is.
        version: of the package.
        fixed_in: the version without it; empty while there is no fix.
        fix_available_since: in UTC without a zone; None if the fix is known since the first scan
            that found it.
        suppressed: whether a suppression rule of the account hides it.
        paths: files of the image that it is in.
        images: ids or names of the images that have it, with ``*`` for any characters; all if
            there are none.
    """

    id: str
    severity: Severity
    package: str
    version: str
    fixed_in: str = ""
    fix_available_since: datetime | None = None
    suppressed: bool = False
    paths: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


class ScanFailure(Struct, frozen=True, kw_only=True):
    """Why images cannot be scanned: those with these ids or names, or all."""

    reason: ScanFailureReason
    images: tuple[str, ...] = ()


by_region: dict[str, Sequence[Vulnerability]] = {}
failures_by_region: dict[str, Sequence[ScanFailure]] = {}


def of_image(region: str, image_id: str, name: str) -> tuple[Vulnerability, ...]:
    """Return the vulnerabilities of an image in a region."""
    return tuple(
        each for each in by_region.get(region, ()) if _concerns(each.images, image_id, name)
    )


def failure_of(region: str, image_id: str, name: str) -> ScanFailureReason | None:
    """Return why an image in a region cannot be scanned, None if it can be."""
    for each in failures_by_region.get(region, ()):
        if _concerns(each.images, image_id, name):
            return each.reason
    return None


def _concerns(images: Sequence[str], image_id: str, name: str) -> bool:
    return not images or any(
        fnmatchcase(each, pattern) for each in (image_id, name) for pattern in images
    )
