"""What Auto Scaling refuses before it looks at what would be launched, and its pages."""

from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

from .conftest import Refused

SIZE = {"MinSize": 1, "MaxSize": 3, "AvailabilityZones": ["us-east-1a"]}


@pytest.fixture
def scaling(sandbox: Sandbox, source_id: str) -> Any:
    """A client, beside the launch configuration and the group ``web``."""
    scaling = sandbox.client("autoscaling")
    configure(scaling, source_id, "web")
    scaling.create_auto_scaling_group(**group("web", **SIZE))
    return scaling


def configure(scaling: Any, image_id: str, name: str) -> None:
    scaling.create_launch_configuration(
        LaunchConfigurationName=name, ImageId=image_id, InstanceType="t3.micro"
    )


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"AutoScalingGroupName": name, "LaunchConfigurationName": "web", **more}


NO_GROUP = "AutoScalingGroup name not found"
REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a name that is taken": (
        "create_auto_scaling_group", group("web", **SIZE), "AlreadyExists",
        "AutoScalingGroup by this name already exists - A group with the name web already exists",
    ),
    "bounds that are none": (
        "create_auto_scaling_group", group("new", **SIZE | {"MinSize": 4}), "ValidationError",
        "Max bound, 3, must be greater than or equal to min bound, 4",
    ),
    "a bound against the one that is kept": (
        "update_auto_scaling_group", {"AutoScalingGroupName": "web", "MaxSize": 0},
        "ValidationError", "Max bound, 0, must be greater than or equal to min bound, 1",
    ),
    "a capacity outside the bounds": (
        "create_auto_scaling_group", group("new", **SIZE, DesiredCapacity=4), "ValidationError",
        "Desired capacity:4 must be between the specified min size:1 and max size:3",
    ),
    "a zone that is none": (
        "create_auto_scaling_group", group("new", **SIZE | {"AvailabilityZones": ["us-east-1z"]}),
        "ValidationError", "[us-east-1z]",
    ),
    "a subnet that is none": (
        "update_auto_scaling_group",
        {"AutoScalingGroupName": "web", "VPCZoneIdentifier": "subnet-0123456789abcdef0"},
        "ValidationError", "The subnet ID 'subnet-0123456789abcdef0' does not exist",
    ),
    "a capacity above the largest": (
        "set_desired_capacity", {"AutoScalingGroupName": "web", "DesiredCapacity": 9},
        "ValidationError", "New SetDesiredCapacity value 9 is above max value 3",
    ),
    "a capacity below the smallest": (
        "set_desired_capacity", {"AutoScalingGroupName": "web", "DesiredCapacity": 0},
        "ValidationError", "New SetDesiredCapacity value 0 is below min value 1",
    ),
    "a capacity of no group": (
        "set_desired_capacity", {"AutoScalingGroupName": "none", "DesiredCapacity": 1},
        "ValidationError", NO_GROUP,
    ),
    "processes of no group": (
        "suspend_processes", {"AutoScalingGroupName": "none"}, "ValidationError", NO_GROUP,
    ),
    "another refresh of no group": (
        "start_instance_refresh", {"AutoScalingGroupName": "none"}, "ValidationError", NO_GROUP,
    ),
    "a launch configuration that is gone": (
        "delete_launch_configuration", {"LaunchConfigurationName": "none"}, "ValidationError",
        "Launch configuration name not found",
    ),
    "a launch configuration in use": (
        "delete_launch_configuration", {"LaunchConfigurationName": "web"}, "ResourceInUse",
        "Cannot delete launch configuration web because it is attached to AutoScalingGroup web",
    ),
    "a page of groups that is too large": (
        "describe_auto_scaling_groups", {"MaxRecords": 101}, "ValidationError",
        "Member must have value less than or equal to 100",
    ),
    "a page of instances that is too small": (
        "describe_auto_scaling_instances", {"MaxRecords": 0}, "ValidationError",
        "Member must have value greater than or equal to 1",
    ),
    "a token of groups": (
        "describe_auto_scaling_groups", {"NextToken": "x"}, "InvalidNextToken", "not valid",
    ),
    "a token of launch configurations": (
        "describe_launch_configurations", {"NextToken": "x"}, "InvalidNextToken", "not valid",
    ),
    "a token of instances": (
        "describe_auto_scaling_instances", {"NextToken": "x"}, "InvalidNextToken", "not valid",
    ),
}  # fmt: skip


def test_each_is_refused_by_auto_scalings_own_error(scaling: Any, refused: Refused) -> None:
    for operation, parameters, code, says in REFUSED.values():
        with refused(code, says):
            getattr(scaling, operation)(**parameters)
    (only,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (only["MinSize"], only["MaxSize"], only["DesiredCapacity"]) == (1, 3, 1)


def test_a_launch_configurations_name_is_taken_until_it_is_deleted(
    scaling: Any, source_id: str, refused: Refused
) -> None:
    configure(scaling, source_id, "old")
    with refused("AlreadyExists", "A launch configuration already exists with the name old"):
        configure(scaling, source_id, "old")
    scaling.delete_launch_configuration(LaunchConfigurationName="old")
    configure(scaling, source_id, "old")


def test_instances_come_in_pages(scaling: Any) -> None:
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    pages = scaling.get_paginator("describe_auto_scaling_instances").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [len(page["AutoScalingInstances"]) for page in pages] == [2, 1]
