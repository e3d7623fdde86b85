"""Every command that changes something is killed at each of its calls, and then run once more.

``before``: the request was never sent. ``after``: it was carried out, and the answer is lost. The
account then is what an uninterrupted run would have made of it. `bake` and `approve` have
enumerations of their own.

These commands keep nothing on the machine, so that before a call is after the one before it: both
are tried for the first call and with GOLDENAMI_SOAK, else what is after each third of them, and
after the last. What is the same in each region or for each target comes several times in a row.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account, recorded
from .crash.conftest import SOAK, Machine, machine, zygote
from .state import snapshot

__all__ = ["machine", "zygote"]

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
BUILD = "20260102T000000Z-0000bb"
Prepare = Callable[[Machine], tuple[str, ...]]


def golden(machine: Machine) -> str:
    for region in account.REGIONS[1:]:
        account.golden_image(machine.sandbox, region)
    return account.golden_image(machine.sandbox)


def run(machine: Machine, *arguments: str, code: int = 0) -> None:
    assert machine.run(*arguments) == code, machine.log.read_text()


def tagging(machine: Machine) -> tuple[str, ...]:
    return ("tag", golden(machine), "--tag", "CostCenter=4711", "--yes")


def sweeping(machine: Machine) -> tuple[str, ...]:
    """Leave one of everything that an unfinished build can leave."""
    sandbox = machine.sandbox
    ec2, source = sandbox.client("ec2"), account.public_image(sandbox)
    own = {
        tags.IMAGE: "web-base", tags.VERSION: "1.0", tags.BUILD: BUILD, tags.SOURCE: source,
        tags.SPEC: "0" * 64, tags.STATUS: "building", tags.ROLE: "base",
    }  # fmt: skip

    def specification(*resources: str) -> list[dict[str, object]]:
        return [tags.specification(one, own) for one in resources]

    instance = account.launch(ec2, source, TagSpecifications=specification("instance"))
    image = ec2.create_image(
        InstanceId=instance, Name="left", TagSpecifications=specification("image", "snapshot")
    )["ImageId"]
    recorded.put(sandbox, own, instance, image)
    ec2.create_volume(
        AvailabilityZone="us-east-1a", Size=1, TagSpecifications=specification("volume")
    )
    ec2.create_key_pair(KeyName=f"packer_{BUILD}-1", TagSpecifications=specification("key-pair"))
    ec2.create_security_group(
        GroupName=f"packer_{BUILD}-1", Description="left",
        TagSpecifications=specification("security-group"),
    )  # fmt: skip
    return ("sweep", "--build", BUILD, "--region", "us-east-1", "--yes")


def terminating(machine: Machine) -> tuple[str, ...]:
    sandbox = machine.sandbox
    specification = tags.specification("instance", {tags.ROLE: "base", tags.BUILD: BUILD})
    source = account.public_image(sandbox)
    base = account.launch(sandbox.client("ec2"), source, TagSpecifications=[specification])
    return ("base", "terminate", base, "--region", "us-east-1", "--yes")


def enforcing(change: str = "", **mechanisms: Any) -> Prepare:
    """Enforce for the first time, with another image than before, or take it away."""

    def prepare(machine: Machine) -> tuple[str, ...]:
        sandbox = machine.sandbox
        golden(machine)
        account.identities(sandbox)
        enforce = account.enforcing(**mechanisms)
        if "scp" in mechanisms:
            account.member(sandbox)
            organizations = sandbox.client("organizations")
            root = organizations.list_roots()["Roots"][0]["Id"]
            organizations.enable_policy_type(RootId=root, PolicyType="DECLARATIVE_POLICY_EC2")
            on_root: dict[str, Any] = {"declarative_policy": {"targets": [root]}}
            on_root["scp"] = {"targets": [ACCOUNT_ID]}
            enforce["mechanisms"] |= on_root
        path = str(account.release(machine.folder, enforce=enforce))
        if change:
            run(machine, "enforce", path, "--yes")
        if change == "another image":
            images = sandbox.client("ec2").describe_images(Owners=["self"])["Images"]
            snapshots = [one["Ebs"]["SnapshotId"] for one in images[0]["BlockDeviceMappings"]]
            sandbox.client("ec2").deregister_image(ImageId=images[0]["ImageId"])
            sandbox.client("ec2").delete_snapshot(SnapshotId=snapshots[0])
        return ("enforce", path, "--yes", *(["--remove"] if change == "taken away" else []))

    return prepare


def remediating(action: str, *more: str) -> Prepare:
    def prepare(machine: Machine) -> tuple[str, ...]:
        sandbox = machine.sandbox
        golden(machine)
        ec2, public = sandbox.client("ec2"), account.public_image(sandbox)
        release = str(account.release(machine.folder, audit={"regions": ["us-east-1"]}))
        for _ in range(2):
            account.launch(ec2, public)
        if action == "refresh":
            template = account.template(ec2, "web", public)
            named = {"LaunchTemplateId": template, "Version": "1"}
            account.group(sandbox, "shop", LaunchTemplate=named)
        audit = str(machine.folder / "audit.json")
        run(machine, "audit", release, "--format", "json", "--output", audit, code=10)
        chosen = list(more)
        if action in ("quarantine", "release"):
            chosen = ["--security-group", quarantine(sandbox)]
        if action == "release":
            run(machine, *remediation(audit, release, "quarantine", *chosen))
            chosen = []
        return remediation(audit, release, action, *chosen)

    return prepare


def remediation(audit: str, release: str, action: str, *more: str) -> tuple[str, ...]:
    return (
        "remediate", audit, release, "--action", action, "--per-minute", "60000", "--yes", *more,
    )  # fmt: skip


def quarantine(sandbox: Sandbox) -> str:
    """Make a security group beside the default one."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    answer = ec2.create_security_group(GroupName="quarantine", Description="none", VpcId=vpc)
    return str(answer["GroupId"])


ON_ROLE: dict[str, Any] = {"permissions_boundary": {"roles": [account.DEVELOPERS]}}
BY_SETTING: dict[str, Any] = {"allowed_amis": {"regions": list(account.REGIONS)}}
SCENES: dict[str, Prepare] = {
    "tag": tagging,
    "sweep": sweeping,
    "base terminate": terminating,
    "enforce on a group": enforcing(),
    "enforce on a role": enforcing(**ON_ROLE),
    "enforce on an organization": enforcing(scp=True),
    "enforce Allowed AMIs": enforcing(**BY_SETTING),
    "enforce another image": enforcing("another image", **ON_ROLE),
    "enforce another image on an organization": enforcing("another image", scp=True),
    "remove from a group and a role": enforcing("taken away", **ON_ROLE),
    "remove from an organization": enforcing("taken away", scp=True),
    "remove Allowed AMIs": enforcing("taken away", **BY_SETTING),
    "remediate tag": remediating("tag"),
    "remediate stop": remediating("stop"),
    "remediate quarantine": remediating("quarantine"),
    "remediate release": remediating("release"),
    "remediate terminate": remediating("terminate"),
    "remediate refresh": remediating("refresh", "--image", "web-base"),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_command_that_is_killed_at_any_call_is_ended_by_the_next_run(
    machine: Machine, tmp_path: Path, name: str, record_property: Any
) -> None:
    machine.forget()
    arguments = SCENES[name](machine)
    run(machine, *arguments)
    wanted, calls = snapshot(machine.sandbox), machine.killer.seen
    assert calls
    points = 0
    for at in range(1, calls + 1) if SOAK else sorted({*range(1, calls, 3), calls}):
        for after in (False, True) if at == 1 or SOAK else (True,):
            machine.forget()
            arguments = SCENES[name](machine)
            status = machine.run(*arguments, at=at, after=after)
            assert status == KILLED, machine.log.read_text()
            where = f"{name}: {'after' if after else 'before'} call {at} of {calls}"
            ended = machine.run(*arguments)
            assert ended == 0 or over(name, at, calls, after=after), (
                f"{where}: exit {ended}\n{machine.log.read_text()}"
            )
            assert snapshot(machine.sandbox) == wanted, f"{where}\n{machine.log.read_text()}"
            points += 1
    record_property("counted", f"{name}: {points} crash points at {calls} calls survived")


def over(name: str, at: int, calls: int, *, after: bool) -> bool:
    """Tell whether all was done, so that what the command names is no longer there."""
    return name == "base terminate" and after and at == calls
