"""What an image allows beside its launch: its snapshots to be read, and itself not to be lost."""

from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.waits import Doing, patiently, until


def snapshots(doing: Doing) -> dict[str, Any]:
    """Let the accounts ``UserIds`` make volumes of, and copy, each of ``SnapshotIds``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
    """
    client = doing.aws.client("ec2", doing.region)
    wanted = [{"UserId": one} for one in doing.parameters["UserIds"]]
    for snapshot_id in doing.parameters["SnapshotIds"]:

        def share(snapshot_id: str = snapshot_id) -> None:
            with explained(doing.summary, doing.region):
                client.modify_snapshot_attribute(
                    SnapshotId=snapshot_id,
                    Attribute="createVolumePermission",
                    CreateVolumePermission={"Add": wanted},
                )

        patiently(doing, share, created=True)
    return {}


def protect(doing: Doing) -> dict[str, Any]:
    """Protect ``ImageId`` from deregistration, and read that back.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeregistrationProtection.html
    """
    client = doing.aws.client("ec2", doing.region)
    image_id = doing.parameters["ImageId"]

    def enable() -> None:
        with explained(doing.summary, doing.region):
            client.enable_image_deregistration_protection(ImageId=image_id)

    def look() -> dict[str, Any] | None:
        with explained(doing.summary, doing.region):
            told = client.describe_image_attribute(
                ImageId=image_id, Attribute="deregistrationProtection"
            )
        enabled = str(told["DeregistrationProtection"]["Value"]).startswith("enabled")
        return {} if enabled else None

    patiently(doing, enable)
    return until(doing, look, timeout_s=doing.parameters["timeout_s"], thing="the protection")
