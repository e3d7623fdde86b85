"""The lease: who may bake an image, against the embedded AWS."""

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from goldenami.aws import lease
from goldenami.aws.lease import Held, Holder, Lease
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, RefusedError
from goldenami.sandbox.faults import Fault
from goldenami.sandbox.server import Sandbox

REGION, IMAGE = "us-east-1", "web-base"


def holder(**changes: Any) -> Holder:
    mine: dict[str, Any] = {
        "build": "b",
        "by": "arn",
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    return Holder(**(mine | changes))


def dead_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_process_that_ended_on_this_machine_is_gone() -> None:
    assert holder(pid=dead_pid()).is_gone
    assert holder().is_gone  # an earlier bake of this process
    assert not holder(pid=os.getppid()).is_gone
    assert not holder(pid=1).is_gone
    assert not holder(host="elsewhere", pid=dead_pid()).is_gone


def test_a_lease_without_a_sign_of_life_lapses() -> None:
    elsewhere = holder(host="elsewhere")
    assert not Held(elsewhere, lease.LAPSES_S - 1, 1).lapsed
    assert Held(elsewhere, lease.LAPSES_S + 1, 1).lapsed


def test_a_lease_is_there_from_its_taking_to_its_end(sandbox: Sandbox) -> None:
    aws = Aws(region=REGION)
    with Lease(aws, REGION, IMAGE, "build-1"):
        held = lease.of_image(aws, REGION, IMAGE)
        assert held
        assert (held.holder.build, held.holder.by) == ("build-1", aws.caller)
    assert lease.of_image(aws, REGION, IMAGE) is None


def test_a_lease_is_renewed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    aws = Aws(region=REGION)
    with Lease(aws, REGION, IMAGE, "build-1"):
        while True:
            held = lease.of_image(aws, REGION, IMAGE)
            if held and held.version > 2:
                break


def test_of_two_that_take_over_a_dead_lease_the_first_wins(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssm = sandbox.client("ssm")
    name = lease.PREFIX + IMAGE
    dead = holder(pid=dead_pid())
    value = json.dumps({one: getattr(dead, one) for one in dead.__struct_fields__})
    ssm.put_parameter(Name=name, Value=value, Type="String")
    read = lease.read

    def slow(*arguments: Any) -> Held | None:
        held = read(*arguments)
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)  # the other one
        return held

    monkeypatch.setattr(lease, "read", slow)
    with pytest.raises(RefusedError, match="another process has just taken over"):
        Lease(Aws(region=REGION), REGION, IMAGE, "build-2").__enter__()


def test_a_lease_that_ends_while_it_is_looked_at_is_taken(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssm = sandbox.client("ssm")
    ssm.put_parameter(Name=lease.PREFIX + IMAGE, Value="{}", Type="String")

    def gone(*_: Any) -> None:
        ssm.delete_parameter(Name=lease.PREFIX + IMAGE)

    monkeypatch.setattr(lease, "read", gone)
    with Lease(Aws(region=REGION), REGION, IMAGE, "build-2"):
        assert ssm.get_parameter(Name=lease.PREFIX + IMAGE)


def test_a_lease_that_cannot_be_taken_or_read_is_an_error(sandbox: Sandbox) -> None:
    aws = Aws(region=REGION)
    denied = Fault(service="ssm", operation="*", code="AccessDeniedException")
    with sandbox.fail(denied):
        with pytest.raises(AwsError, match="taking the right to bake"):
            Lease(aws, REGION, IMAGE, "build-1").__enter__()
        with pytest.raises(AwsError, match="AccessDenied"):
            lease.of_image(aws, REGION, IMAGE)
