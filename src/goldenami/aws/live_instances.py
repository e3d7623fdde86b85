"""Instances as they are now: what a remediation has to know before it touches one."""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.aws.answers.ec2 import (
    DescribeInstancesWithInterfaces,
    DescribeSecurityGroups,
    DescribeStopProtection,
    DescribeTerminationProtection,
    InstanceWithInterfaces,
)
from goldenami.aws.answers.interface import Only, Single
from goldenami.aws.errors import UNKNOWN_GROUP, Tolerated, unreadable
from goldenami.aws.session import RegionalAws
from goldenami.domain.tags import Tags

IDS_A_CALL = 200


class LiveInstance(Struct, frozen=True, kw_only=True):
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


def read(regional: RegionalAws, ids: Iterable[str]) -> dict[str, LiveInstance]:
    """Return the instances with these ids that there still are.

    Raises:
        AwsError: they could not be read.
    """
    instances: dict[str, LiveInstance] = {}
    sorted_ids = sorted(ids)
    for start in range(0, len(sorted_ids), IDS_A_CALL):
        pages = regional.listed(  # by filter, so that an id that is gone is no error
            DescribeInstancesWithInterfaces, "reading instances",
            Filters=[{"Name": "instance-id", "Values": sorted_ids[start : start + IDS_A_CALL]}],
        )  # fmt: skip
        instances |= {
            instance.instance_id: _live(instance) for page in pages for instance in page.instances
        }
    return instances


def protected_from_termination(regional: RegionalAws, instance_id: str) -> bool:
    """Tell whether an instance is protected from termination.

    Raises:
        AwsError: it could not be read.
    """
    return _protected(regional, instance_id, DescribeTerminationProtection, "disableApiTermination")


def protected_from_stop(regional: RegionalAws, instance_id: str) -> bool:
    """Tell whether an instance is protected from being stopped.

    Raises:
        AwsError: it could not be read.
    """
    return _protected(regional, instance_id, DescribeStopProtection, "disableApiStop")


def _protected(
    regional: RegionalAws, instance_id: str, kind: type[Single[Only[bool]]], attribute: str
) -> bool:
    purpose = f"reading the protection of {instance_id}"
    return regional.ask(kind, purpose, InstanceId=instance_id, Attribute=attribute).part.value


def vpc_of(regional: RegionalAws, group_id: str) -> str:
    """Return the VPC of a security group; empty if there is no such group in the region.

    Raises:
        AwsError: it could not be read.
    """
    purpose = f"reading security group {group_id}"
    with Tolerated(UNKNOWN_GROUP):
        answer = regional.ask(DescribeSecurityGroups, purpose, GroupIds=[group_id])
        if len(answer.rows) != 1:
            raise unreadable(
                f"{purpose} in {regional.region}", answer.call, "it tells of none, or of several"
            )
        return answer.rows[0].vpc_id
    return ""


def groups_of(regional: RegionalAws, vpc_id: str) -> frozenset[str]:
    """Return the ids of the security groups of a VPC.

    Raises:
        AwsError: they could not be read.
    """
    groups = regional.rows(
        DescribeSecurityGroups, f"reading the security groups of {vpc_id}",
        Filters=[{"Name": "vpc-id", "Values": [vpc_id]}],
    )  # fmt: skip
    return frozenset(group.group_id for group in groups)


def _live(instance: InstanceWithInterfaces) -> LiveInstance:
    return LiveInstance(
        id=instance.instance_id,
        state=instance.state.name,
        image_id=instance.image_id,
        vpc_id=instance.vpc_id,
        tags=instance.tag_values,
        interfaces=tuple(
            (interface.network_interface_id, tuple(group.group_id for group in interface.groups))
            for interface in instance.network_interfaces
        ),
    )
