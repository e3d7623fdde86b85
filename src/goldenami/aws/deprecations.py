"""Letting an image be deprecated: at a time, or as soon as EC2 takes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.waits import patiently

DEPRECATE = "deprecate:image"
PERMISSIONS = ("ec2:EnableImageDeprecation",)
_SOONEST = timedelta(minutes=1)


def soonest(now: datetime) -> datetime:
    """Return the first whole minute that surely is still to come when EC2 is asked."""
    return (now + _SOONEST + timedelta(seconds=59)).replace(second=0, microsecond=0)


def deprecate(context: ActionContext) -> dict[str, Any]:
    """Let ``ImageId`` be deprecated at ``DeprecateAt``, or at the next minute if that has passed.

    EC2 takes no time that has passed, and rounds to the minute. What counts is the moment of the
    call, and not that of the plan.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeprecation.html

    Raises:
        AwsError: AWS refused.
    """
    earliest = datetime.fromisoformat(context.parameters["DeprecateAt"])

    def ask() -> None:
        at = max(earliest, soonest(datetime.now(UTC)))
        context.ask(
            kinds()["ec2:EnableImageDeprecation"],
            ImageId=context.parameters["ImageId"],
            DeprecateAt=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        )

    patiently(context, ask)
    return {}
