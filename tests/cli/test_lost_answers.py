"""Answers of calls that change something are lost, each one once: the run ends as if none had been.

The calls are made again then, by botocore or by goldenami, and meet what they have done already.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unmeasured import unmeasured

from goldenami.aws.answers.actions import kinds
from goldenami.aws.calls import DONE, THERE
from goldenami.domain import tags
from goldenami_sandbox import seed
from goldenami_sandbox.calls import Call
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account, recorded, state
from .damages import BAD

pytestmark = pytest.mark.no_cover  # the same lines many times

OWNER, LATER = "999988887777", "1" * 12
SCP, DECLARATIVE = "SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"
READS = ("Describe", "Get", "List", "BatchGet", "AssumeRole")
LOST: dict[str, dict[str, Any]] = {
    "an error of the server": {"code": "InternalError", "status": 500, "applied": True},
    "a closed connection": {"reset": True, "applied": True},
    "half an answer": {"damage": BAD["cut"]},
}


class World:
    """An account with everything that these commands work with, and what they did in it."""

    def __init__(self, sandbox: Sandbox, cli: Any, folder: Path) -> None:
        self.sandbox, self.cli, self.folder = sandbox, cli, folder
        self.unit = ""

    def begin(self) -> None:
        """Empty the account, but for groups, roles and an organization."""
        self.sandbox.reset()
        self.sandbox.pending_s = 0.0
        account.identities(self.sandbox)
        iam = self.sandbox.client("iam")
        for name in ("operators", "pipeline"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=account.trust({"AWS": OWNER}))
        made = seed.organization(
            self.sandbox, management_account=OWNER, delegated_administrator=True
        )
        client = self.sandbox.client("organizations")
        for kind in {SCP, DECLARATIVE} - {
            one["Type"] for one in client.list_roots()["Roots"][0]["PolicyTypes"]
        }:
            client.enable_policy_type(RootId=made.root_id, PolicyType=kind)
        self.unit = made.unit_id

    def release(self, name: str = "release.yaml", **changes: Any) -> Path:
        """Write a release file with every mechanism."""
        mechanisms = {
            "group_policy": True,
            "tag_protection": True,
            "permissions_boundary": {"roles": [account.DEVELOPERS]},
            "scp": {"targets": [self.unit]},
            "allowed_amis": {"regions": ["us-east-1"]},
            "declarative_policy": {"targets": [OWNER]},
        }
        enforce = {
            "groups": [account.GROUP],
            "profile": "owner-only",
            "pipeline_role": "pipeline",
            "mechanisms": mechanisms | changes.pop("mechanisms", {}),
        }
        parts = account.RELEASE | {"enforce": enforce, "audit": {"owners": [OWNER]}} | changes
        path = self.folder / name
        path.write_text(yaml.safe_dump(parts))
        return path

    def changed(self) -> list[Call]:
        """Return the calls so far that were to change something."""
        return [
            call
            for call in self.sandbox.calls
            if not call.operation.startswith(READS) and not call.parameters.get("DryRun")
        ]

    @unmeasured
    def end(self) -> str:
        """Return the account as it is."""
        client = self.sandbox.client("organizations")
        written = [
            (policy["Name"], client.list_tags_for_resource(ResourceId=policy["Id"])["Tags"])
            for kind in (SCP, DECLARATIVE)
            for policy in client.list_policies(Filter=kind)["Policies"]
        ]
        account_now = json.loads(state.snapshot(self.sandbox))
        return json.dumps(in_order([account_now, written]), indent=1, sort_keys=True)


def in_order(value: Any) -> Any:
    """Return the same without the order in which things were made, which threads mix."""
    match value:
        case dict():
            return {key: in_order(part) for key, part in value.items()}
        case list() | tuple():
            return sorted(map(in_order, value), key=lambda part: json.dumps(part, sort_keys=True))
        case str():
            return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", "TIME", value)
    return value


@pytest.fixture
def world(cli: Any, sandbox: Sandbox, tmp_path: Path) -> World:
    return World(sandbox, cli, tmp_path)


Command = tuple[object, ...]


def first(world: World) -> Command:
    return "enforce", world.release(), "--yes"


def enforced(world: World) -> None:
    """Enforce, and let every policy have as many versions as it may, and a stale tag."""
    ran = world.cli("enforce", world.release("before.yaml"), "--yes")
    assert ran.code == 0, ran.err
    iam, organizations = world.sandbox.client("iam"), world.sandbox.client("organizations")
    stale = [{"Key": tags.UNPROVED, "Value": "once"}]
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        told = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId="v1")["PolicyVersion"]
        for _ in range(4):
            iam.create_policy_version(
                PolicyArn=policy["Arn"], PolicyDocument=json.dumps(told["Document"]),
                SetAsDefault=True,
            )  # fmt: skip
        iam.tag_policy(PolicyArn=policy["Arn"], Tags=stale)
    for kind in (SCP, DECLARATIVE):
        for policy in organizations.list_policies(Filter=kind)["Policies"]:
            if not policy["AwsManaged"]:
                organizations.tag_resource(ResourceId=policy["Id"], Tags=stale)


def update(world: World) -> Command:
    enforced(world)
    later = {
        "tag_protection": False,
        "permissions_boundary": {"roles": ["operators"]},
        "scp": {"targets": [ACCOUNT_ID]},
    }
    return (
        "enforce", world.release(mechanisms=later, audit={"owners": [OWNER, LATER]}), "--yes"
    )  # fmt: skip


def accepted(world: World) -> Command:
    assert world.cli(*first(world)).code == 0
    hiding = {"allowed_amis": {"regions": ["us-east-1"], "providers": [ACCOUNT_ID]}}
    return "enforce", world.release(mechanisms=hiding), "--yes", "--accept-unproved"


def removal(world: World) -> Command:
    enforced(world)
    return "enforce", world.release(), "--yes", "--remove"


def sweep(world: World) -> Command:
    ec2, build = world.sandbox.client("ec2"), "20260101T000000Z-aaaaaa"
    mine = {
        tags.IMAGE: "web-base", tags.VERSION: "1.0", tags.BUILD: build, tags.SPEC: "0" * 64,
        tags.STATUS: "building", tags.SOURCE: account.public_image(world.sandbox),
    }  # fmt: skip

    def tagged(*kinds: str) -> list[dict[str, Any]]:
        return [tags.specification(kind, mine) for kind in kinds]

    group = ec2.create_security_group(GroupName="packer_1", Description="temporary")["GroupId"]
    ec2.create_key_pair(KeyName="x", TagSpecifications=tagged("key-pair"))
    role = tags.specification("instance", mine | {tags.ROLE: "base"})
    public = account.public_image(world.sandbox)
    instance = account.launch(ec2, public, SecurityGroupIds=[group], TagSpecifications=[role])
    volume = ec2.create_volume(
        Size=1, AvailabilityZone="us-east-1a", TagSpecifications=tagged("volume")
    )["VolumeId"]
    ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot"))
    image = ec2.create_image(
        Name="web-base-1.0", InstanceId=instance, TagSpecifications=tagged("image", "snapshot")
    )["ImageId"]
    recorded.put(world.sandbox, mine, instance, image)
    holder = {"build": build, "by": "arn", "host": "elsewhere", "pid": 1}
    world.sandbox.client("ssm").put_parameter(
        Name="/goldenami/bake/web-base", Value=json.dumps(holder), Type="String"
    )
    return "sweep", "--yes", "--region", "us-east-1"


def tag(world: World) -> Command:
    return "tag", account.golden_image(world.sandbox), "--tag", "Ticket=OPS-17", "--yes"


def terminate(world: World) -> Command:
    ec2 = world.sandbox.client("ec2")
    base = {tags.ROLE: "base", tags.IMAGE: "web-base"}
    instance = account.launch(
        ec2, account.public_image(world.sandbox),
        TagSpecifications=[tags.specification("instance", base)],
    )  # fmt: skip
    return "base", "terminate", instance, "--yes"


COMMANDS: dict[str, Callable[[World], Command]] = {
    "enforce for the first time": first,
    "enforce anew": update,
    "enforce what is not proved": accepted,
    "enforce --remove": removal,
    "sweep": sweep,
    "tag": tag,
    "base terminate": terminate,
}


def each_once(calls: list[Call], how: dict[str, Any]) -> Iterator[Fault]:
    """Give the faults that strike each of these calls once, and let its repetition pass."""
    for service, operation in sorted({(call.service, call.operation) for call in calls}):
        yield Fault(service=service, operation=operation, repeats=False, **how)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_run_that_loses_every_answer_once_ends_like_one_that_loses_none(
    world: World, command: Callable[[World], Command], monkeypatch: Any, record_property: Any
) -> None:
    monkeypatch.setattr("goldenami.aws.lease.LAPSES_S", -1.0)  # whatever was begun is dead
    world.begin()
    arguments = command(world)
    before = len(world.changed())
    ran = world.cli(*arguments)
    assert ran.code == 0, ran.err
    calls, wanted = world.changed()[before:], world.end()
    assert calls
    for kind, how in LOST.items():
        world.begin()
        arguments = command(world)
        with ExitStack() as faults:
            armed = [faults.enter_context(world.sandbox.fail(one)) for one in each_once(calls, how)]
            ran = world.cli(*arguments)
        assert ran.code == 0, f"{kind}: {ran.err}"
        assert sum(one.hits for one in armed) >= len(calls), kind
        assert world.end() == wanted, kind
    names = {call.name for call in calls}
    record_property("counted", f"{len(calls)} answers lost in 3 ways: {' '.join(sorted(names))}")


REMOVING = (
    "Cancel", "Delete", "Deregister", "Detach", "Disassociate", "Release", "Remove", "Revoke",
    "Terminate", "Unlabel", "Untag",
)  # fmt: skip


def test_of_every_call_that_removes_something_it_is_said_what_says_that_it_is_gone() -> None:
    removing = {one for one in kinds() if one.partition(":")[2].startswith(REMOVING)}
    assert len(removing) > 15
    assert removing <= DONE.keys()
    assert DONE.keys() | THERE.keys() <= kinds().keys()


@pytest.mark.parametrize("table", [DONE, THERE])
def test_the_codes_are_those_that_the_calls_have(table: dict[str, frozenset[str]]) -> None:
    from botocore.session import get_session

    session, seen = get_session(), 0
    for name, codes in table.items():
        service, _, operation = name.partition(":")
        if service != "ec2":  # whose model has no errors
            shapes = session.get_service_model(service).operation_model(operation).error_shapes
            assert codes <= {one.metadata.get("error", {}).get("code", one.name) for one in shapes}
            seen += 1
    assert seen > 2
