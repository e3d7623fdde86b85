"""Raise the deadline, then `--resume`: for every wait, followed to the letter."""

import re
from typing import Any

import pytest
from moto.ec2.models import ec2_backends
from msgspec import structs

from goldenami.bake import actions
from goldenami.spec.model import Timeouts
from goldenami_sandbox import run_command
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

STEPS = {"validate": [{"run": "true"}], "test": {"scan": {}}}
USER_DATA = "#!/bin/sh\ntrue\n"
KEPT = {"image": "CreateImage", "copy": "CopyImage"}
"""What is merely slow when its deadline passes, and is not made again."""


def never(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Let AWS not come to an end of what the deadline of a key is for."""
    state = SandboxImage.state

    def pending(self: SandboxImage) -> str:
        slow = {"image": "us-east-1", "copy": "eu-west-1"}[key]
        mine = self.store.region_name == slow and self.name == "web-base-1.0"
        return "pending" if mine else str(state.__get__(self))

    match key:
        case "instance":
            monkeypatch.setattr(SandboxInstanceState, "checked", False)
        case "user_data" | "validate":
            monkeypatch.setattr(run_command, "_status", lambda *_: "InProgress")
            monkeypatch.setattr("goldenami.aws.run_command.GRACE_S", 0)
            monkeypatch.setattr(actions, "_GRACE_S", 0)
        case "scan":
            monkeypatch.setattr(SandboxInstanceState, "scanned", False)
        case _:
            monkeypatch.setattr(SandboxImage, "state", property(pending))


@pytest.mark.parametrize("key", [field.name for field in structs.fields(Timeouts)])
def test_a_raised_deadline_lets_the_build_go_on(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, own_images: Any, living: Any, key: str,
    managed: str,
) -> None:  # fmt: skip
    base: dict[str, Any] = {"base__instance_profile": managed}
    if key == "user_data":
        base["base__user_data"] = USER_DATA
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    with pytest.MonkeyPatch.context() as slow:
        never(slow, key)
        ran = cli("bake", write(timeouts={key: "1s"}, **STEPS, **base), "--yes")
    assert ran.code == 1
    assert f"fix: raise `timeouts.{key}` in the release file" in ran.err
    build = re.search(r"then go on with goldenami bake \S+ --resume (\S+)", ran.err)
    assert build is not None, ran.err
    images = {
        image["ImageId"] for region in ("us-east-1", "eu-west-1") for image in own_images(region)
    }
    raised = write(timeouts={key: "1h"}, lifecycle={"deprecate_after": "90d"}, **STEPS, **base)
    resumed = cli("bake", raised, "--resume", build[1], "--yes")
    assert resumed.code == 0, resumed.err
    now = {
        image["ImageId"] for region in ("us-east-1", "eu-west-1") for image in own_images(region)
    }
    assert now >= images
    assert len(now) == 2
    assert living() == []
    if call := KEPT.get(key):
        assert "  - kept: " in ran.err
        assert mutating().count(call) == 1
        assert "DeregisterImage" not in mutating()


def test_what_aws_is_too_busy_for_is_waited_out_with_the_same_instance(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    sandbox.fail(Fault(
        service="ec2", operation="CreateImage", code="SnapshotCreationPerVolumeRateExceeded",
        times=1,
    ))  # fmt: skip
    sandbox.fail(Fault(
        service="ec2", operation="CopyImage", code="ResourceLimitExceeded", times=2, skip=1,
        message="Too many snapshot copies in progress.",
    ))  # fmt: skip
    ran = cli("bake", write(), "--yes")
    assert ran.code == 0, ran.err
    assert "SnapshotCreationPerVolumeRateExceeded, waiting" in ran.err
    assert [mutating().count(call) for call in ("RunInstances", "CopyImage")] == [1, 3]


def test_a_launch_goes_on_where_there_is_room_and_so_does_the_boot_test(
    cli: Any, write: Any, sandbox: Sandbox, living: Any, mutating: Any
) -> None:
    subnets = [each["SubnetId"] for each in sandbox.client("ec2").describe_subnets()["Subnets"]]
    lists = {"instance_type": None, "instance_types": ["t3.micro", "t3a.micro"]}
    changes = {f"base__{key}": value for key, value in {**lists, "subnets": subnets[:2]}.items()}
    release = write(regions=["us-east-1"], test={}, **changes)
    dry = 4  # each type in each subnet is tried first
    sandbox.fail(Fault(
        service="ec2", operation="RunInstances", code="InsufficientInstanceCapacity",
        skip=dry, times=2,
    ))  # fmt: skip
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    assert f"tried t3.micro in {subnets[0]}: InsufficientInstanceCapacity" in ran.err
    launches = [
        call.parameters for call in sandbox.calls
        if call.operation == "RunInstances" and not call.parameters.get("DryRun")
    ]  # fmt: skip
    assert [(each["InstanceType"], each["SubnetId"]) for each in launches] == [
        ("t3.micro", subnets[0]), ("t3.micro", subnets[1]), ("t3a.micro", subnets[0]),
        ("t3.micro", subnets[0]),
    ]  # fmt: skip
    assert len({each["ClientToken"] for each in launches}) == len(launches)
    assert living() == []


@pytest.mark.parametrize(("key", "value"), [("instance_types", ["t3.micro", "t4g.micro"])])
def test_every_type_has_to_fit_the_base_image(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, key: str, value: list[str]
) -> None:
    changes: dict[str, Any] = {"base__instance_type": None, f"base__{key}": value}
    ran = cli("bake", write(**changes), "--yes")
    assert ran.code == 1
    assert "t4g.micro is arm64, but" in ran.err
    assert mutating() == []


def test_a_base_instance_that_is_stopped_during_a_step_is_no_slow_agent(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, living: Any,
    managed: str,
) -> None:  # fmt: skip
    def stopping(command: Any, _: object) -> str:
        (backend,) = [store["us-east-1"] for store in ec2_backends.values()]
        backend.stop_instances(command.instance_ids)
        return "InProgress"

    monkeypatch.setattr(run_command, "_status", stopping)
    steps = {"validate": [{"run": "true"}], "base__instance_profile": managed}
    ran = cli("bake", write(regions=["us-east-1"], **steps), "--yes")
    assert ran.code == 1
    assert re.search(r"i-\w+ in us-east-1 is stop(ped|ping): ", ran.err), ran.err
    assert "look who or what has stopped it" in ran.err
    assert living() == []


@pytest.mark.parametrize("where", ["validate", "test"])
def test_instances_stay_for_a_look_if_that_is_asked_for_and_go_with_the_sweep(
    cli: Any, write: Any, sandbox: Sandbox, living: Any, own_images: Any, where: str, managed: str
) -> None:
    failing = [{"run": "echo broken\nexit 7"}]
    steps: dict[str, Any] = (
        {"validate": failing} if where == "validate" else {"test": {"steps": failing}}
    )
    steps["base__instance_profile"] = managed
    ran = cli("bake", write(regions=["us-east-1"], **steps), "--keep-on-failure", "--yes")
    assert ran.code == 1
    ids = {each["InstanceId"] for each in living()}
    assert ids
    assert all(re.search(rf"  - kept: .*{name}", ran.err) for name in ids)
    command = re.search(r"`goldenami (sweep --build \S+)` removes what it has left", ran.err)
    assert command is not None, ran.err
    swept = cli(*command[1].split(), "--yes")
    assert swept.code == 0, swept.err
    assert living() == []
    assert own_images("us-east-1") == []


def test_packer_keeps_no_instance(cli: Any, write: Any, sandbox: Sandbox, mutating: Any) -> None:
    ran = cli("bake", write(), "--method", "packer", "--keep-on-failure", "--yes")
    assert ran.code == 2
    assert "--keep-on-failure goes with create-image" in ran.err
    assert mutating() == []
