"""Taking things away, and looking whether they are gone."""

from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.waits import Doing, until
from goldenami.errors import AwsError

_FINE = ("success", "skipped")


def image(doing: Doing) -> dict[str, Any]:
    """Deregister an image; the call can succeed and leave snapshots behind.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html

    Raises:
        AwsError: AWS refused, or snapshots are left; the message names them.
    """
    client = doing.aws.client("ec2", doing.region)
    with explained(doing.summary, doing.region):
        answer = client.deregister_image(**doing.parameters)
    left = [
        f"{one.get('SnapshotId')} ({one.get('ReturnCode')})"
        for one in answer.get("DeleteSnapshotResults", ())
        if one.get("ReturnCode") not in _FINE
    ]
    if left:
        raise AwsError(
            f"{doing.summary} in {doing.region}: the image is gone, but not {', '.join(left)}",
            fix="remove what uses these snapshots, then run `goldenami sweep`",
        )
    return {}


def terminated(doing: Doing) -> dict[str, Any]:
    """Wait until an instance is terminated, since its security group cannot go before."""
    client = doing.aws.client("ec2", doing.region)
    instance_id = doing.parameters["InstanceId"]

    def look() -> dict[str, Any] | None:
        with explained(doing.summary, doing.region):
            answer = client.describe_instances(InstanceIds=[instance_id])
        state = answer["Reservations"][0]["Instances"][0]["State"]["Name"]
        return {} if state == "terminated" else None

    return until(doing, look, timeout_s=doing.parameters["timeout_s"], thing=instance_id)
