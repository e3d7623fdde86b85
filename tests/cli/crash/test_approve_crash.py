"""An approval is killed before and after each of its mutating calls, and then it is completed.

Whatever completes it: no status goes back at any call, and who approved when stays as it was.
"""

import signal
from typing import Any

import pytest
import yaml

from goldenami.domain import tags

from .conftest import (
    REGIONS,
    RELEASE,
    Machine,
    account,
    never_lower,
    points,
    record_of,
    undecided,
)

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
WAYS = {
    "approve": ["approve", "FILE", "--yes"],
    "approve --build": ["approve", "FILE", "--build", "BUILD", "--yes"],
    "bake --resume": ["bake", "FILE", "--resume", "BUILD", "--yes"],
    "bake": ["bake", "FILE", "--yes"],
}


@pytest.fixture
def proposing(machine: Machine) -> Machine:
    """A machine whose release somebody has to approve."""
    changed = {**RELEASE, "approval": "manual", "test": None, "validate": []}
    machine.release.write_text(yaml.safe_dump(changed))
    return machine


def candidate(machine: Machine) -> str:
    """Bake a candidate in an empty account, and return its build."""
    machine.forget()
    assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    (build,) = machine.builds
    return build


def once_more(machine: Machine) -> int:
    """Make candidates of what was approved, by hand; return how many calls there were so far."""
    written = (tags.APPROVED_BY, tags.APPROVED_AT, tags.UNPUBLISHED)
    for region in REGIONS:
        ec2, ssm = machine.sandbox.client("ec2", region), machine.sandbox.client("ssm", region)
        made = [one["ImageId"] for one in ec2.describe_images(Owners=["self"])["Images"]]
        snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        made += [one["SnapshotId"] for one in snapshots]
        ec2.create_tags(Resources=made, Tags=tags.to_aws({tags.STATUS: "candidate"}))
        ec2.delete_tags(Resources=made, Tags=[{"Key": one} for one in written])
        for path in ("/golden-ami", "/goldenami/bake", "/goldenami/manifest"):
            there = ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
            for one in there:
                ssm.delete_parameter(Name=one["Name"])
    undecided(machine.sandbox)
    return len(machine.sandbox.calls)


def order(machine: Machine, way: str, build: str) -> list[str]:
    words = {"FILE": str(machine.release), "BUILD": build}
    return [words.get(one, one) for one in WAYS[way]]


def uninterrupted(machine: Machine, build: str) -> tuple[dict[str, Any], int]:
    """Approve once; return the account that must result, and how many mutating calls it takes."""
    assert machine.run(*order(machine, "approve", build)) == 0, machine.log.read_text()
    wanted = account(machine.sandbox)
    assert [one["images"][0]["tags"][tags.STATUS] for one in wanted.values()] == ["approved"] * 2
    assert [len(one["parameters"]) for one in wanted.values()] == [1, 1]
    assert [one["leases"] for one in wanted.values()] == [[], []]
    return wanted, machine.killer.seen


def marks(machine: Machine) -> set[tuple[str | None, ...]]:
    """Return who approved when, and what is unpublished, as every image and snapshot tells it."""
    keys = (tags.APPROVED_BY, tags.APPROVED_AT, tags.UNPUBLISHED)
    found = set()
    for region in REGIONS:
        ec2 = machine.sandbox.client("ec2", region)
        made = ec2.describe_images(Owners=["self"])["Images"]
        for one in (*made, *ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]):
            written = tags.from_aws(one["Tags"])
            found.add(tuple(written.get(key) for key in keys))
    return found


@pytest.mark.parametrize("journal", [True, False], ids=["with its journal", "without its journal"])
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_an_approval_that_is_killed_at_any_call_is_completed_by_any_command(
    proposing: Machine, journal: bool, after: bool, record_property: Any
) -> None:
    machine = proposing
    build = candidate(machine)
    wanted, calls = uninterrupted(machine, build)
    ways = list(WAYS)
    tried = points(calls, after=after, journal=journal)
    for at in tried:
        way = ways[(at + 2 * after + journal) % len(ways)]
        told = f"{way}, call {at} of {calls}"
        before = once_more(machine)
        killed = machine.run(*order(machine, "approve --build", build), at=at, after=after)
        assert killed == KILLED, told
        known = record_of(machine.sandbox).approval
        waits = any(one[2] for one in marks(machine))
        if not journal:
            machine.lose_journals()
        code = machine.run(*order(machine, way, build))
        if not known or (way == "approve" and not waits):  # not approved, or nothing to approve
            code = machine.run(*order(machine, "approve --build", build))
        assert code == 0, f"{told}:\n{machine.log.read_text()}"
        assert account(machine.sandbox) == wanted, told
        approvals = {(one[0], one[1]) for one in marks(machine)}
        assert len(approvals) == 1, told
        assert known is None or {(known.by, known.at)} == approvals, told
        never_lower(machine.sandbox.calls[before:])
    how = f"{'after' if after else 'before'} the call, {'with' if journal else 'without'} journal"
    record_property("counted", f"{len(tried)} of {calls} crash points of approve completed, {how}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_approval_that_is_interrupted_at_any_call_names_the_command_that_completes_it(
    proposing: Machine, number: signal.Signals, record_property: Any
) -> None:
    machine = proposing
    build = candidate(machine)
    wanted, calls = uninterrupted(machine, build)
    for at in range(1 + number % 3, calls + 1, 3):
        told = f"call {at} of {calls}"
        before = once_more(machine)
        code = machine.run(*order(machine, "approve", build), at=at, number=number)
        said = machine.log.read_text()
        assert code == 130, f"{told}:\n{said}"
        assert f"goldenami approve {machine.release} --build {build}" in said, told
        assert "--resume" not in said, told
        assert machine.run(*order(machine, "approve --build", build)) == 0, machine.log.read_text()
        assert account(machine.sandbox) == wanted, told
        never_lower(machine.sandbox.calls[before:])
    record_property("counted", f"{number.name} at every third of {calls} calls of approve")
