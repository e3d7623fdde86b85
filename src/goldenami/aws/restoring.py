"""Waits until what came back from the Recycle Bin is there again."""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.waits import Pending, until

AWAIT = "wait:restored"
TIMEOUT_S = 300.0
_BACK = ("available", "disabled")


def wait(context: ActionContext) -> dict[str, Any]:
    """Wait until ``ImageId`` can be read again.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreImageFromRecycleBin.html

    Raises:
        BakeError: it is not by ``timeout_s``.
    """
    image_id = context.parameters["ImageId"]

    def look() -> dict[str, Any] | Pending:
        described = context.ask(
            DescribeImages,
            Filters=[{"Name": "image-id", "Values": [image_id]}], IncludeDisabled=True,
        ).rows  # fmt: skip
        states = [each.state for each in described]
        return {} if set(states) & {*_BACK} else Pending(", ".join(states) or "not there")

    return until(
        context, look, timeout_s=context.parameters["timeout_s"], thing=image_id,
        fix=f"look at {image_id}, and run the same command again once it is there",
    )  # fmt: skip
