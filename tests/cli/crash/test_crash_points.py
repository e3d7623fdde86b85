"""A bake is killed before and after each of its mutating calls, and then goes on.

``before``: the request was never sent. ``after``: it was carried out, and the answer is lost.
"""

from typing import Any

import pytest

from .conftest import Machine, account, points

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9


@pytest.mark.parametrize("journal", [True, False], ids=["with its journal", "without its journal"])
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_a_bake_that_is_killed_at_any_call_ends_as_if_it_had_not_been(
    machine: Machine, journal: bool, after: bool, record_property: Any
) -> None:
    wanted, calls = uninterrupted(machine)
    tried = points(calls, after=after, journal=journal)
    for at in tried:
        machine.forget()
        assert machine.run("bake", str(machine.release), "--yes", at=at, after=after) == KILLED
        resumed = go_on(machine, journal=journal)
        over = after and not journal and at == calls  # all was done, and nothing tells of a build
        assert resumed == int(over), f"call {at} of {calls}:\n{machine.log.read_text()}"
        assert account(machine.sandbox) == wanted, f"call {at} of {calls}"
    how = f"{'after' if after else 'before'} the call, {'with' if journal else 'without'} journal"
    record_property("counted", f"{len(tried)} of {calls} crash points survived, {how}")


def uninterrupted(machine: Machine) -> tuple[dict[str, Any], int]:
    """Bake once; return the account that must result, and how many mutating calls it takes."""
    machine.forget()
    assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    wanted = account(machine.sandbox)
    assert [len(one["images"]) for one in wanted.values()] == [1, 1]
    assert [one["living"] + one["leases"] for one in wanted.values()] == [[], []]
    return wanted, machine.killer.seen


def go_on(machine: Machine, *, journal: bool) -> int:
    """Resume the build by its id, or, on a machine that knows of none, repeat the command."""
    if journal:
        (build,) = machine.builds
        return machine.run("bake", str(machine.release), "--resume", build, "--yes")
    machine.lose_journals()
    return machine.run("bake", str(machine.release), "--yes")
