"""Sharing snapshots: one call for each, since an image has several."""

from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.waits import Doing, patiently


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
