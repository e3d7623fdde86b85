"""What an image allows beside its launch: its snapshots to be read, and itself not to be lost."""

from collections.abc import Collection
from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ec2 import (
    DescribeDeregistrationProtection,
    DescribeLaunchPermissions,
    DescribeSnapshotPermissions,
)
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import answered, until
from goldenami.domain.image import Image

LOOK = "wait:shares"
EVERYBODY = "all"
"""The group that makes an image or a snapshot public."""


def consumers(regional: RegionalAws, image_id: str) -> list[tuple[str, str]]:
    """Return who may launch an image beside its owner, each as AWS's word and value.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageAttribute.html

    Raises:
        AwsError: it could not be read.
    """
    answer = regional.ask(
        DescribeLaunchPermissions, f"reading who may launch {image_id}",
        ImageId=image_id, Attribute="launchPermission",
    )  # fmt: skip
    return [named for permission in answer.rows for named in permission.named]


def snapshots(context: ActionContext) -> dict[str, Any]:
    """Let the accounts ``UserIds`` make volumes of, and copy, each of ``SnapshotIds``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
    """
    accounts = [{"UserId": account} for account in context.parameters["UserIds"]]
    for snapshot_id in context.parameters["SnapshotIds"]:
        answered(
            context, kinds()["ec2:ModifySnapshotAttribute"], created=True,
            SnapshotId=snapshot_id,
            Attribute="createVolumePermission",
            CreateVolumePermission={"Add": accounts},
        )  # fmt: skip
    return {}


def look(context: ActionContext) -> dict[str, Any]:
    """Return who may launch ``ImageId``: ``consumers``, by id or ARN."""
    return {
        "consumers": [
            value for _, value in consumers(context.regional, context.parameters["ImageId"])
        ]
    }


def protect(context: ActionContext) -> dict[str, Any]:
    """Protect ``ImageId`` from deregistration, and read that back.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeregistrationProtection.html
    """
    image_id = context.parameters["ImageId"]

    def look() -> dict[str, Any] | None:
        answer = context.ask(
            DescribeDeregistrationProtection, ImageId=image_id, Attribute="deregistrationProtection"
        )
        return {} if answer.part.value.startswith("enabled") else None

    answered(context, kinds()["ec2:EnableImageDeregistrationProtection"], ImageId=image_id)
    return until(
        context, look,
        timeout_s=context.parameters["timeout_s"],
        thing="the protection",
        fix=f"look in CloudTrail who takes the protection off {image_id}",
    )  # fmt: skip


def withdraw(
    context: ActionContext,
    image: Image,
    consumers: Collection[tuple[tuple[str, str], ...]] = (),
    accounts: Collection[str] = (),
) -> list[str]:
    """Take an image, and its snapshots, away from everybody who is not to have them.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html

    Args:
        context: whose AWS, in the image's region.
        image: the image, one of the account's own.
        consumers: the launch permissions that may stay, each as word and value.
        accounts: who may stay among those that may use its snapshots.

    Returns:
        From whom what was taken away, in words.
    """
    permissions = answered(
        context, DescribeLaunchPermissions, created=True,
        ImageId=image.id, Attribute="launchPermission",
    ).rows  # fmt: skip
    others = [each.named for each in permissions if each.named not in consumers]
    lines = [f"{image.id} in {image.region}: {_whose(value)}" for ((_, value),) in others]
    if others:
        remove = [dict(each) for each in others]
        answered(
            context, kinds()["ec2:ModifyImageAttribute"],
            ImageId=image.id, LaunchPermission={"Remove": remove},
        )  # fmt: skip
    for snapshot_id in image.snapshots:
        rows = answered(
            context, DescribeSnapshotPermissions, created=True,
            SnapshotId=snapshot_id, Attribute="createVolumePermission",
        ).rows  # fmt: skip
        strangers = [each for each in rows if each.group or each.user_id not in accounts]
        if strangers:
            remove = [
                {"Group": each.group} if each.group else {"UserId": each.user_id}
                for each in strangers
            ]
            answered(
                context, kinds()["ec2:ModifySnapshotAttribute"],
                SnapshotId=snapshot_id, Attribute="createVolumePermission",
                CreateVolumePermission={"Remove": remove},
            )  # fmt: skip
        lines += (
            f"{snapshot_id} in {image.region}: {_whose(each.group or each.user_id)}"
            for each in strangers
        )
    return lines


def _whose(consumer: str) -> str:
    return "public, for everybody" if consumer == EVERYBODY else f"shared with {consumer}"
