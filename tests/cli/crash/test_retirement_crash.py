"""A version that goes, and comes back, is killed at any call; the same command goes on.

It goes by `retire` at once, or by `prune` a step a day, and ends in the Recycle Bin, from where
`restore` brings it back: so one scene is enough for all of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from msgspec import UNSET, structs

from goldenami.domain import manifest, record, tags
from goldenami.domain.names import moment

from .conftest import REGIONS, RELEASE, SOAK, Machine

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
CONSUMER = "111122223333"
RULES = {"keep": 1, "delete_after": "0d"}
RETIRE = ("retire", "web-base", "1.0", "--now", "--launched-within", "0d", "--yes")
RESTORE = ("restore", "web-base", "1.0", "--why", "a false alarm", "--yes")
FIRST, STRIDE = (1, 1) if SOAK else (4, 11)


@pytest.fixture
def released(machine: Machine) -> Machine:
    """A machine with two released versions, of which the second is published, and with a bin."""
    for version in ("1.0", "2.0"):
        changed = {**RELEASE, "version": version, "lifecycle": RULES, "test": None, "validate": []}
        machine.release.write_text(yaml.safe_dump(changed))
        assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    for region in REGIONS:
        for kind in ("EBS_SNAPSHOT", "EC2_IMAGE"):
            period = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
            machine.sandbox.client("rbin", region).create_rule(
                ResourceType=kind, RetentionPeriod=period
            )
    return machine


def kept(machine: Machine) -> Iterator[tuple[str, record.Record | manifest.Manifest]]:
    """Yield the records and the manifests of the old version, each with its parameter."""
    ssm = machine.sandbox.client("ssm")
    for path in ("/goldenami/build", "/goldenami/manifest"):
        for one in ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]:
            read = record.read(one["Name"], one["Value"]) or manifest.read(one["Value"])
            if read and read.version == "1.0":
                yield one["Name"], read


def stands(machine: Machine) -> Mapping[str, Any]:
    """Return what has become of the old version: its images, what is recorded, what is binned."""
    there = dict[str, Any]()
    exits = dict[str, str]()
    for region in REGIONS:
        ec2 = machine.sandbox.client("ec2", region)
        images = ec2.describe_images(Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True)
        old = [one for one in images["Images"] if one["Name"] == "web-base-1.0"]
        permissions = [
            ec2.describe_image_attribute(ImageId=one["ImageId"], Attribute="launchPermission")
            for one in old
        ]
        binned = ec2.list_images_in_recycle_bin()["Images"]
        exits |= {one["ImageId"]: moment(one["RecycleBinExitTime"]) for one in binned}
        snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        written = [tags.from_aws(one["Tags"]) for one in (*old, *snapshots)]
        there[region] = {
            "images": [(one["State"], "DeprecationTime" in one) for one in old],
            "shared": [one["LaunchPermissions"] for one in permissions],
            "tags": sorted(
                (own[tags.STATUS], own.get(tags.STATUS_WHY, ""))
                for own in written
                if own[tags.VERSION] == "1.0"
            ),
            "binned": len(binned) + len(ec2.list_snapshots_in_recycle_bin()["Snapshots"]),
        }
    for name, one in kept(machine):
        there[name] = one.life[-1].status.value if one.life else ""
        if isinstance(one, manifest.Manifest):
            there["shared with"] = {placed.shared_with for placed in one.images}
            assert (one.recycle_bin or {}) == exits, "what the manifest says of the bin"
    return there


def a_day_passes(machine: Machine) -> None:
    """Let what has become of the old version have done so a day earlier, wherever that is noted."""
    a_day = timedelta(days=1, hours=1)

    def earlier(time: str) -> str:
        return moment(datetime.fromisoformat(time) - a_day)

    for name, one in kept(machine):
        life = [structs.replace(change, at=earlier(change.at)) for change in one.life or ()]
        moved: Any = structs.replace(one, life=tuple(life) or UNSET)
        text = record.text if isinstance(one, record.Record) else manifest.compact
        machine.sandbox.client("ssm").put_parameter(
            Name=name, Value=text(moved), Type="String", Overwrite=True
        )
    for region in REGIONS:
        ec2 = machine.sandbox.client("ec2", region)
        there = ec2.describe_images(Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True)
        ids = {one["ImageId"]: one["Tags"] for one in there["Images"]}
        snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        ids |= {one["SnapshotId"]: one["Tags"] for one in snapshots}
        for resource, tagged in ids.items():
            written = tags.from_aws(tagged)
            if at := written.get(tags.STATUS_AT):
                own = tags.to_aws({tags.STATUS_AT: earlier(at)})
                ec2.create_tags(Resources=[resource], Tags=own)


class Step:
    """A step of the old version's way: the command, what it comes to, and its number of calls."""

    def __init__(
        self,
        machine: Machine,
        words: Sequence[str],
        before: Callable[[Machine], None] | None = None,
    ) -> None:
        self.words = words
        self._before = before
        self.begin(machine)
        assert machine.run(*words) == 0, machine.log.read_text()
        self.calls, self.wanted = machine.killer.seen, stands(machine)

    def begin(self, machine: Machine) -> None:
        """Make what it begins with of what the step before has come to."""
        if self._before:
            self._before(machine)

    def killed(self, machine: Machine, at: int, *, after: bool) -> int:
        """Take it, killed at a call if it has that many; return how many times it was killed."""
        self.begin(machine)
        told = f"{self.words[0]}, {'after' if after else 'before'} call {at} of {self.calls}"
        reached = at <= self.calls
        if reached:
            assert machine.run(*self.words, at=at, after=after) == KILLED, told
        assert machine.run(*self.words) == 0, f"{told}:\n{machine.log.read_text()}"
        assert stands(machine) == self.wanted, told
        return int(reached)


@pytest.mark.parametrize("command", ["retire", "prune"])
def test_a_version_that_goes_and_comes_back_is_killed_at_any_call(
    released: Machine, command: str, record_property: Any
) -> None:
    machine = released
    before = stands(machine)
    prune = ("prune", str(machine.release), "--yes")
    if command == "retire":
        steps = [Step(machine, RETIRE)]
    else:
        steps = [Step(machine, prune, a_day_passes) for _ in range(3)]
    steps.append(Step(machine, RESTORE))
    assert {steps[-2].wanted[name] for name, _ in kept(machine)} == {"retired"}
    assert {name: steps[-1].wanted[name]["shared"] for name in REGIONS} == {
        name: before[name]["shared"] for name in REGIONS
    }
    counted = 0
    for at in range(FIRST, max(step.calls for step in steps) + 1, STRIDE):
        for after in (False, True) if SOAK else (at % 2 == 0,):
            counted += sum(step.killed(machine, at, after=after) for step in steps)
    record_property("counted", f"{counted} crash points of {command} and restore gone on from")
