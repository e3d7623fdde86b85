"""Reading the Allowed AMIs setting, and what it would refuse.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.domain import tags

PAGE = 1000
_ALIVE = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]


class Setting(Struct, frozen=True):
    """The setting of one region. ``managed_by`` is ``account`` or ``declarative-policy``."""

    state: str
    criteria: list[dict[str, Any]]
    managed_by: str


class Refused(Struct, frozen=True, kw_only=True):
    """An instance whose image the setting does not allow."""

    region: str
    instance: str
    name: str
    image: str
    image_name: str
    owner: str


def setting(aws: Aws, region: str) -> Setting:
    """Return the setting of a region."""
    with explained("reading the Allowed AMIs setting", region):
        told = aws.client("ec2", region).get_allowed_images_settings()
    criteria = [dict(one) for one in told.get("ImageCriteria", ())]
    return Setting(told["State"], criteria, told.get("ManagedBy", "account"))


def refused(aws: Aws, region: str) -> list[Refused]:
    """Return the instances of a region whose images would be refused to a new launch.

    Images that nothing is known of (they are gone) count: they are not allowed either.
    """
    found = pages(
        aws, "ec2", "describe_instance_image_metadata", "InstanceImageMetadata", region,
        "reading instances", Filters=_ALIVE, MaxResults=PAGE,
    )  # fmt: skip
    return [
        _refused(region, one)
        for one in found
        if not one.get("ImageMetadata", {}).get("ImageAllowed", False)
    ]


def _refused(region: str, told: Mapping[str, Any]) -> Refused:
    image = told.get("ImageMetadata", {})
    return Refused(
        region=region,
        instance=told["InstanceId"],
        name=tags.from_aws(told.get("Tags")).get("Name", ""),
        image=image.get("ImageId", ""),
        image_name=image.get("Name", ""),
        owner=image.get("ImageOwnerAlias") or image.get("OwnerId", ""),
    )
