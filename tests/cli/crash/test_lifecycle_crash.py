"""A command of a version's life is killed at each of its calls; the same one completes it.

No call takes a status where the table of states does not lead, and what was recorded first stays.
"""

from typing import Any

import pytest
import yaml
from msgspec import UNSET, structs

from goldenami.domain import manifest, record, tags

from .conftest import (
    PARAMETER,
    REGIONS,
    RELEASE,
    Machine,
    account,
    never_lower,
    points,
)

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
COMMANDS = {
    "deprecate": ["deprecate", "web-base", "2.0", "--why", "old", "--yes"],
    "revoke": ["revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes"],
}
WRITTEN = (tags.STATUS_AT, tags.STATUS_BY, tags.STATUS_WHY, tags.SUCCESSOR)


@pytest.fixture
def released(machine: Machine) -> Machine:
    """A machine with two released versions, of which the second is published."""
    for version in ("1.0", "2.0"):
        changed = {**RELEASE, "version": version, "test": None, "validate": [], "lifecycle": {}}
        machine.release.write_text(yaml.safe_dump(changed))
        assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    return machine


def as_released(machine: Machine) -> None:
    """Take back by hand what a command has done."""
    for region in REGIONS:
        ec2, ssm = machine.sandbox.client("ec2", region), machine.sandbox.client("ssm", region)
        made = ec2.describe_images(Owners=["self"], IncludeDeprecated=True)["Images"]
        snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        resources = [one["ImageId"] for one in made] + [one["SnapshotId"] for one in snapshots]
        ec2.create_tags(Resources=resources, Tags=tags.to_aws({tags.STATUS: "approved"}))
        ec2.delete_tags(Resources=resources, Tags=[{"Key": one} for one in WRITTEN])
        for one in made:
            ec2.disable_image_deprecation(ImageId=one["ImageId"])
        (newest,) = [one["ImageId"] for one in made if one["Name"] == "web-base-2.0"]
        ssm.put_parameter(Name=PARAMETER, Value=newest, DataType="aws:ec2:image", Overwrite=True)
        ssm.label_parameter_version(Name=PARAMETER, Labels=["v2.0"])
        for path in ("/goldenami/build", "/goldenami/manifest"):
            for one in ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]:
                ssm.put_parameter(
                    Name=one["Name"], Value=without_life(one), Type="String", Overwrite=True
                )
        for one in ssm.get_parameters_by_path(Path="/goldenami/bake")["Parameters"]:
            ssm.delete_parameter(Name=one["Name"])


def without_life(parameter: dict[str, str]) -> str:
    """Return a record or a manifest as it was before anything became of the release."""
    name, value = parameter["Name"], parameter["Value"]
    if recorded := record.read(name, value):
        return record.text(structs.replace(recorded, life=UNSET))
    kept = manifest.read(value)
    assert kept
    return manifest.compact(structs.replace(kept, life=UNSET, status="approved"))


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_killed_at_any_call_is_completed_by_the_same_one(
    released: Machine, command: str, after: bool, record_property: Any
) -> None:
    machine, words = released, COMMANDS[command]
    assert machine.run(*words) == 0, machine.log.read_text()
    wanted, calls = account(machine.sandbox), machine.killer.seen
    tried = points(calls, after=after, journal=False)
    for at in tried:
        told = f"{command}, call {at} of {calls}"
        before = len(machine.sandbox.calls)
        as_released(machine)
        assert machine.run(*words, at=at, after=after) == KILLED, told
        assert machine.run(*words) == 0, f"{told}:\n{machine.log.read_text()}"
        now = account(machine.sandbox)
        for region in REGIONS:  # what has become of the parameter, and not how often it was written
            del now[region]["parameters"][:-1], wanted[region]["parameters"][:-1]
            del now[region]["leases"][:]  # that of who was killed at its very end lapses by itself
        assert now == wanted, told
        never_lower(machine.sandbox.calls[before:])
    how = f"{'after' if after else 'before'} the call"
    record_property(
        "counted", f"{len(tried)} of {calls} crash points of {command} completed, {how}"
    )


RESTORE = ["restore", "web-base", "2.0", "--why", "a false alarm", "--yes"]


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_a_restoration_that_is_killed_at_any_call_is_completed_by_the_same_one(
    released: Machine, after: bool, record_property: Any
) -> None:
    machine = released

    def revoke() -> None:
        words = [*COMMANDS["revoke"], "--hard"]
        assert machine.run(*words) == 0, machine.log.read_text()

    revoke()
    assert machine.run(*RESTORE) == 0, machine.log.read_text()
    wanted, calls = account(machine.sandbox), machine.killer.seen
    tried = points(calls, after=after, journal=False)
    for at in tried:
        told = f"restore, call {at} of {calls}"
        revoke()
        assert machine.run(*RESTORE, at=at, after=after) == KILLED, told
        assert machine.run(*RESTORE) == 0, f"{told}:\n{machine.log.read_text()}"
        now = account(machine.sandbox)
        for region in REGIONS:
            del now[region]["parameters"][:], wanted[region]["parameters"][:]
            del now[region]["leases"][:]  # that of who was killed at its very end lapses by itself
        assert now == wanted, told
    how = f"{'after' if after else 'before'} the call"
    record_property("counted", f"{len(tried)} of {calls} crash points of restore completed, {how}")
