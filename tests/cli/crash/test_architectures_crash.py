"""A bake of two architectures is killed at any of its mutating calls, and then it is gone on with.

Whatever it had come to, each architecture ends with one image per region, and nothing is left over.
"""

from typing import Any

import pytest
import yaml

from goldenami.domain import record
from goldenami.domain.image import architecture_of, bake_of

from .conftest import PARAMETER, REGIONS, RELEASE, SOAK, Machine, account, never_lower

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
SOURCE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"
TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}


@pytest.fixture
def several(machine: Machine) -> Machine:
    """A machine whose release has two architectures."""
    parts: dict[str, Any] = {**RELEASE, "validate": [], "test": {}}
    parts["base"] = {"instance_profile": "golden-ami"}
    parts["architectures"] = {
        name: {"source": {"ssm": SOURCE.format(name)}, "instance_type": kind}
        for name, kind in TYPES.items()
    }
    parts["publish"] = {"ssm_parameter": f"{PARAMETER}/{{arch}}"}
    machine.release.write_text(yaml.safe_dump(parts))
    return machine


def whole(machine: Machine) -> dict[str, Any]:
    """Return the account without what depends on which of the two was first."""
    told = account(machine.sandbox)
    for region in told.values():
        region["images"].sort(key=lambda image: image["name"])
        region["parameters"].sort()
        region["manifests"] = [one[:3] for one in region["manifests"]]
    return told


def records(machine: Machine) -> list[record.Record]:
    ssm = machine.sandbox.client("ssm")
    every = ssm.get_parameters_by_path(Path="/goldenami/build", Recursive=True)["Parameters"]
    return [read for one in every if (read := record.read(one["Name"], one["Value"]))]


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_a_bake_of_two_architectures_that_is_killed_at_any_call_makes_each_once(
    several: Machine, after: bool, record_property: Any
) -> None:
    machine = several
    assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    wanted, calls = whole(machine), machine.killer.seen
    for region in wanted.values():
        assert [one["name"] for one in region["images"]] == [
            "web-base-1.0-arm64",
            "web-base-1.0-x86_64",
        ]
        assert len(region["parameters"]) == 2
        assert not region["living"]
    step = 1 if SOAK else 13
    tried = range(1 + 4 * after, calls + 1, step)
    for at in tried:
        told = f"call {at} of {calls}"
        machine.forget()
        before = len(machine.sandbox.calls)
        code = machine.run("bake", str(machine.release), "--yes", at=at, after=after)
        assert code == KILLED, told
        (bake,) = machine.builds or ("",)
        if at % 2:
            machine.lose_journals()
        known = {bake_of(one.build) for one in records(machine)}
        resume = ("--resume", bake) if known and at % 3 else ()
        assert machine.run("bake", str(machine.release), *resume, "--yes") == 0, (
            f"{told}:\n{machine.log.read_text()}"
        )
        assert whole(machine) == wanted, told
        made = records(machine)
        assert sorted(architecture_of(one.build) for one in made) == sorted(TYPES), told
        assert len({one.approved_images for one in made}) == 1, told
        assert all(one.approver for one in made), told
        never_lower(machine.sandbox.calls[before:])
    assert {*REGIONS} == {*wanted}
    how = "after" if after else "before"
    record_property("counted", f"{len(tried)} of {calls} crash points {how} the call")
