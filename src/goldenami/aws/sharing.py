"""What an image allows beside its launch: its snapshots to be read, and itself not to be lost."""

from typing import Any

from goldenami.aws.answers.actions import ANSWERS
from goldenami.aws.answers.ec2 import DescribeDeregistrationProtection
from goldenami.aws.waits import Doing, patiently, until


def snapshots(doing: Doing) -> dict[str, Any]:
    """Let the accounts ``UserIds`` make volumes of, and copy, each of ``SnapshotIds``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
    """
    wanted = [{"UserId": one} for one in doing.parameters["UserIds"]]
    for snapshot_id in doing.parameters["SnapshotIds"]:

        def share(snapshot_id: str = snapshot_id) -> None:
            doing.regional.ask(
                ANSWERS["ec2:ModifySnapshotAttribute"], doing.summary,
                SnapshotId=snapshot_id, Attribute="createVolumePermission",
                CreateVolumePermission={"Add": wanted},
            )  # fmt: skip

        patiently(doing, share, created=True)
    return {}


def protect(doing: Doing) -> dict[str, Any]:
    """Protect ``ImageId`` from deregistration, and read that back.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeregistrationProtection.html
    """
    image_id = doing.parameters["ImageId"]
    enabling = ANSWERS["ec2:EnableImageDeregistrationProtection"]

    def enable() -> None:
        doing.regional.ask(enabling, doing.summary, ImageId=image_id)

    def look() -> dict[str, Any] | None:
        answer = doing.regional.ask(
            DescribeDeregistrationProtection, doing.summary,
            ImageId=image_id, Attribute="deregistrationProtection",
        )  # fmt: skip
        return {} if answer.deregistration_protection.value.startswith("enabled") else None

    patiently(doing, enable)
    return until(doing, look, timeout_s=doing.parameters["timeout_s"], thing="the protection")
