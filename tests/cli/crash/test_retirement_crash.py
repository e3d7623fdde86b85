"""A version that goes is killed at every call, one after the other, until it is gone.

A retirement cannot be taken back, so the same command goes on where the last one was killed.
"""

from typing import Any

import pytest
import yaml

from goldenami.domain import manifest, record, tags

from .conftest import REGIONS, RELEASE, Machine, never_lower

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
CONSUMER = "111122223333"
RULES = {"keep": 1, "delete_after": "0d"}
COMMANDS = {
    "retire": ["retire", "web-base", "1.0", "--now", "--launched-within", "0d", "--yes"],
    "prune": ["prune", "FILE", "--yes"],
}
MOST = 40


@pytest.fixture
def released(machine: Machine) -> Machine:
    """A machine with two released versions, of which the second is published."""
    for version in ("1.0", "2.0"):
        changed = {**RELEASE, "version": version, "regions": [*REGIONS[:1]], "lifecycle": RULES}
        changed |= {"test": None, "validate": []}
        machine.release.write_text(yaml.safe_dump(changed))
        assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    return machine


def lives(machine: Machine) -> list[tuple[str, ...]]:
    """Return the statuses that the record and the manifest of the old version have had."""
    ssm = machine.sandbox.client("ssm")
    found = []
    for path in ("/goldenami/build", "/goldenami/manifest"):
        for one in ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]:
            kept = record.read(one["Name"], one["Value"]) or manifest.read(one["Value"])
            if kept and kept.version == "1.0":
                found.append(tuple(change.status.value for change in kept.life or ()))
    return found


def standing(machine: Machine) -> set[tuple[str, str]]:
    """Return the images and snapshots that there are, by version and status."""
    made = []
    for region in REGIONS:
        ec2 = machine.sandbox.client("ec2", region)
        made += ec2.describe_images(Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True)[
            "Images"
        ]
        made += ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    written = [tags.from_aws(one["Tags"]) for one in made]
    return {(one[tags.VERSION], one[tags.STATUS]) for one in written}


def killed_until_done(machine: Machine, words: list[str], *, at: int, after: bool) -> int:
    """Run a command, killed at a call of each run, until a run makes fewer; return how many."""
    before = len(machine.sandbox.calls)
    for number in range(1, MOST):
        code = machine.run(*words, at=at, after=after)
        if code != KILLED:
            assert code == 0, f"run {number}:\n{machine.log.read_text()}"
            never_lower(machine.sandbox.calls[before:])
            return number
    raise AssertionError(machine.log.read_text())


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_version_that_goes_is_gone_in_the_end_however_often_it_is_killed(
    released: Machine, command: str, after: bool, record_property: Any
) -> None:
    machine = released
    words = [{"FILE": str(machine.release)}.get(word, word) for word in COMMANDS[command]]
    begun = 2 if command == "retire" else 1  # a usage report, and the lease
    runs = killed_until_done(machine, words, at=begun + (1 if after else 2), after=after)
    assert runs > 2
    newest = ("2.0", "approved")
    if command == "retire":
        assert lives(machine) == [("deprecated", "disabled", "retired")] * 2
        assert standing(machine) == {newest}
    else:
        assert lives(machine) == [("deprecated",)] * 2
        assert standing(machine) == {("1.0", "deprecated"), newest}
    kept = [
        read
        for one in machine.sandbox.client("ssm").get_parameters_by_path(
            Path="/goldenami/manifest", Recursive=True
        )["Parameters"]
        if (read := manifest.read(one["Value"])) and read.version == "1.0"
    ]
    assert {placed.shared_with for placed in kept[0].images} == {(CONSUMER,)}
    how = f"{'after' if after else 'before'} the call"
    record_property("counted", f"{runs - 1} crash points of {command} gone on from, {how}")
