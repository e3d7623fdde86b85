"""The Recycle Bin of a region: its rules, and the images that it keeps."""

from collections.abc import Sequence
from datetime import datetime

from goldenami.aws.answers.image_uses import (
    GetRule,
    ListImagesInRecycleBin,
    ListRules,
    RuleTag,
)
from goldenami.aws.errors import UNKNOWN_ID, Tolerated
from goldenami.aws.session import RegionalAws
from goldenami.domain.recycle_bin import IMAGE, SNAPSHOT, RetentionRule, TagPattern

PERMISSIONS = ("rbin:GetRule", "rbin:ListRules")
READING = ("ec2:ListImagesInRecycleBin",)
_WORKING = "available"


def rules(regional: RegionalAws) -> list[RetentionRule]:
    """Return the rules for images and snapshots that are at work in a region.

    https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_ListRules.html

    Raises:
        AwsError: they could not be read.
    """
    purpose = "reading the rules of the Recycle Bin"
    every = []
    for kind in (IMAGE, SNAPSHOT):
        for name in regional.rows(ListRules, purpose, ResourceType=kind):
            rule = regional.ask(GetRule, purpose, Identifier=name.identifier)
            if rule.status == _WORKING:
                every.append(
                    RetentionRule(
                        kind=kind,
                        days=rule.period.retention_period_value,
                        tags=_patterns(rule.resource_tags),
                        excluded=_patterns(rule.exclude_resource_tags),
                    )
                )
    return every


def _patterns(tags: Sequence[RuleTag]) -> tuple[TagPattern, ...]:
    return tuple((tag.resource_tag_key, tag.resource_tag_value) for tag in tags)


def exits(regional: RegionalAws, image_id: str) -> datetime | None:
    """Return until when the Recycle Bin keeps an image; None if it has no such one.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ListImagesInRecycleBin.html

    Raises:
        AwsError: it could not be read.
    """
    with Tolerated(UNKNOWN_ID):
        rows = regional.rows(
            ListImagesInRecycleBin, f"looking for {image_id} in the Recycle Bin",
            ImageIds=[image_id],
        )  # fmt: skip
        return next((row.recycle_bin_exit_time for row in rows if row.image_id == image_id), None)
    return None
