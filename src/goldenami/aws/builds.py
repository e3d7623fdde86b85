"""What builds have made, read from the tags of the account: there is no state file to lose."""

from typing import Any

from msgspec import Struct

from goldenami.aws import images
from goldenami.aws.calls import pages
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.image import Image

ALIVE = ("pending", "running", "stopping", "stopped")


class Instance(Struct, frozen=True, kw_only=True):
    """An instance that a build launched and that is not terminated.

    ``groups`` are id and name of its security groups.
    """

    region: str
    id: str
    state: str
    tags: tags.Tags
    key_name: str = ""
    groups: tuple[tuple[str, str], ...] = ()

    @property
    def role(self) -> str:
        """What it is for."""
        return self.tags.get(tags.ROLE, "")

    @property
    def build(self) -> str:
        """The build that it belongs to."""
        return self.tags.get(tags.BUILD, "")


def instances(
    aws: Aws, region: str, key: str = "", value: str = "", *, alive: bool = True
) -> list[Instance]:
    """Return the instances of bakes in a region, with this tag if one is named.

    Without ``alive``, those that were terminated within the last hour or so are among them.

    A base instance that was launched on its own has no ``goldenami:spec`` and is left out.
    """
    found = pages(
        aws, "ec2", "describe_instances", "Reservations", region, "looking for a build's instance",
        Filters=[
            *([{"Name": f"tag:{key}", "Values": [value]}] if key else []),
            {"Name": f"tag:{tags.ROLE}", "Values": [one.value for one in tags.Role]},
            {"Name": "tag-key", "Values": [tags.SPEC]},
            *([{"Name": "instance-state-name", "Values": list(ALIVE)}] if alive else []),
        ],
    )  # fmt: skip
    return [_instance(region, one) for reservation in found for one in reservation["Instances"]]


def images_of(aws: Aws, region: str, build: str) -> list[Image]:
    """Return the images that a build has made in a region, in any state."""
    return [one for one in images.produced(aws, region) if one.tags.get(tags.BUILD) == build]


def _instance(region: str, told: dict[str, Any]) -> Instance:
    return Instance(
        region=region,
        id=told["InstanceId"],
        state=told["State"]["Name"],
        tags=tags.from_aws(told.get("Tags")),
        key_name=told.get("KeyName", ""),
        groups=tuple((one["GroupId"], one["GroupName"]) for one in told["SecurityGroups"]),
    )
