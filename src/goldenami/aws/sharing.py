"""What an image allows beside its launch: its snapshots to be read, and itself not to be lost."""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import ANSWERS
from goldenami.aws.answers.ec2 import DescribeDeregistrationProtection
from goldenami.aws.waits import answered, until


def snapshots(context: ActionContext) -> dict[str, Any]:
    """Let the accounts ``UserIds`` make volumes of, and copy, each of ``SnapshotIds``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
    """
    accounts = [{"UserId": account} for account in context.parameters["UserIds"]]
    for snapshot_id in context.parameters["SnapshotIds"]:
        answered(
            context, ANSWERS["ec2:ModifySnapshotAttribute"], created=True,
            SnapshotId=snapshot_id,
            Attribute="createVolumePermission",
            CreateVolumePermission={"Add": accounts},
        )  # fmt: skip
    return {}


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

    answered(context, ANSWERS["ec2:EnableImageDeregistrationProtection"], ImageId=image_id)
    return until(
        context, look,
        timeout_s=context.parameters["timeout_s"],
        thing="the protection",
        fix=f"look in CloudTrail who takes the protection off {image_id}",
    )  # fmt: skip
