"""Waiting for instance refreshes that were started.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
"""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.launches import DescribeInstanceRefreshes, InstanceRefresh
from goldenami.aws.auto_scaling import ENDED
from goldenami.aws.waits import Pending, until
from goldenami.errors import BakeError

AWAIT = "wait:refresh"
PERMISSIONS = ("autoscaling:DescribeInstanceRefreshes",)
TIMEOUT_S = 7_200.0
_SUCCESSFUL = "Successful"


def wait(context: ActionContext) -> dict[str, Any]:
    """Wait until the newest refresh of the group ``AutoScalingGroupName`` has come to its end.

    Returns:
        ``status``: how it ended.

    Raises:
        SlowError: it has not; Auto Scaling goes on with it.
        BakeError: it failed, was cancelled or rolled back: the group launches what it did before.
        AwsError: it could not be read.
    """
    name = context.parameters["AutoScalingGroupName"]

    def look() -> InstanceRefresh | Pending:
        newest = next(context.rows(DescribeInstanceRefreshes, AutoScalingGroupName=name), None)
        if newest is None:
            return Pending("no refresh yet")
        return newest if newest.status in ENDED else Pending(_progress(newest))

    ended = until(
        context, look,
        timeout_s=context.parameters["timeout_s"],
        thing=f"the refresh of {name}",
        fix="it goes on: `aws autoscaling describe-instance-refreshes --region "
        f"{context.region} --auto-scaling-group-name {name}` shows how far it is",
        keeps=True,
    )  # fmt: skip
    if ended.status != _SUCCESSFUL:
        raise BakeError(
            f"{context.headline}: the refresh of {name} ended as {ended.status}",
            fix="look why in its activities (`aws autoscaling describe-scaling-activities`), mend "
            "it, and run the same command again",
        )
    return {"status": ended.status}


def _progress(refresh: InstanceRefresh) -> str:
    done = refresh.percentage_complete
    return refresh.status if done is None else f"{refresh.status}, {done} %"
