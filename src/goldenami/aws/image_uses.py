"""What EC2 itself knows of the uses of images, and of what keeps them from being removed."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from goldenami.aws import waits
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.answers.image_uses import (
    CreateImageUsageReport,
    DescribeImageReferences,
    DescribeImageUsageReportEntries,
    DescribeImageUsageReports,
    DescribeLockedSnapshots,
    UsageEntry,
    UsageReport,
)
from goldenami.aws.images import ALL_STATES
from goldenami.aws.session import RegionalAws
from goldenami.errors import AwsError

IMAGES_A_CALL = 10
DEPTH = 10_000
"""How many versions of a launch template are looked at: as many as it can have."""
TEMPLATE, PARAMETER = "ec2:LaunchTemplate", "ssm:Parameter"
RECIPES = ("imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe")
_TEMPLATES = {
    "ResourceType": TEMPLATE,
    "ResourceTypeOptions": [{"OptionName": "version-depth", "OptionValues": [str(DEPTH)]}],
}
_REFERRING = [_TEMPLATES, *({"ResourceType": kind} for kind in (PARAMETER, *RECIPES))]
_COUNTED: list[dict[str, Any]] = [
    {"ResourceType": "ec2:Instance"}, _TEMPLATES, *({"ResourceType": kind} for kind in RECIPES),
]  # fmt: skip
FRESH = timedelta(days=1)
"""How old a usage report may be to be used once more."""
REPORT_TIMEOUT_S = 120.0
EXPIRED = "expired"
PERMISSIONS = (
    "ec2:CreateImageUsageReport",
    "ec2:DescribeImageReferences",
    "ec2:DescribeImageUsageReportEntries",
    "ec2:DescribeImageUsageReports",
    "ec2:DescribeImages",
    "ec2:DescribeLockedSnapshots",
)


class NamedBy(Struct, frozen=True):
    """A resource of an account that names an image: its kind as AWS calls it, and its ARN."""

    image: str
    kind: str
    arn: str


def references(regional: RegionalAws, image_ids: Sequence[str]) -> list[NamedBy]:
    """Return what names images in an account and region, whosever images they are.

    All versions of launch templates are looked at, and not only those that launch something now.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html

    Raises:
        AwsError: they could not be read.
    """
    return [
        NamedBy(answer.image_id, answer.resource_type, answer.arn)
        for start in range(0, len(image_ids), IMAGES_A_CALL)
        for answer in regional.rows(
            DescribeImageReferences, "reading what names the images",
            ImageIds=[*image_ids[start : start + IMAGES_A_CALL]], ResourceTypes=_REFERRING,
        )
    ]  # fmt: skip


def usage(regional: RegionalAws, image_id: str) -> tuple[UsageEntry, ...]:
    """Return what other accounts have of an image: what EC2 counts in a report.

    A report of the last day is used once more; EC2 deletes it after 30 days. What instances did in
    the last day, and launch templates in the last few, may not be in it.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html

    Raises:
        AwsError: there is no report, or it is not ready yet.
    """
    purpose = f"reading who else uses {image_id}"
    report = next(
        (each for each in _reports(regional, image_id, purpose) if _covers_all(each)), None
    )
    report_id = report.report_id if report else ""
    if not report_id:
        report_id = regional.ask(
            CreateImageUsageReport, purpose, ImageId=image_id, ResourceTypes=_COUNTED
        ).part
    _await(regional, image_id, report_id, purpose)
    entries = regional.rows(DescribeImageUsageReportEntries, purpose, ReportIds=[report_id])
    return tuple(entry for entry in entries if entry.usage_count)


def _reports(regional: RegionalAws, image_id: str, purpose: str) -> list[UsageReport]:
    rows = regional.rows(DescribeImageUsageReports, purpose, ImageIds=[image_id])
    return sorted(rows, key=lambda each: each.creation_time, reverse=True)


def _covers_all(report: UsageReport) -> bool:
    fresh = datetime.now(UTC) - report.creation_time < FRESH
    kinds = {each.resource_type: each.resource_type_options for each in report.resource_types}
    deep = [value for option in kinds.get(TEMPLATE, ()) for value in option.option_values]
    every = {each["ResourceType"] for each in _COUNTED} <= kinds.keys() and deep == [str(DEPTH)]
    return fresh and every and not report.account_ids and report.state != "error"


def _await(regional: RegionalAws, image_id: str, report_id: str, purpose: str) -> None:
    deadline, delay_s = time.monotonic() + REPORT_TIMEOUT_S, waits.FIRST_POLL_S
    while True:
        states = {each.report_id: each.state for each in _reports(regional, image_id, purpose)}
        state = states.get(report_id, "pending")
        if state == "available":
            return
        if state != "pending" or time.monotonic() + delay_s > deadline:
            raise AwsError(
                f"{purpose} in {regional.where}: the usage report {report_id} is {state}",
                fix="run the same command again in a while: it takes up the same report",
            )
        time.sleep(delay_s)
        delay_s = min(delay_s * 1.5, waits.MOST_POLL_S)


def locked(regional: RegionalAws, snapshot_ids: Sequence[str]) -> dict[str, str]:
    """Return those of these snapshots that are locked, each with the kind of its lock.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLockedSnapshots.html

    Raises:
        AwsError: they could not be read.
    """
    if not snapshot_ids:
        return {}
    rows = regional.rows(
        DescribeLockedSnapshots, "reading locks of snapshots", SnapshotIds=[*snapshot_ids]
    )
    return {row.snapshot_id: row.lock_state for row in rows if row.lock_state != EXPIRED}


def sharing_snapshots(
    regional: RegionalAws, snapshot_ids: Sequence[str], but: Iterable[str]
) -> dict[str, list[str]]:
    """Return the account's own images that have these snapshots, each with those.

    Args:
        regional: whose, and where.
        snapshot_ids: the snapshots.
        but: the images that are known to have them.

    Raises:
        AwsError: they could not be read.
    """
    if not snapshot_ids:
        return {}
    rows = regional.rows(
        DescribeImages, "reading which images have the snapshots", Owners=["self"],
        Filters=[{"Name": "block-device-mapping.snapshot-id", "Values": [*snapshot_ids]}],
        **ALL_STATES,
    )  # fmt: skip
    known = set(but)
    return {
        row.image_id: sorted({*row.snapshot_ids} & {*snapshot_ids})
        for row in rows
        if row.image_id not in known
    }
