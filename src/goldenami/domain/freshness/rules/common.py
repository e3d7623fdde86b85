"""What the rules have in common that look at an image and at its source."""

from collections.abc import Iterator
from datetime import datetime

from goldenami.domain.freshness.rules.interface import Evidence, SourceState, days_ago, named
from goldenami.domain.image import Image, ImageScan
from goldenami.domain.names import moment


def fixes(image: Image, what: str, at: datetime, each: SourceState) -> Iterator[Evidence]:
    """Yield each severity, critical and high, that has a fix for what was found on an image.

    An image that was never scanned has nothing to say. A bake brings a fix that is younger than the
    last bake, or that another source has.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ScanResults.html
    """
    scan = image.scan or ImageScan()
    for severity, since in (("critical", scan.critical_fix_since), ("high", scan.high_fix_since)):
        if since:
            yield Evidence(
                f"{what} {named(image)} has a {severity} vulnerability with a fix since "
                f"{since:%Y-%m-%d} ({days_ago(since, at)})",
                {
                    "image": image.id,
                    "severity": severity,
                    "fix_available_since": moment(since),
                    "scanned": moment(scan.scanned),
                },
                each.architecture,
                bake_mends=each.moves or not each.image or _older(each.image, since),
            )


def _older(image: Image, moment: datetime) -> bool:
    return image.created is None or image.created < moment


def deprecated(
    image: Image, what: str, at: datetime, architecture: str, *, bake_mends: bool
) -> Iterator[Evidence]:
    """Yield that EC2 takes an image for deprecated, if it does."""
    since = image.deprecated_at
    if since and since <= at:
        yield Evidence(
            f"{what} {named(image)} is deprecated since {since:%Y-%m-%d}",
            {"image": image.id, "deprecated": moment(since)},
            architecture,
            bake_mends,
        )
