"""What of an account, in one region, names an image.

EC2 knows instances, launch templates, parameters and recipes of Image Builder: neither launch
configurations, fleets, nor what names a parameter that names the image.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html
"""

from collections.abc import Sequence

from msgspec import Struct

from goldenami.aws.answers.image_use import DescribeImageReferences
from goldenami.aws.session import RegionalAws

IMAGES_A_CALL = 10
PERMISSIONS = ("ec2:DescribeImageReferences",)
EVERY_VERSION = "10000"
_LIVING = ("pending", "running", "stopping", "stopped")
_KINDS = [
    {
        "ResourceType": kind,
        "ResourceTypeOptions": [{"OptionName": option, "OptionValues": list(values)}],
    }
    for kind, option, values in (
        ("ec2:Instance", "state-name", _LIVING),
        ("ec2:LaunchTemplate", "version-depth", (EVERY_VERSION,)),
    )
]
"""What EC2 would do otherwise: count instances that are gone, and leave older versions out."""


class ImageUser(Struct, frozen=True, kw_only=True):
    """A resource that names an image.

    Args:
        image: the image's id.
        kind: what it is, such as ``ec2:LaunchTemplate``.
        arn: its ARN.
    """

    image: str
    kind: str
    arn: str


def users(regional: RegionalAws, images: Sequence[str]) -> list[ImageUser]:
    """Return what names one of these images: every kind, every version, no instance that is gone.

    Raises:
        AwsError: it could not be read; what has been read until then says nothing.
    """
    return [
        ImageUser(image=each.image_id, kind=each.resource_type, arn=each.arn)
        for start in range(0, len(images), IMAGES_A_CALL)
        for each in regional.rows(
            DescribeImageReferences,
            "looking for what names the images",
            ImageIds=list(images[start : start + IMAGES_A_CALL]),
            IncludeAllResourceTypes=True,
            ResourceTypes=_KINDS,
        )
    ]
