"""What was judged of a place, as far as one process did it."""

from collections import Counter
from collections.abc import Hashable
from typing import TypeVar

from msgspec import Struct

from goldenami.domain.audit.document import ImageUse
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID
from goldenami.domain.audit.subject import ImageSeen
from goldenami.domain.audit.waivers import Waiver

K = TypeVar("K", bound=Hashable)


class ImageSummary:
    """How often an image is in use in a place, and what is wrong with that: see `ImageUse`."""

    def __init__(self, region: str, image: ImageSeen, golden: str) -> None:
        self.region = region
        self.image = image
        self.golden = golden
        self.subjects = self.instances = self.compliant = 0
        self.findings: Counter[str] = Counter()

    def add(self, kind: str, findings: list[Finding], number: int) -> None:
        """Count one more subject, or several that are alike."""
        self.subjects += number
        self.instances += number if kind == "instance" else 0
        self.compliant += 0 if findings else number
        for finding in findings:
            self.findings[finding.rule] += 1

    def join(self, other: "ImageSummary") -> None:
        """Add what was counted of the same image elsewhere."""
        self.subjects += other.subjects
        self.instances += other.instances
        self.compliant += other.compliant
        self.findings += other.findings

    @property
    def image_use(self) -> ImageUse:
        """The image's part of the document."""
        severities = [BY_ID[rule].severity for rule in self.findings]
        worst = min(severities, key=lambda severity: severity.rank, default=None)
        return ImageUse(**vars(self), worst=worst)


def count_in(images: dict[K, ImageSummary], key: K, count: ImageSummary) -> None:
    """Add what was counted of an image to what there is of it."""
    if key in images:
        images[key].join(count)
    else:
        images[key] = count


class PlaceShare(Struct, frozen=True, kw_only=True):
    """What another process judged of a place: the counts, and what it found as it is written.

    ``waivers`` are those that matched something, ``again`` the findings of the earlier audit that
    were found again.
    """

    subjects: Counter[str]
    compliant: Counter[str]
    rules: Counter[str]
    waived: int
    baking: frozenset[str]
    without_image: int
    images: dict[str, ImageSummary]
    open_written: list[bytes]
    waived_written: list[bytes]
    subjects_written: list[bytes]
    waivers: frozenset[Waiver]
    again: frozenset[str]
