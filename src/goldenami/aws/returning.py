"""Waits until an image that was disabled, or in the Recycle Bin, is there again."""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.waits import Pending, until

AWAIT = "wait:returned"
TIMEOUT_S = 300.0
AVAILABLE = ("available",)
THERE = ("available", "disabled")
"""The states of an image that came out of the bin."""


def wait(context: ActionContext) -> dict[str, Any]:
    """Wait until ``ImageId`` is in one of ``States``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImage.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreImageFromRecycleBin.html

    Raises:
        BakeError: it is not by ``timeout_s``.
    """
    image_id, states = context.parameters["ImageId"], context.parameters["States"]

    def look() -> dict[str, Any] | Pending:
        filters = [{"Name": "image-id", "Values": [image_id]}]
        described = context.ask(DescribeImages, Filters=filters, IncludeDisabled=True).rows
        seen = [each.state for each in described]
        return {} if set(seen) & {*states} else Pending(", ".join(seen) or "not there")

    return until(
        context, look, timeout_s=context.parameters["timeout_s"], thing=image_id,
        fix=f"look at {image_id}, and run the same command again once it is {' or '.join(states)}",
    )  # fmt: skip
