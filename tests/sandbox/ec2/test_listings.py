"""Filters and pages of EC2: each that botocore's documentation names, of each listing there is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from goldenami_sandbox.ec2.listings import documented, paths
from goldenami_sandbox.ec2.listings.documented import DocumentedListing, listing
from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.listing import matches

Make = Callable[..., str]
_MODEL: Any = get_service_model("ec2")
OPERATIONS = [name for name in _MODEL.operation_names if hasattr(Ec2Response, xform_name(name))]
LISTINGS = {name: known for name in OPERATIONS if (known := listing(name))}
IN_NO_ANSWER = {
    "DescribeInstances": {
        f"network-interface.{name}"
        for name in (
            "addresses.association.allocation-id", "addresses.association.association-id",
            "association.allocation-id", "association.association-id", "deny-all-igw-traffic",
            "ipv6-native", "requester-id", "requester-managed", "tag-key", "tag-value",
        )
    },
    "DescribeVpnConnections": {"bgp-asn"},
}  # fmt: skip
"""Filters whose value no answer of the operation has: they are taken, and match nothing."""


def test_every_operation_with_filters_or_pages_is_a_listing_or_said_to_be_none() -> None:
    without = {
        name
        for name in OPERATIONS
        if (shape := _MODEL.operation_model(name).input_shape) is not None
        and {"Filters", "Filter", "MaxResults"} & shape.members.keys()
        and name not in LISTINGS
    }
    assert {name for name in without if _lists(name) == 1} <= documented.LEFT_TO_MOTO.keys()
    assert len(LISTINGS) > 60


def _lists(operation: str) -> int:
    return sum(
        shape.type_name == "list" and shape.member.type_name == "structure"
        for shape in _MODEL.operation_model(operation).output_shape.members.values()
    )


def test_every_documented_filter_leads_to_a_member_of_the_answer() -> None:
    nowhere = {
        name: lacking
        for name, known in LISTINGS.items()
        if (lacking := {each for each in known.filters if paths.path(name, each) is None})
    }
    assert nowhere == IN_NO_ANSWER
    assert sum(len(known.filters) for known in LISTINGS.values()) > 700


@pytest.mark.parametrize("operation", [name for name, known in LISTINGS.items() if known.filters])
def test_a_path_is_one_of_the_answers_shape(operation: str) -> None:
    for name in LISTINGS[operation].filters:
        shape = paths.item_shape(operation)
        for member in paths.path(operation, name) or ():
            if member.startswith(paths.OF_RESERVATION):
                shape, member = _MODEL.shape_for("Reservation"), member[1:]
            while shape.type_name == "list":
                shape = shape.member
            shape = shape.members[member]


@pytest.mark.parametrize(
    ("operation", "name", "path"),
    [
        ("DescribeImages", "owner-alias", "ImageOwnerAlias"),
        ("DescribeImages", "block-device-mapping.volume-size",
         "BlockDeviceMappings.Ebs.VolumeSize"),
        ("DescribeImages", "is-public", "Public"),
        ("DescribeInstances", "instance-state-name", "State.Name"),
        ("DescribeInstances", "owner-id", "^OwnerId"),
        ("DescribeInstances", "metadata-options.http-tokens", "MetadataOptions.HttpTokens"),
        ("DescribeInstances", "tenancy", "Placement.Tenancy"),
        ("DescribeInstances", "dns-name", "PublicDnsName"),
        ("DescribeInstances", "ip-address", "PublicIpAddress"),
        ("DescribeInstances", "instance.group-id", "SecurityGroups.GroupId"),
        ("DescribeInstances", "reason", "StateTransitionReason"),
        ("DescribeLaunchTemplateVersions", "http-tokens",
         "LaunchTemplateData.MetadataOptions.HttpTokens"),
        ("DescribeSnapshots", "status", "State"),
        ("DescribeSubnets", "availabilityZoneId", "AvailabilityZoneId"),
        ("DescribeSubnets", "cidr", "CidrBlock"),
        ("DescribeVpcs", "isDefault", "IsDefault"),
        ("DescribeVolumes", "attachment.status", "Attachments.State"),
        ("DescribeSecurityGroups", "egress.ip-permission.cidr",
         "IpPermissionsEgress.IpRanges.CidrIp"),
    ],
)  # fmt: skip
def test_a_filter_is_where_its_name_says(operation: str, name: str, path: str) -> None:
    assert name in LISTINGS[operation].filters
    assert paths.path(operation, name) == tuple(path.split("."))


def callable_without_parameters() -> Iterator[DocumentedListing]:
    for name, known in LISTINGS.items():
        if not _MODEL.operation_model(name).input_shape.required_members:
            yield known


def code(call: Callable[..., Any], **parameters: Any) -> str:
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_every_listing_takes_its_filters_and_no_others_and_keeps_to_its_sizes(
    ec2: Any, launch: Make
) -> None:
    launch()
    tried = 0
    for known in callable_without_parameters():
        call = getattr(ec2, xform_name(known.operation))
        own = [{"Name": name, "Values": ["nothing"]} for name in known.filters]
        few = {known.filter_parameter: own} if own else {}
        if answered := code(call, **few):  # not in moto, or not without a name
            assert answered in ("InvalidAction", "MissingParameter")
            continue
        tried += 1
        if own:
            other = [{"Name": "colour", "Values": ["red"]}]
            assert code(call, **{known.filter_parameter: other}) == "InvalidParameterValue"
        if known.sizes:
            assert code(call, **few, MaxResults=known.sizes.most) == ""
            assert code(call, **few, NextToken="abc") == "InvalidParameterValue"
            more = code(call, **few, MaxResults=known.sizes.most + 1)
            assert more == ("" if known.sizes.cuts else "InvalidParameterValue")
    assert tried > 40


@pytest.mark.parametrize(
    ("operation", "wish", "found"),
    [
        ("describe_instances", {"metadata-options.http-tokens": "required"}, 6),
        ("describe_instances", {"block-device-mapping.device-name": "/dev/xvda"}, 6),
        ("describe_instances", {"tenancy": "dedicated"}, 0),
        ("describe_instances", {"owner-id": "123456789012", "instance-type": "t3.*"}, 6),
        ("describe_instances", {"reservation-id": "r-none"}, 0),
        ("describe_instances", {"tag:Name": "web-?", "instance-state-code": "16"}, 5),
        ("describe_instances", {"tag-key": "Name"}, 5),
        ("describe_instances", {"launch-time": "20*-*T*Z"}, 6),
        ("describe_volumes", {"attachment.device": "/dev/xvda", "size": "8"}, 6),
        ("describe_tags", {"tag:Name": "web-1"}, 5),
        ("describe_instance_status", {"system-status.reachability": "passed"}, 6),
        ("describe_instance_types", {"instance-type": "t3.micro", "bare-metal": "false"}, 1),
        ("describe_instance_types", {"memory-info.size-in-mib": "1024"}, 4),
        ("describe_network_interfaces", {"addresses.primary": "true"}, 6),
        ("describe_security_groups", {"egress.ip-permission.cidr": "0.0.0.0/0"}, 1),
        ("describe_images", {"boot-mode": "uefi", "name": "al2023-ami-2023*arm64"}, 1),
        ("describe_images", {"state-reason-code": "*"}, 0),
        ("describe_snapshots", {"owner-alias": "amazon"}, 0),
    ],
)
def test_filters_find(
    ec2: Any, source_id: str, operation: str, wish: dict[str, str], found: int
) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}]
    several = {"ImageId": source_id, "InstanceType": "t3.micro"}
    ec2.run_instances(**several, MinCount=5, MaxCount=5, TagSpecifications=tags)
    ec2.run_instances(**several, MinCount=1, MaxCount=1)
    filters = [{"Name": name, "Values": [value]} for name, value in wish.items()]
    answer = getattr(ec2, operation)(Filters=filters)
    (key,) = answer.keys() - {"ResponseMetadata", "NextToken"}
    rows = answer[key]
    if key == "Reservations":
        rows = [instance for reservation in rows for instance in reservation["Instances"]]
    assert len(rows) >= found if operation == "describe_instance_types" else len(rows) == found


def test_more_than_200_values_are_refused(ec2: Any, refused: Any) -> None:
    with refused("FilterLimitExceeded", "200"):
        ec2.describe_images(Filters=[{"Name": "name", "Values": list(map(str, range(201)))}])


def test_instances_are_counted_in_pages_and_not_their_reservations(
    ec2: Any, source_id: str, refused: Any
) -> None:
    for count in (4, 7):
        ec2.run_instances(ImageId=source_id, MinCount=count, MaxCount=count)
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    found = [
        [[one["InstanceId"] for one in part["Instances"]] for part in page["Reservations"]]
        for page in pages
    ]
    assert [[len(part) for part in page] for page in found] == [[4, 1], [5], [1]]
    ids = [each for page in found for part in page for each in part]
    assert len(set(ids)) == 11
    assert len(ec2.describe_instances()["Reservations"]) == 2
    with refused("InvalidParameterCombination", "InstanceIds"):
        ec2.describe_instances(InstanceIds=ids[:1], MaxResults=5)
    for size, says in ((4, "greater than 5"), (1001, "smaller than 1000")):
        with refused("InvalidParameterValue", says):
            ec2.describe_instances(MaxResults=size)


def test_a_token_is_good_for_its_own_listing_alone(ec2: Any, refused: Any) -> None:
    token = ec2.describe_instance_types(MaxResults=5)["NextToken"]
    assert len(ec2.describe_instance_types(MaxResults=5, NextToken=token)["InstanceTypes"]) == 5
    with refused("InvalidParameterValue", "nextToken"):
        ec2.describe_images(NextToken=token)


def test_more_launch_templates_are_listed_than_moto_has_in_a_page(ec2: Any) -> None:
    for number in range(20):
        ec2.create_launch_template(LaunchTemplateName=f"t{number}", LaunchTemplateData={})
    assert len(ec2.describe_launch_templates()["LaunchTemplates"]) == 20


@pytest.mark.parametrize(
    ("values", "wish", "found"),
    [
        (["web-1"], "web-?", True),
        (["web-1"], "WEB-1", False),
        (["a*b"], r"a\*b", True),
        (["axb"], r"a\*b", False),
        (["a?"], r"a\?", True),
        ([True], "true", True),
        ([8], "8", True),
        ([None], "*", False),
        ([], "*", False),
        ([datetime(2026, 11, 26, 9, 30, tzinfo=UTC)], "2026-11-26T09:30*", True),
    ],
)  # fmt: skip
def test_values_match(values: list[Any], wish: str, found: bool) -> None:
    assert matches(values, [wish]) == found
