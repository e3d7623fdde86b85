"""Every operation that a command calls, answered by everything that an answer must not be.

A command never takes what it could not read for "there is none": it ends as without the damage, or
names what could not be read. It never ends in a traceback, repeats nothing of what came, and
changes nothing that the undamaged command would not have changed.

Every operation is answered in every way in `tests/aws/test_whole.py`; here each command has each of
its operations answered in a twelfth of the ways, another twelfth from operation to operation and
from command to command, and in all of them with GOLDENAMI_SOAK.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goldenami.aws import ask, session, waits
from goldenami_sandbox import seed
from goldenami_sandbox.calls import Call, Damage
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account, damages
from .conftest import Cli, Ran

pytestmark = pytest.mark.no_cover  # the same lines thousands of times

HERE = [word for region in account.REGIONS for word in ("--region", region)]
READS = ("Describe", "Get", "List", "BatchGet", "Select", "Simulate", "AssumeRole", "Generate")
UNREAD = "the answer cannot be read"


Prepare = Callable[[Cli, Sandbox, Path], tuple[object, ...]]


def a_fleet(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    account.identities(sandbox)
    release = bake(cli, sandbox, folder)
    account.fleet(sandbox, golden_image(sandbox))
    return (release,)


def bake(cli: Cli, sandbox: Sandbox, folder: Path, **changes: Any) -> Path:
    """Bake a release; enforcement comes with the file that is returned."""
    sandbox.pending_s = 0.0
    assert cli("bake", account.release(folder, **changes), "--yes").code == 0
    return account.release(folder, "enforcing.yaml", enforce=account.enforcing(), **changes)


def golden_image(sandbox: Sandbox) -> str:
    images = sandbox.client("ec2").describe_images(Owners=["self"])["Images"]
    return str(images[0]["ImageId"])


def audit(*arguments: object) -> Prepare:
    def prepare(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
        return ("audit", *a_fleet(cli, sandbox, folder), *arguments)

    return prepare


def audit_of_an_organization(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    arguments = ("--organization", "--role", account.READER, "--only", "instances")
    prepared = audit(*HERE[:2], *arguments)(cli, sandbox, folder)
    account.member(sandbox)
    return prepared


def audit_by_an_aggregator(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    account.aggregator(sandbox)
    return audit("--source", f"config:{account.AGGREGATOR}")(cli, sandbox, folder)


def listing(*arguments: object) -> Prepare:
    def prepare(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
        release = bake(cli, sandbox, folder)
        assert cli("base", "launch", release, "--yes").code == 0
        return (*arguments, *HERE)

    return prepare


def live_policy(*arguments: str) -> Prepare:
    def prepare(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
        account.identities(sandbox)
        account.member(sandbox)
        release = bake(cli, sandbox, folder)
        assert cli("enforce", release, "--yes").code == 0
        image = ("--image", golden_image(sandbox)) if arguments[0] == "explain" else ()
        return ("policy", *arguments, *image)

    return prepare


def enforcement(verb: str, **mechanisms: Any) -> Prepare:
    def prepare(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
        account.identities(sandbox)
        account.member(sandbox)
        bake(cli, sandbox, folder)
        enforce = account.enforcing(**mechanisms)
        if "scp" in mechanisms:
            organizations = sandbox.client("organizations")
            root = organizations.list_roots()["Roots"][0]["Id"]
            organizations.enable_policy_type(RootId=root, PolicyType="DECLARATIVE_POLICY_EC2")
            on_root: dict[str, Any] = {"declarative_policy": {"targets": [root]}}
            on_root["scp"] = {"targets": [ACCOUNT_ID]}
            enforce["mechanisms"] |= on_root
        release = account.release(folder, "enforcing.yaml", enforce=enforce)
        return ("enforce", release, verb)

    return prepare


def a_bake(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    sandbox.pending_s = 0.0
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    profile = seed.instance_profile(sandbox, "managed")
    release = account.release(
        folder,
        base=account.RELEASE["base"] | {"instance_profile": profile},
        validate=[{"run": "true"}],
        share={"accounts": ["111122223333"]},
        lifecycle={"deprecate_after": "90d", "protect": True},
        test={"steps": [{"run": "true"}], "scan": {"severity": "high"}},
    )
    return ("bake", release, "--plan")


def a_sweep(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    release = account.release(folder)
    failing = Fault(service="ec2", operation="CopyImage", code="UnauthorizedOperation", status=403)
    kept = Fault(service="ec2", operation="TerminateInstances", code="InternalError", status=400)
    lost = Fault(service="ec2", operation="DeregisterImage", code="InternalError", status=400)
    sandbox.pending_s = 0.0
    with sandbox.fail(failing), sandbox.fail(kept), sandbox.fail(lost):
        cli("bake", release, "--yes")
    return ("sweep", "--older-than", "0s", "--plan", *HERE)


def layers(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    base = account.RELEASE["base"] | {"source": {"golden": account.RELEASE["image"]}}
    child = {"image": "app", "base": base, "publish": {"ssm_parameter": "/golden-ami/app"}}
    account.release(folder)
    account.release(folder, "app.yaml", **child)
    sandbox.pending_s = 0.0
    assert cli("bake", folder, "--yes").code == 0
    return ("outdated", folder, "--format", "json")


READING: dict[str, Prepare] = {
    "audit": audit("--format", "json"),
    "audit of roots and settings": audit("--roots", "--only", "settings", "--only", "instances"),
    "audit of an organization": audit_of_an_organization,
    "audit by an aggregator": audit_by_an_aggregator,
    "images": listing("images"),
    "history": listing("history", "web-base"),
    "base list": listing("base", "list"),
    "prove a group": live_policy("prove", "--group", account.GROUP),
    "explain a user": live_policy("explain", "--user", "ann"),
    "enforce on a group": enforcement("--plan"),
    "enforce on a role": enforcement(
        "--plan", permissions_boundary={"roles": [account.DEVELOPERS]}
    ),
    "enforce on an organization": enforcement("--plan", scp=True, declarative_policy=True),
    "enforce Allowed AMIs": enforcement("--plan", allowed_amis={"regions": list(account.REGIONS)}),
    "bake --plan": a_bake,
    "sweep --plan": a_sweep,
    "outdated": layers,
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    monkeypatch.setattr(ask, "DELAYS_S", (0.0,))
    monkeypatch.setattr(waits, "UNREADABLE_S", 0.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", READING)
def test_what_cannot_be_read_is_never_nothing(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, name: str, record_property: Any
) -> None:
    arguments = READING[name](cli, sandbox, tmp_path)
    before = len(sandbox.calls)
    clean = cli(*arguments)
    assert clean.code in (0, 10), clean.err
    operations = sorted({(one.service, one.operation) for one in sandbox.calls[before:]})
    tried = 0
    for number, (service, operation) in enumerate(operations):
        for kind, damage in chosen(number + list(READING).index(name)):
            with sandbox.fail(Fault(service=service, operation=operation, damage=damage)):
                before = len(sandbox.calls)
                ran = cli(*arguments)
                changed = [one.name for one in changes(sandbox.calls[before:])]
            where = f"{service}:{operation}, {kind}: exit {ran.code}\n{ran.err}"
            judge(ran, clean, where)
            assert not changed, where
            tried += 1
    record_property("counted", f"{name}: {len(operations)} operations, {tried} bad answers")


def chosen(number: int) -> list[tuple[str, Damage]]:
    """Return a twelfth of the damages, or all of them."""
    every = list(damages.BAD.items())
    return every if os.environ.get("GOLDENAMI_SOAK") else every[number % 12 :: 12]


def changes(calls: tuple[Call, ...]) -> Iterator[Call]:
    """Yield the calls that change something."""
    for call in calls:
        if not call.operation.startswith(READS) and not call.parameters.get("DryRun"):
            yield call


def judge(ran: Ran, clean: Ran, where: str) -> None:
    """Hold a run to the clean one."""
    words = ran.out + ran.err
    assert "Traceback" not in words, where
    assert "unexpected" not in words, where
    assert damages.CANARY not in words, where
    assert ran.code in (0, 1, 3, 10), where
    if ran.code in (0, 10):
        assert UNREAD in words or lasting(ran.out) == lasting(clean.out), where
    else:
        assert UNREAD in words, where


_PASSING = re.compile(
    r'"at": "[^"]*"|sha256:[0-9a-f]{64}|\d{8}T\d{6}Z-[0-9a-f]{6}|\d{4}\.\d{2}\.\d{2}\.\d{6}'
)


def lasting(text: str) -> str:
    """Return what a command prints without what differs from run to run."""
    return _PASSING.sub("", text)


def test_one_cut_list_of_accounts_never_makes_an_organization_smaller(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    arguments = audit_of_an_organization(cli, sandbox, tmp_path)
    clean = cli(*arguments, "--format", "json")
    fault = Fault(service="organizations", operation="ListAccounts", damage=damages.cut, times=1)
    with sandbox.fail(fault) as armed:
        ran = cli(*arguments, "--format", "json")
    assert armed.hits == 1
    assert (ran.code, lasting(ran.out)) == (clean.code, lasting(clean.out))


def test_one_odd_row_leaves_every_other_place_told(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    arguments = audit("--only", "instances", "--format", "json")(cli, sandbox, tmp_path)
    fault = Fault(
        service="ec2", operation="DescribeInstanceImageMetadata", region="us-east-1",
        damage=damages.odd_rows,
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli(*arguments)
    assert ran.code == 3, ran.err
    document = json.loads(ran.out)
    places = {place["region"]: bool(place["unread"]) for place in document["places"]}
    assert places == {"us-east-1": True, "eu-west-1": False}
    assert [one["subject"]["region"] for one in document["findings"]] == ["eu-west-1"]


def test_what_disappears_meanwhile_is_gone(cli: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    a_fleet(cli, sandbox, tmp_path)
    launches = ("audit", *HERE[:2], "--only", "launches", "--format", "json")
    wanted = {one["subject"]["id"] for one in json.loads(cli(*launches).out)["findings"]}
    assert "shop/web" in wanted
    for operation in ("DescribeNodegroup", "ListNodegroups"):
        fault = Fault(
            service="eks", operation=operation, code="ResourceNotFoundException", status=404
        )
        with sandbox.fail(fault):
            ran = cli(*launches)
        assert ran.code == 10, ran.err
        findings = {one["subject"]["id"] for one in json.loads(ran.out)["findings"]}
        assert findings == wanted - {"shop/web"}


@pytest.mark.parametrize("kind", ["nothing", "cut", "portal", "of another"])
def test_no_attribute_read_means_protected(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    (release,) = a_fleet(cli, sandbox, tmp_path)
    document = tmp_path / "audit.json"
    cli("audit", release, "--only", "instances", "--format", "json", "--output", document)
    fault = Fault(service="ec2", operation="DescribeInstanceAttribute", damage=damages.BAD[kind])
    with sandbox.fail(fault):
        ran = cli("remediate", document, release, "--action", "stop", "--yes")
    assert UNREAD in ran.out + ran.err
    states = {
        instance["State"]["Name"]
        for region in account.REGIONS
        for reservation in sandbox.client("ec2", region).describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    }
    assert states <= {"running", "terminated"}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["nothing", "cut", "portal", "odd types"])
def test_a_scan_without_a_list_does_not_pass(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    release = a_bake(cli, sandbox, tmp_path)[1]
    fault = Fault(service="inspector2", operation="ListFindings", damage=damages.BAD[kind])
    with sandbox.fail(fault):
        ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert UNREAD in ran.err
    for region in account.REGIONS:
        images = sandbox.client("ec2", region).describe_images(Owners=["self"])["Images"]
        assert "approved" not in str(images)
