"""Every wait there is: its fix when it lasts too long, and its end when its instance is dead."""

import ast
import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

import goldenami
from goldenami.aws import (
    compare,
    image_scans,
    inspector,
    parameters,
    refreshes,
    returning,
    run_command,
    sbom_exports,
    sharing,
    waits,
)
from goldenami.aws.action import Handler
from goldenami.errors import AwsError, BakeError, SlowError

from .test_waits import (
    IMAGE,
    SNAPSHOT,
    WANTED,
    Answers,
    Wait,
    _quick,
    checks,
    doing,
    image,
    instance,
    refused,
)  # fmt: skip

__all__ = ["_quick", "doing"]

SOURCE = Path(goldenami.__file__).parent
KEY = "timeouts.some"
DEAD = ("stopping", "stopped", "shutting-down", "terminated")


class Waiting(Struct, frozen=True):
    """A wait, what AWS answers as long as it lasts, and what its end by a deadline says.

    ``keeps`` is whether AWS goes on with what was waited for; ``on`` whether an instance has to
    live for it.
    """

    handler: Handler
    answers: Mapping[str, Any]
    parameters: Mapping[str, Any]
    fix: str
    keeps: bool = False
    on: bool = False


RUNNING = {"describe_instances": [instance("running")]}
I = {"InstanceId": "i-1"}  # noqa: E741
SENT = {"send_command": [{"Command": {"CommandId": "c-1"}}]}
WAITS: dict[str, Waiting] = {
    "an instance that starts": Waiting(
        waits.instance, {"describe_instances": [instance("pending")]}, I, KEY, on=True
    ),
    "its status checks": Waiting(
        waits.instance, {**RUNNING, "describe_instance_status": [checks("initializing")]}, I,
        "get-console-output", on=True,
    ),
    "an image": Waiting(
        waits.image, {"describe_images": [image("pending")]}, {"ImageId": "ami-1"}, KEY, keeps=True
    ),
    "an image that is not known": Waiting(
        waits.image, {"describe_images": [{"Images": []}]}, {"ImageId": "ami-1"}, KEY, keeps=True
    ),
    "an image that is enabled": Waiting(
        returning.wait, {"describe_images": [image("disabled")]},
        {"ImageId": "ami-1", "States": returning.AVAILABLE},
        "run the same command again",
    ),
    "an image out of the bin": Waiting(
        returning.wait, {"describe_images": [{"Images": []}]},
        {"ImageId": "ami-1", "States": returning.THERE},
        "run the same command again",
    ),
    "a refresh": Waiting(
        refreshes.wait,
        {
            "describe_instance_refreshes": [
                {"InstanceRefreshes": [{"InstanceRefreshId": "r-1", "Status": "InProgress"}]}
            ]
        },
        {"AutoScalingGroupName": "web"}, "--auto-scaling-group-name web", keeps=True,
    ),
    "an export of software": Waiting(
        sbom_exports.export,
        {
            "create_sbom_export": [{"reportId": "r-1"}],
            "get_sbom_export": [{"reportId": "r-1", "status": "IN_PROGRESS"}],
        },
        {
            "ImageId": "ami-1", "Format": "spdx", "Bucket": "b", "Prefix": "", "Key": "k",
            "Owner": "111122223333",
        },
        "run the same command again",
    ),
    "an agent": Waiting(
        run_command.run, {**RUNNING, "send_command": [refused("InvalidInstanceId")]},
        {**I, "run": "true"}, "AmazonSSMManagedInstanceCore", on=True,
    ),
    "a command": Waiting(
        run_command.run,
        {**RUNNING, **SENT, "get_command_invocation": [{"Status": "InProgress"}]},
        {**I, "run": "true"}, KEY, on=True,
    ),
    "a command of which nothing is known": Waiting(
        run_command.run,
        {**RUNNING, **SENT, "get_command_invocation": [refused("InvocationDoesNotExist")]},
        {**I, "run": "true"}, KEY, on=True,
    ),
    "a scan": Waiting(
        inspector.scan, {**RUNNING, "list_coverage": [{"coveredResources": []}]}, I, KEY, on=True
    ),
    "a scan of an image": Waiting(
        image_scans.scan,
        {
            "list_on_demand_scans": [{"items": []}],
            "start_on_demand_scan": [{"scanId": "s"}],
            "get_on_demand_scan_status": [
                {
                    "scanId": "s", "resourceId": "ami-1", "scanStatus": "IN_PROGRESS",
                    "startedAt": datetime(2026, 1, 1, tzinfo=UTC),
                }
            ],
        },
        {"ImageId": "ami-1"}, KEY, keeps=True,
    ),
    "a termination": Waiting(
        waits.terminated, {"describe_instances": [instance("shutting-down")]}, I, "look at i-1"
    ),
    "a comparison": Waiting(
        compare.image,
        {
            "describe_images": [{"Images": [IMAGE | SNAPSHOT]}],
            "describe_snapshots": [{"Snapshots": []}],
            "describe_image_attribute": [{"LaunchPermissions": []}],
        },
        WANTED, "take back what differs",
    ),
    "a protection": Waiting(
        sharing.protect,
        {
            "enable_image_deregistration_protection": [{"Return": "true"}],
            "describe_image_attribute": [{"DeregistrationProtection": {"Value": "disabled"}}],
        },
        {"ImageId": "ami-1"}, "takes the protection off ami-1",
    ),
    "a parameter": Waiting(
        parameters.read_back,
        {"get_parameter": [refused("ParameterNotFound")]},
        {"Name": "/a", "Value": "ami-1"}, "get-parameter-history --region us-east-1 --name /a",
    ),
}  # fmt: skip
ELSEWHERE = {"allowed_amis.py", "adoption.py", "snapshots.py"}
"""Waits of an enforcement, which have no instance and no key, each with its own fix."""


def until_callers() -> set[str]:
    """Return the files that call `waits.until`."""
    return {
        path.name
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id in ("until", "_until")
    }


def test_every_wait_is_tried_here() -> None:
    here = {Path(inspect.getfile(each.handler)).name for each in WAITS.values()}
    assert until_callers() == here | ELSEWHERE


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_that_lasts_too_long_says_what_helps_and_whether_aws_goes_on(
    doing: Wait, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_command, "GRACE_S", 0.0)
    case = WAITS[name]
    context, _ = doing(
        Answers(**case.answers), **{"deadline": KEY, **case.parameters, "timeout_s": 0.02}
    )
    with pytest.raises(BakeError, match=r"not ready after 0\.02 s") as failed:
        case.handler(context)
    assert case.fix in failed.value.fix
    assert isinstance(failed.value, SlowError) is case.keeps


@pytest.mark.parametrize("state", DEAD)
@pytest.mark.parametrize("name", [name for name, case in WAITS.items() if case.on])
def test_an_instance_that_is_dead_ends_every_wait_for_it_at_once(
    doing: Wait, name: str, state: str
) -> None:
    case = WAITS[name]
    why = {"StateReason": {"Message": "Client.InstanceInitiatedShutdown"}}
    dead = {"describe_instances": [*case.answers["describe_instances"], instance(state, **why)]}
    context, _ = doing(Answers(**{**case.answers, **dead}), **case.parameters, timeout_s=5)
    with pytest.raises(BakeError, match=rf"i-1 in us-east-1 is {state}: Client\.Ins") as failed:
        case.handler(context)
    assert "CloudTrail" in failed.value.fix


def test_an_instance_that_may_not_be_looked_at_or_is_not_known_yet(doing: Wait) -> None:
    case = WAITS["a command"]
    end = [{"Status": "InProgress"}, {"Status": "InProgress"}, {"Status": "Success"}]

    def run(described: Any) -> Mapping[str, Any]:
        answers = {"get_command_invocation": end, "describe_instances": [described]}
        context, _ = doing(Answers(**{**case.answers, **answers}), **case.parameters)
        return case.handler(context)

    assert run(refused("InvalidInstanceID.NotFound")) == {}
    assert run({"Reservations": []}) == {}
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        run(refused("UnauthorizedOperation"))
