"""From API calls to requests: every resource that AWS authorizes, with its condition keys."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from goldenami.errors import UnknownActionError, UnknownResourceError, UsageError
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.reference import table

ACCOUNT = "123456789012"
ME = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/team/bob")
HERE = Path(__file__).parent
CASES = json.loads((HERE / "calls.json").read_text())
CASES["cases"] += json.loads((HERE / "calls_of_services.json").read_text())


class Listed:
    """A world of resources that are listed by kind and name; any region but ``far-away``."""

    def __init__(self, resources: Mapping[str, Mapping[str, Any]]) -> None:
        self._resources = resources

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        entry = self._resources.get(kind, {}).get(name)
        if entry is None or region == "far-away":
            return None
        return Resource(
            arn=entry["arn"], keys=entry.get("keys", {}), details=entry.get("details", {})
        )


WORLD = Listed(CASES["world"])


def ask(
    action: str, parameters: Mapping[str, Any], region: str = "us-east-1"
) -> tuple[Request, ...]:
    return requests(ApiCall(action, region, parameters), ME, WORLD)


def shown(request: Request) -> dict[str, Any]:
    keys = {name: value for name, value in request.context.items() if name != "aws:RequestedRegion"}
    found: dict[str, Any] = {"action": request.action, "resource": request.resource}
    if keys:
        found["keys"] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in keys.items()
        }
    return found


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_a_call_is_authorized_on(case: dict[str, Any]) -> None:
    requested = [shown(request) for request in ask(case["call"], case.get("parameters", {}))]
    expected = [
        {"action": request.get("action", case["call"]), **request} for request in case["requests"]
    ]
    if "of" in case:  # the rest is told by another case
        requested = [request for request in requested if case["of"] in request["resource"]]
    if case.get("resources_only"):
        requested = [
            {"action": request["action"], "resource": request["resource"]} for request in requested
        ]
    assert requested == expected


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_only_kinds_are_asked_that_the_reference_has_for_the_action(case: dict[str, Any]) -> None:
    for request in ask(case["call"], case.get("parameters", {})):
        kind = table.kind_of(request.resource)
        assert kind in {"", *table.kinds(request.action)}, request


EVERYTHING: Mapping[str, Any] = {
    "FleetId": "fleet-1",
    "GroupName": "admins",
    "IamInstanceProfile": {"Name": "web"},
    "ImageId": "ami-golden",
    "InstanceId": "i-2",
    "InstanceIds": ["i-1", "i-2"],
    "InstanceProfileName": "web",
    "InstanceSpecification": {"InstanceId": "i-2"},
    "KeyName": "ssh",
    "LaunchSpecification": {"ImageId": "ami-golden"},
    "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1"}}],
    "Name": "/golden/web",
    "NetworkInterfaceId": "eni-1",
    "PolicyArn": "arn:aws:iam::123456789012:policy/goldenami-guardrail",
    "PolicyId": "p-1",
    "PolicyName": "goldenami-guardrail",
    "Resources": ["ami-golden", "i-1"],
    "ResourceARNList": ["arn:aws:ec2:us-east-1::image/ami-golden"],
    "RoleArn": "arn:aws:iam::123456789012:role/web",
    "RoleName": "web",
    "SnapshotId": "snap-golden",
    "SourceImageId": "ami-golden",
    "SourceRegion": "us-east-1",
    "SourceSnapshotId": "snap-golden",
    "SpotFleetRequestConfig": {"LaunchSpecifications": [{"ImageId": "ami-golden"}]},
    "SubnetId": "subnet-1",
    "TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}],
    "TargetId": "ou-1",
    "UserName": "ann",
    "VolumeId": "vol-1",
}
"""Parameters that name one of everything, for calls of any kind."""


@pytest.mark.parametrize("service", sorted(table.services()))
def test_every_call_is_authorized_on_kinds_that_the_reference_has(service: str) -> None:
    actions = [f"{service}:{name}" for name in table.actions(service)]
    strays = [
        (action, request.action, request.resource)
        for action in actions
        for request in ask(action, EVERYTHING)
        if table.kind_of(request.resource) not in {"", *table.kinds(request.action)}
    ]
    assert actions
    assert strays == []


@pytest.mark.parametrize("action", ["EC2:RUNINSTANCES", "ec2:runinstances"])
def test_a_call_in_another_case_is_the_same_call(action: str) -> None:
    launch = {"ImageId": "ami-golden", "TagSpecifications": EVERYTHING["TagSpecifications"]}
    assert ask(action, launch) == ask("ec2:RunInstances", launch)


@pytest.mark.parametrize(
    ("action", "parameters", "kind", "name"),
    [
        ("ec2:RunInstances", {"ImageId": "ami-gone"}, "image", "ami-gone"),
        ("ec2:TerminateInstances", {"InstanceIds": ["i-gone"]}, "instance", "i-gone"),
        ("ec2:CreateTags", {"Resources": ["what-ever"]}, "", "what-ever"),
        ("ec2:CopyImage", {"SourceImageId": "ami-golden", "SourceRegion": "far-away"},
         "image", "ami-golden"),
        ("iam:GetRole", {"RoleName": "gone"}, "role", "gone"),
        ("organizations:DeletePolicy", {"PolicyId": "p-gone"}, "organizations-policy", "p-gone"),
    ],
)  # fmt: skip
def test_a_resource_that_does_not_exist_is_named(
    action: str, parameters: dict[str, Any], kind: str, name: str
) -> None:
    with pytest.raises(UnknownResourceError) as raised:
        ask(action, parameters)
    assert (raised.value.kind, raised.value.name) == (kind, name)


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(UnknownActionError):
        ask("ec2:Explode", {})


def test_a_call_that_does_not_say_what_it_touches_is_an_error() -> None:
    with pytest.raises(UsageError, match="the call lacks the parameter SourceImageId"):
        ask("ec2:CopyImage", {"SourceRegion": "us-east-1"})


def test_every_request_tells_region_and_circumstances() -> None:
    call = ApiCall("ec2:RunInstances", "eu-west-1", {"ImageId": "ami-golden"})
    requested = requests(call, ME, WORLD, {"aws:SourceIp": "10.0.0.1"})
    assert {request.context["aws:RequestedRegion"] for request in requested} == {"eu-west-1"}
    assert {request.context["aws:SourceIp"] for request in requested} == {"10.0.0.1"}
    assert all(request.principal is ME for request in requested)
