"""Instances as they are now: what a remediation has to know before it touches one."""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.aws.answers.ec2 import (
    DescribeInstancesWithInterfaces,
    DescribeStopProtection,
    DescribeTerminationProtection,
    InstanceWithInterfaces,
)
from goldenami.aws.answers.ec2_around import DescribeSecurityGroups
from goldenami.aws.errors import UNKNOWN_GROUP, Passing, unreadable
from goldenami.aws.regional import RegionalAws
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
    remaining = sorted(ids)
    instances: dict[str, LiveInstance] = {}
    while remaining:
        chunk, remaining = remaining[:IDS_A_CALL], remaining[IDS_A_CALL:]
        # By filter, so that an id that is gone is no error.
        pages = regional.listed(
            DescribeInstancesWithInterfaces, "reading instances",
            Filters=[{"Name": "instance-id", "Values": chunk}],
        )  # fmt: skip
        for page in pages:
            instances |= {each.instance_id: _live(each) for each in page.instances}
    return instances


def protected_from_termination(regional: RegionalAws, instance_id: str) -> bool:
    """Tell whether an instance is protected from termination.

    Raises:
        AwsError: it could not be read.
    """
    answer = regional.ask(
        DescribeTerminationProtection, f"reading the protection of {instance_id}",
        InstanceId=instance_id, Attribute="disableApiTermination",
    )  # fmt: skip
    return answer.disable_api_termination.value


def protected_from_stop(regional: RegionalAws, instance_id: str) -> bool:
    """Tell whether an instance is protected from being stopped.

    Raises:
        AwsError: it could not be read.
    """
    answer = regional.ask(
        DescribeStopProtection, f"reading the protection of {instance_id}",
        InstanceId=instance_id, Attribute="disableApiStop",
    )  # fmt: skip
    return answer.disable_api_stop.value


def vpc_of(regional: RegionalAws, group_id: str) -> str:
    """Return the VPC of a security group; empty if there is no such group in the region.

    Raises:
        AwsError: it could not be read.
    """
    purpose = f"reading security group {group_id}"
    with Passing(*UNKNOWN_GROUP):
        answer = regional.ask(DescribeSecurityGroups, purpose, GroupIds=[group_id])
        if len(answer.security_groups) != 1:
            raise unreadable(
                f"{purpose} in {regional.region}", answer.call, "it tells of none, or of several"
            )
        return answer.security_groups[0].vpc_id
    return ""


def groups_of(regional: RegionalAws, vpc_id: str) -> frozenset[str]:
    """Return the ids of the security groups of a VPC.

    Raises:
        AwsError: they could not be read.
    """
    pages = regional.listed(
        DescribeSecurityGroups, f"reading the security groups of {vpc_id}",
        Filters=[{"Name": "vpc-id", "Values": [vpc_id]}],
    )  # fmt: skip
    return frozenset(group.group_id for page in pages for group in page.security_groups)


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
