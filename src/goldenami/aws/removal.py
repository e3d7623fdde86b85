"""Taking things away, and looking whether they are gone."""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import DeregisterImage, DescribeInstances
from goldenami.aws.errors import Tolerated
from goldenami.aws.idempotency import DONE
from goldenami.aws.waits import answered, until
from goldenami.errors import AwsError

_FINE = ("success", "skipped")


def image(context: ActionContext) -> dict[str, Any]:
    """Deregister an image; the call can succeed and leave snapshots behind.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html

    If it is gone already, an answer was lost, or somebody else was faster; what is left of its
    snapshots carries the build's tags then, for a sweep to find.

    Raises:
        AwsError: AWS refused, or snapshots are left; the message names them.
    """
    remaining = []
    with Tolerated(DONE[DeregisterImage.call]):
        remaining = [
            f"{result.snapshot_id} ({result.return_code})"
            for result in answered(
                context, DeregisterImage, **context.parameters
            ).delete_snapshot_results
            if result.return_code not in _FINE
        ]
    if remaining:
        raise AwsError(
            f"{context.headline}: the image is gone, but not {', '.join(remaining)}",
            fix="remove what uses these snapshots, then run `goldenami sweep`",
        )
    return {}


def terminated(context: ActionContext) -> dict[str, Any]:
    """Wait until an instance is terminated, since its security group cannot go before."""
    instance_id = context.parameters["InstanceId"]

    def look() -> dict[str, Any] | None:
        answer = context.ask(DescribeInstances, InstanceIds=[instance_id])
        states = [instance.state.name for instance in answer.instances]
        return {} if states == ["terminated"] else None

    return until(context, look, timeout_s=context.parameters["timeout_s"], thing=instance_id)
