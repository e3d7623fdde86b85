"""Where a filter finds its value in what a listing answers.

Nearly all names follow from the members' own: ``metadata-options.http-tokens`` is MetadataOptions,
HttpTokens, and ``instance-state-name`` is State, Name of an Instance. The others stand here.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

from moto.core.utils import get_service_model

from goldenami_sandbox.ec2.listings.documented import listing

Path = tuple[str, ...]
_DEPTH = 5
_OTHER_NAMES: Mapping[str, str] = {
    "AmiLaunchIndex": "launchindex",
    "CidrBlockState": "",
    "ClassicLinkEnabled": "isclassiclinkenabled",
    "DefaultVersion": "isdefaultversion",
    "DeliverLogsStatus": "deliverlogstatus",
    "Ebs": "",
    "ImageLocation": "manifestlocation",
    "ImageOwnerAlias": "owneralias",
    "Ipv6CidrBlockState": "",
    "KeyFingerprint": "fingerprint",
    "LastTieringOperationStatus": "lasttieringoperation",
    "LaunchSpecification": "launch",
    "NetworkAclAssociationId": "associationid",
    "PrivateIpAddresses": "addresses",
}
"""What filters call a member otherwise than by its name; nothing for one that they leave out."""
OF_RESERVATION = "^"
"""What begins a path that leads from an item to what it stands in."""
_RULES = {
    "cidr": "IpRanges.CidrIp",
    "from-port": "FromPort",
    "group-id": "UserIdGroupPairs.GroupId",
    "group-name": "UserIdGroupPairs.GroupName",
    "ipv6-cidr": "Ipv6Ranges.CidrIpv6",
    "prefix-list-id": "PrefixListIds.PrefixListId",
    "protocol": "IpProtocol",
    "to-port": "ToPort",
    "user-id": "UserIdGroupPairs.UserId",
}
_EXPLICIT: Mapping[str, Mapping[str, str]] = {
    "DescribeImages": {
        f"instance-type-specification.{kind.lower()}-instance-type":
            f"InstanceTypeSpecification.{kind}InstanceTypes"
        for kind in ("Supported", "Unsupported")
    },
    "DescribeImageUsageReportEntries": {"creation-time": "ReportCreationTime"},
    "DescribeInstanceStatus": {
        "instance-status.reachability": "InstanceStatus.Details.Status",
        "system-status.reachability": "SystemStatus.Details.Status",
    },
    "DescribeInstances": {
        "metadata-options.http-protocol-ipv4": "MetadataOptions.HttpEndpoint",
        "network-interface.addresses.association.allocation-id": "",
        "network-interface.addresses.association.association-id": "",
        "network-interface.association.allocation-id": "",
        "network-interface.association.association-id": "",
        "network-interface.attachment.instance-id": "InstanceId",
        "network-interface.attachment.instance-owner-id": "^OwnerId",
        "network-interface.availability-zone": "Placement.AvailabilityZone",
        "network-interface.deny-all-igw-traffic": "",
        "network-interface.group-id": "NetworkInterfaces.Groups.GroupId",
        "network-interface.group-name": "NetworkInterfaces.Groups.GroupName",
        "network-interface.ipv6-address": "NetworkInterfaces.Ipv6Addresses.Ipv6Address",
        "network-interface.ipv6-native": "",
        "network-interface.outpost-arn": "OutpostArn",
        "network-interface.public-dns-name": "NetworkInterfaces.Association.PublicDnsName",
        "network-interface.requester-id": "",
        "network-interface.requester-managed": "",
        "network-interface.tag-key": "",
        "network-interface.tag-value": "",
        "owner-id": "^OwnerId",
        "requester-id": "^RequesterId",
        "reservation-id": "^ReservationId",
    },
    "DescribeLaunchTemplateVersions": {
        "http-protocol-ipv4": "LaunchTemplateData.MetadataOptions.HttpEndpoint",
        "iam-instance-profile": "LaunchTemplateData.IamInstanceProfile.Arn",
    },
    "DescribeNetworkAcls": {
        "entry.cidr": "Entries.CidrBlock",
        "entry.icmp.code": "Entries.IcmpTypeCode.Code",
        "entry.icmp.type": "Entries.IcmpTypeCode.Type",
        "entry.ipv6-cidr": "Entries.Ipv6CidrBlock",
    },
    "DescribeNetworkInterfaces": {
        "addresses.association.owner-id": "PrivateIpAddresses.Association.IpOwnerId",
    },
    "DescribeSecurityGroups": {
        f"{way}ip-permission.{name}": f"{member}.{path}"
        for way, member in (("", "IpPermissions"), ("egress.", "IpPermissionsEgress"))
        for name, path in _RULES.items()
    },
    "DescribeSpotInstanceRequests": {
        "launch.group-id": "LaunchSpecification.SecurityGroups.GroupId",
        "launch.group-name": "LaunchSpecification.SecurityGroups.GroupName",
        "launch.monitoring-enabled": "LaunchSpecification.Monitoring.Enabled",
        "network-interface.addresses.primary":
            "LaunchSpecification.NetworkInterfaces.PrivateIpAddresses.Primary",
        "network-interface.group-id": "LaunchSpecification.NetworkInterfaces.Groups",
    },
    "DescribeSubnets": {"cidr": "CidrBlock"},
    "DescribeTransitGatewayPeeringAttachments": {
        "local-owner-id": "RequesterTgwInfo.OwnerId",
        "remote-owner-id": "AccepterTgwInfo.OwnerId",
    },
    "DescribeVpcs": {"cidr": "CidrBlock"},
    "DescribeVpnConnections": {"bgp-asn": ""},
}  # fmt: skip
"""Filters whose name tells too little. An empty path: no member of the answer has the value."""


@cache
def item_shape(operation: str) -> Any:
    """Return the shape of what an operation lists."""
    known = listing(operation)
    shape: Any = get_service_model("ec2").operation_model(operation).output_shape
    for name in known.items if known else ():
        shape = shape.members[name].member
    return shape


def path(operation: str, name: str) -> Path | None:
    """Return the members that lead from an item to a filter's value; None if none does."""
    explicit = _EXPLICIT.get(operation, {}).get(name)
    if explicit is not None:
        return tuple(explicit.split(".")) if explicit else None
    shape = item_shape(operation)
    key, noun = _plain(name), _plain(re.sub("(Info|Description|Data)$", "", shape.name))
    known = _paths(operation)
    return known.get(key) or known.get(key.removeprefix(noun))


@cache
def _paths(operation: str) -> Mapping[str, Path]:
    """Return where each name leads, the nearest first, whole paths before those cut in front."""
    leaves = list(_leaves(item_shape(operation)))
    known: dict[str, Path] = {}
    for dropped in range(_DEPTH):
        for members in leaves:
            names = [_names(name, shape) for name, shape in members[dropped:]]
            for parts in product(*names) if names else ():
                known.setdefault("".join(parts), tuple(name for name, _ in members))
    return known


def _leaves(shape: Any) -> Iterator[tuple[tuple[str, Any], ...]]:
    """Yield the members that lead to each value of a shape, the shortest first."""
    queue: deque[tuple[tuple[tuple[str, Any], ...], Any]] = deque([((), shape)])
    while queue:
        members, here = queue.popleft()
        while here.type_name == "list":
            here = here.member
        if here.type_name != "structure":
            yield members
        elif len(members) < _DEPTH:
            queue.extend(((*members, (name, part)), part) for name, part in here.members.items())


@cache
def _names(name: str, shape: Any) -> tuple[str, ...]:
    """Return what a filter may call a member: by its name or that on the wire, in the singular."""
    names = [_plain(name), _plain(shape.serialization.get("name", name))]
    endings = ("set$", ""), ("s$", ""), ("ies$", "y"), ("es$", "")
    names += [re.sub(end, instead, each) for each in names for end, instead in endings]
    other = [_OTHER_NAMES[name]] if name in _OTHER_NAMES else []
    return tuple(dict.fromkeys([*names, *other]))


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
