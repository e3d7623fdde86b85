"""How many calls stand one after the other in a command, in an account of all regions."""

from typing import Any
import time
import pytest
from goldenami_sandbox.server import Sandbox
from ..round_trips import counted
from .conftest import Cli, Write


def say(*a: Any) -> None:
    with open("/tmp/c_rounds.txt", "a") as f:
        f.write(" ".join(map(str, a)) + "\n")


def test_x(
    cli: Cli, write: Write, every_region: Any, sandbox: Sandbox, monkeypatch: Any, admins: str
) -> None:
    sandbox.pending_s = 0.0
    regions = ["us-east-1", *sorted(every_region - {"us-east-1"})]
    t = time.time()
    first = write(regions=regions)
    out = cli("bake", first, "--yes")
    assert out.code == 0, out.err
    say("baked", time.time() - t)
    second = write("second.yaml", version="1.1", regions=regions)
    out = cli("bake", second, "--yes")
    assert out.code == 0, out.err
    third = write("third.yaml", version="1.2", regions=regions)
    say("baked", time.time() - t)
    out = cli("enforce", second, "--yes")
    say("enforced", time.time() - t, out.err[-500:])
    for command in (
        ["images"],
        ["history", "web-base"],
        ["enforce", second, "--plan"],
        ["policy", "prove", "--group", admins],
        ["bake", third, "--plan"],
        ["revoke", "web-base", "1.0", "--why", "x", "--plan"],
    ):
        t = time.time()
        with counted(monkeypatch) as trips:
            ran = cli(*command)
        say(
            "\n=====",
            *map(str, command),
            "code",
            ran.code,
            "trips",
            trips.after_start,
            "s %.2f" % (time.time() - t),
        )
        if ran.code:
            say(ran.err[-1500:])
        for i, round in enumerate(trips.rounds):
            say(i + 1, trips.sizes[i], *round)
