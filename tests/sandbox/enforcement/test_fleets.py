"""Fleets launch by the caller's permission of RunInstances where AWS lets them."""

from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_LAUNCH = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
GONE = "ami-0123456789abcdef0"


@pytest.fixture
def ec2(sandbox: Sandbox) -> Any:
    return sandbox.client("ec2")


def fleet(client: Any, kind: str, *overrides: Any) -> Any:
    return client.create_fleet(
        Type=kind,
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"},
                "Overrides": list(overrides),
            }
        ],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 1,
            "DefaultTargetCapacityType": "on-demand",
        },
    )


@pytest.fixture(autouse=True)
def template(ec2: Any, public: str) -> None:
    data = {"ImageId": public, "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)


def test_an_instant_fleet_tells_what_its_caller_may_not_launch(user: Any, ec2: Any) -> None:
    answer = fleet(user(EVERYTHING, NO_LAUNCH)("ec2"), "instant")
    (error,) = answer["Errors"]
    assert error["ErrorCode"] == "UnauthorizedOperation"
    assert "is not authorized to perform: ec2:RunInstances" in error["ErrorMessage"]
    assert answer["Instances"] == []
    assert ec2.describe_fleets()["Fleets"][0]["FleetId"] == answer["FleetId"]
    assert ec2.describe_instances()["Reservations"] == []


@pytest.mark.parametrize("kind", ["maintain", "request"])
def test_other_fleets_launch_by_a_role_of_ec2s_own(user: Any, kind: str) -> None:
    assert "Errors" not in fleet(user(EVERYTHING, NO_LAUNCH)("ec2"), kind)


def test_a_fleet_launches_what_it_can(user: Any) -> None:
    may = user(EVERYTHING)("ec2")
    answer = fleet(may, "instant", {"ImageId": GONE}, {"InstanceType": "t3.small"})
    (error,) = answer["Errors"]
    assert error["ErrorCode"] == "InvalidAMIID.NotFound"
    assert error["LaunchTemplateAndOverrides"]["Overrides"] == {"ImageId": GONE}
    assert [one["InstanceType"] for one in answer["Instances"]] == ["t3.small"]
    assert fleet(may, "instant")["Errors"] == []


def test_a_spot_fleet_is_of_the_cheapest_unless_it_says_otherwise(ec2: Any) -> None:
    template = {"LaunchTemplateName": "web", "Version": "1"}
    config = {
        "IamFleetRole": "arn:aws:iam::123456789012:role/fleet",
        "TargetCapacity": 1,
        "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": template}],
    }
    ec2.request_spot_fleet(SpotFleetRequestConfig=config)
    (fleet,) = ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"]
    assert fleet["SpotFleetRequestConfig"]["AllocationStrategy"] == "lowestPrice"
