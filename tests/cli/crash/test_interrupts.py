"""Signals at whole commands: what is left is named, the exit is never held up, never silent."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
import yaml

from .conftest import RELEASE, Machine, account

pytestmark = pytest.mark.no_cover  # in processes of their own
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
IN_THE_UNDO = 6
"""The lease, the record, the launch and its record, the validation that fails, the termination."""


@pytest.fixture
def failing(machine: Machine) -> Machine:
    """A machine whose release fails its validation."""
    changed = {**RELEASE, "regions": ["us-east-1"], "validate": [{"run": "exit 3"}], "test": None}
    machine.release.write_text(yaml.safe_dump(changed))
    return machine


def living(machine: Machine) -> list[str]:
    found = machine.sandbox.client("ec2").describe_instances()["Reservations"]
    made = [one for reservation in found for one in reservation["Instances"]]
    return [one["InstanceId"] for one in made if one["State"]["Name"] != "terminated"]


@pytest.mark.parametrize("number", NUMBERS)
def test_an_undo_that_is_interrupted_is_finished_and_told(
    failing: Machine, number: signal.Signals
) -> None:
    machine = failing

    def noticed() -> None:
        while "interrupt again to end at once" not in machine.log.read_text():
            time.sleep(0.01)

    code = machine.run(
        "bake", str(machine.release), "--yes", at=IN_THE_UNDO, number=number, then=noticed
    )
    said = machine.log.read_text()
    (build,) = machine.builds
    assert code == 130, said
    assert "the undo is carried on" in said
    assert "undone: launch the base instance" in said
    assert "ended Failed with exit code 3" in said
    assert f"goldenami bake {machine.release} --resume {build}" in said
    assert living(machine) == []


def test_a_second_signal_in_the_undo_ends_at_once_and_names_what_is_not_known(
    failing: Machine,
) -> None:
    machine = failing
    over = threading.Event()
    held_up: list[bool] = []

    def press_again() -> None:
        while "interrupt again to end at once" not in machine.log.read_text():
            time.sleep(0.01)
        os.kill(machine.killer.pid, signal.SIGINT)
        held_up.append(not over.wait(60))  # the call does not end before the process has

    machine.killer.at, machine.killer.seen = IN_THE_UNDO, 0
    machine.killer.signal, machine.killer.then = signal.SIGINT, press_again
    environment = {**os.environ, **machine.sandbox.environment()}
    with machine.log.open("w") as log:
        process = subprocess.Popen(  # with its own end, which threads could hold up
            [sys.executable, "-m", "goldenami", "bake", str(machine.release), "--yes"],
            env=environment | {"GOLDENAMI_STATE": str(machine.state)}, stdout=log, stderr=log,
        )  # fmt: skip
        machine.killer.pid = process.pid
        assert process.wait() == 130
    over.set()
    machine.killer.pid = 0
    said = machine.log.read_text()
    (build,) = machine.builds
    assert held_up == [False] or held_up == []
    assert "Traceback" not in said
    assert "not known whether undone: launch the base instance" in said
    assert f"goldenami bake {machine.release} --resume {build}" in said
    assert f"`goldenami sweep --build {build}`" in said


def test_a_bake_that_is_interrupted_at_any_call_names_the_build_and_goes_on(
    machine: Machine, record_property: Any
) -> None:
    assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    wanted, calls = account(machine.sandbox), machine.killer.seen
    points = range(1, calls + 1, 4)
    for at in points:
        machine.forget()
        number = NUMBERS[at % len(NUMBERS)]
        code = machine.run("bake", str(machine.release), "--yes", at=at, number=number)
        said = machine.log.read_text()
        (build,) = machine.builds
        assert code == 130, f"call {at} of {calls}:\n{said}"
        assert f"goldenami bake {machine.release} --resume {build}" in said, at
        again = machine.run("bake", str(machine.release), "--resume", build, "--yes")
        assert again == 0, f"call {at} of {calls}:\n{machine.log.read_text()}"
        assert account(machine.sandbox) == wanted, f"call {at} of {calls}"
    record_property("counted", f"{len(points)} of {calls} calls of a bake interrupted, and gone on")
