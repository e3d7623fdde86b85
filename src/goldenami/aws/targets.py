"""Instances as they are now: what a remediation has to know before it touches one."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.tags import Tags

IDS_A_CALL = 200


class Target(Struct, frozen=True, kw_only=True):
    """An instance as it is now. ``interfaces`` are its network interfaces with their groups."""

    id: str
    state: str
    image_id: str
    vpc_id: str = ""
    tags: Tags = {}
    interfaces: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def auto_scaling_group(self) -> str:
        """The Auto Scaling group it belongs to, empty if it belongs to none."""
        return self.tags.get("aws:autoscaling:groupName", "")


def read(aws: Aws, region: str, ids: Iterable[str]) -> dict[str, Target]:
    """Return the instances with these ids that there still are.

    Raises:
        AwsError: they could not be read.
    """
    return {one.id: one for several in _chunks(sorted(ids)) for one in _read(aws, region, several)}


def protected(aws: Aws, region: str, instance_id: str, attribute: str) -> bool:
    """Tell whether an instance is protected: ``disableApiTermination``, ``disableApiStop``.

    Raises:
        AwsError: it could not be read.
    """
    with explained(f"reading {attribute} of {instance_id}", region):
        told = aws.client("ec2", region).describe_instance_attribute(
            InstanceId=instance_id, Attribute=attribute
        )
    name = attribute[0].upper() + attribute[1:]
    return bool(told.get(name, {}).get("Value"))


def vpc_of(aws: Aws, region: str, group_id: str) -> str:
    """Return the VPC of a security group.

    Raises:
        AwsError: there is no such group, or it could not be read.
    """
    with explained(f"reading security group {group_id}", region):
        told = aws.client("ec2", region).describe_security_groups(GroupIds=[group_id])
    return str(told["SecurityGroups"][0].get("VpcId", ""))


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_A_CALL):
        yield ids[start : start + IDS_A_CALL]


def _read(aws: Aws, region: str, ids: Sequence[str]) -> Iterator[Target]:
    # By filter, so that an id that is gone is no error.
    found = pages(
        aws, "ec2", "describe_instances", "Reservations", region, "reading instances",
        Filters=[{"Name": "instance-id", "Values": list(ids)}],
    )  # fmt: skip
    for reservation in found:
        for told in reservation["Instances"]:
            yield _target(told)


def _target(told: dict[str, Any]) -> Target:
    return Target(
        id=told["InstanceId"],
        state=told["State"]["Name"],
        image_id=told["ImageId"],
        vpc_id=told.get("VpcId", ""),
        tags=tags.from_aws(told.get("Tags")),
        interfaces=tuple(
            (one["NetworkInterfaceId"], tuple(each["GroupId"] for each in one["Groups"]))
            for one in told.get("NetworkInterfaces", ())
        ),
    )
