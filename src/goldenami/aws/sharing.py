"""What an image allows beside its launch: its snapshots to be read, and itself not to be lost."""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import ANSWERS
from goldenami.aws.answers.ec2 import DescribeDeregistrationProtection
from goldenami.aws.waits import patiently, until


def snapshots(context: ActionContext) -> dict[str, Any]:
    """Let the accounts ``UserIds`` make volumes of, and copy, each of ``SnapshotIds``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
    """
    accounts = [{"UserId": account} for account in context.parameters["UserIds"]]
    for snapshot_id in context.parameters["SnapshotIds"]:

        def share(snapshot_id: str = snapshot_id) -> None:
            context.ask(
                ANSWERS["ec2:ModifySnapshotAttribute"],
                SnapshotId=snapshot_id,
                Attribute="createVolumePermission",
                CreateVolumePermission={"Add": accounts},
            )

        patiently(context, share, created=True)
    return {}


def protect(context: ActionContext) -> dict[str, Any]:
    """Protect ``ImageId`` from deregistration, and read that back.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeregistrationProtection.html
    """
    image_id = context.parameters["ImageId"]
    enabling = ANSWERS["ec2:EnableImageDeregistrationProtection"]

    def enable() -> None:
        context.ask(enabling, ImageId=image_id)

    def look() -> dict[str, Any] | None:
        answer = context.ask(
            DescribeDeregistrationProtection, ImageId=image_id, Attribute="deregistrationProtection"
        )
        return {} if answer.part.value.startswith("enabled") else None

    patiently(context, enable)
    return until(context, look, timeout_s=context.parameters["timeout_s"], thing="the protection")
