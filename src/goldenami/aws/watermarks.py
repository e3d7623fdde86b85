"""Watermarks: what says, in an image and in all that is made of it, whose it is.

Accounts that an image is shared with see its watermarks, unlike its tags. There are at most five of
an image, and none of a public one.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-watermark.html
"""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ec2 import DescribeImages, ImageAnswer
from goldenami.aws.waits import answered, patiently
from goldenami.errors import AwsError

ATTACH = "attach:watermark"
PERMISSIONS = ("ec2:AttachImageWatermark", "ec2:DescribeImages")
MOST = 5
"""How many watermarks an image can have."""


def key(account: str, name: str) -> str:
    """Return how EC2 calls a watermark of an account."""
    return f"{account}:{name}"


def keys(image: ImageAnswer) -> list[str]:
    """Return the watermarks of an image: ``account:name`` each."""
    return [watermark.watermark_key for watermark in image.image_watermarks]


def attach(context: ActionContext) -> dict[str, Any]:
    """Attach the watermark ``WatermarkName`` to ``ImageId``, unless the image has it.

    AWS does not say what it answers if a watermark is attached twice, as after a lost answer.

    Raises:
        AwsError: it was refused.
    """
    name, image_id = context.parameters["WatermarkName"], context.parameters["ImageId"]

    def there() -> bool:
        images = context.ask(DescribeImages, ImageIds=[image_id], IncludeDisabled=True).rows
        expected = key(context.regional.account, name)
        return any(expected in keys(image) for image in images)

    if patiently(context, there, created=True):
        return {}
    try:
        answered(
            context, kinds()["ec2:AttachImageWatermark"], created=True,
            ImageId=image_id, WatermarkName=name,
        )  # fmt: skip
    except AwsError:
        if not patiently(context, there):
            raise
    return {}
