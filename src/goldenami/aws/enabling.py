"""Waits until an image that was disabled can be launched again."""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.waits import Pending, until

AWAIT = "wait:enabled"
TIMEOUT_S = 300.0


def wait(context: ActionContext) -> dict[str, Any]:
    """Wait until ``ImageId`` is available.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImage.html

    Raises:
        BakeError: it is not by ``timeout_s``.
    """
    image_id = context.parameters["ImageId"]

    def look() -> dict[str, Any] | Pending | None:
        described = context.ask(DescribeImages, ImageIds=[image_id], IncludeDisabled=True).rows
        states = [each.state for each in described]
        return {} if states == ["available"] else Pending(", ".join(states) or "not there")

    return until(
        context, look, timeout_s=context.parameters["timeout_s"], thing=image_id,
        fix=f"look at {image_id}, and run the same command again once it is available",
    )  # fmt: skip
