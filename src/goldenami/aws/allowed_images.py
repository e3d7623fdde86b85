"""Reading the Allowed AMIs setting, and what it would refuse.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
"""

from typing import Any

from msgspec import Struct

from goldenami.aws.answers.ec2 import (
    DescribeInstanceImageMetadata,
    GetAllowedImagesSettings,
)
from goldenami.aws.session import RegionalAws
from goldenami.domain.instance import ALIVE

PAGE = 1000
_ALIVE = [{"Name": "instance-state-name", "Values": list(ALIVE)}]


class AllowedImagesSetting(Struct, frozen=True):
    """The setting of one region. ``managed_by`` is ``account`` or ``declarative-policy``.

    ``recorded`` is the enforcement that it is recorded for, if that was looked for.
    """

    state: str
    criteria: list[dict[str, Any]]
    managed_by: str
    recorded: str = ""


class RefusedInstance(Struct, frozen=True, kw_only=True):
    """An instance whose image the setting does not allow."""

    region: str
    instance: str
    name: str
    image: str
    image_name: str
    owner: str


def setting(regional: RegionalAws) -> AllowedImagesSetting:
    """Return the setting of a region."""
    answer = regional.ask(GetAllowedImagesSettings, "reading the Allowed AMIs setting")
    return AllowedImagesSetting(answer.state, list(answer.image_criteria), answer.managed_by)


def refused(regional: RegionalAws) -> list[RefusedInstance]:
    """Return the instances of a region whose images would be refused to a new launch.

    Images that nothing is known of (they are gone) count: they are not allowed either.
    """
    instances = regional.rows(
        DescribeInstanceImageMetadata, "reading instances",
        Filters=_ALIVE, MaxResults=PAGE,
    )  # fmt: skip
    return [
        RefusedInstance(
            region=regional.region,
            instance=instance.instance_id,
            name=instance.tag_values.get("Name", ""),
            image=image.image_id,
            image_name=image.name,
            owner=image.image_owner_alias or image.owner_id,
        )
        for instance in instances
        if not (image := instance.image_metadata).image_allowed
    ]
