"""The Recycle Bin: its rules, and what of an account's images and snapshots is in it.

https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html
"""

from collections.abc import Iterable, Mapping

from goldenami.aws.answers.recycle_bin import (
    BinnedImage,
    BinnedSnapshot,
    GetRule,
    ListImagesInRecycleBin,
    ListRules,
    ListSnapshotsInRecycleBin,
)
from goldenami.aws.session import RegionalAws

IMAGES, SNAPSHOTS = "EC2_IMAGE", "EBS_SNAPSHOT"
"""What the bin calls the kinds of resources."""
PERMISSIONS = (
    "ec2:ListImagesInRecycleBin",
    "ec2:ListSnapshotsInRecycleBin",
    "rbin:GetRule",
    "rbin:ListRules",
)


def rules(regional: RegionalAws, resource_type: str) -> list[GetRule]:
    """Return the rules of a region for a kind of resources, whole.

    Raises:
        AwsError: one of them could not be read.
    """
    purpose = "reading the rules of the Recycle Bin"
    listed = list(regional.rows(ListRules, purpose, ResourceType=resource_type))
    return [regional.ask(GetRule, purpose, Identifier=each.value) for each in listed]


def days(rules: Iterable[GetRule], tags: Mapping[str, str]) -> int:
    """Return how many days the bin keeps what has these tags; 0 if it is deleted for good.

    The longest of the rules that match counts, as
    https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html says.
    """
    return max((rule.retention_period.days for rule in rules if rule.retains(tags)), default=0)


def images(regional: RegionalAws) -> dict[str, BinnedImage]:
    """Return the images that are in the bin, by id."""
    rows = regional.rows(ListImagesInRecycleBin, "looking for images in the Recycle Bin")
    return {row.image_id: row for row in rows}


def snapshots(regional: RegionalAws) -> dict[str, BinnedSnapshot]:
    """Return the snapshots that are in the bin, by id."""
    rows = regional.rows(ListSnapshotsInRecycleBin, "looking for snapshots in the Recycle Bin")
    return {row.snapshot_id: row for row in rows}
