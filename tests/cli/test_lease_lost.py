"""A bake that loses the right to bake, as one whose machine slept, changes nothing more."""

from threading import Thread, current_thread, main_thread
from typing import Any

import msgspec
import pytest

from goldenami.aws.lease import Lease
from goldenami.aws.lease_holder import LeaseHolder
from goldenami.domain.prefixes import LEASES
from goldenami_sandbox import seed
from goldenami_sandbox.server import Sandbox

pytestmark = pytest.mark.no_cover  # the same lines dozens of times

NAME = LEASES + "web-base"
ENDS_S = 10


def take_over(sandbox: Sandbox) -> None:
    held = sandbox.client("ssm").get_parameter(Name=NAME)["Parameter"]
    theirs = LeaseHolder(
        build="theirs", by="arn", host="elsewhere", pid=1, id="x", claims=held["Version"] + 1
    )
    value = msgspec.json.encode(theirs).decode()
    sandbox.client("ssm").put_parameter(Name=NAME, Value=value, Type="String", Overwrite=True)


@pytest.mark.parametrize("fails", [False, True], ids=["a bake", "a bake that fails"])
def test_wherever_a_bake_loses_its_lease_it_changes_nothing_more(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, monkeypatch: Any, record_property: Any,
    *, fails: bool,
) -> None:  # fmt: skip
    check = Lease.check
    command = "false" if fails else "true"
    release = write(
        regions=["us-east-1"], validate=[{"run": command}], base__instance_profile="managed"
    )
    at, kept, while_undoing = 0, False, False
    while True:
        at += 1
        sandbox.reset()
        sandbox.pending_s = 0.0
        seed.instance_profile(sandbox, "managed")
        checks = 0
        threads: set[Thread] = set()

        def losing(self: Lease, at: int = at, threads: set[Thread] = threads) -> None:
            nonlocal checks
            threads.add(current_thread())
            checks += 1
            if checks == at:
                for other in threads - {current_thread(), main_thread()}:
                    other.join(ENDS_S)  # what had the right to go ahead is done, and not under way
                take_over(sandbox)
            check(self)

        monkeypatch.setattr(Lease, "check", losing)
        ran = cli("bake", release, "--yes")
        if checks < at:
            break
        calls = mutating()
        taken = len(calls) - calls[::-1].index("PutParameter")
        # Beside the record of the image the end of the base instance may be under way already.
        assert calls[taken:] in ([], ["TerminateInstances"][fails:]), at
        assert ran.code == 4, ran.err
        assert "the right to bake it is lost: build theirs by arn on elsewhere" in ran.err
        kept = kept or "kept: launch" in ran.err
        while_undoing = while_undoing or "failed before: " in ran.err
        held = sandbox.client("ssm").get_parameter(Name=NAME)["Parameter"]
        assert "theirs" in held["Value"]
    assert ran.code == int(fails)
    assert kept
    assert while_undoing == fails
    record_property("counted", f"{at - 1} moments at which a bake loses its lease")
