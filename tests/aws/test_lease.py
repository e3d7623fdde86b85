"""The lease: who may bake an image, by AWS's clock alone, against the embedded AWS."""

import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec import structs

from goldenami.aws import ask, lease, lease_holder, parameters, session
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ssm import Response
from goldenami.aws.lease import HeldLease, Lease
from goldenami.aws.lease_holder import LeaseHolder
from goldenami.aws.session import Aws
from goldenami.domain.prefixes import LEASES
from goldenami.errors import AwsError, LeaseLostError, RefusedError
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .test_lease_holder import dead

REGION, IMAGE = "us-east-1", "web-base"
NAME = LEASES + IMAGE


@pytest.fixture
def aws(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setattr(ask, "DELAYS_S", (0.0, 0.0))
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    monkeypatch.setattr(parameters, "SETTLING_S", (0.0,))
    return Aws(region=REGION)


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the machine sleep: its clock goes on, and no thread runs."""
    slept = [0.0]
    clock = lease.since_boot
    monkeypatch.setattr(lease, "since_boot", lambda: clock() + slept[0])
    return lambda seconds: slept.append(slept.pop() + seconds)


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> Callable[[float | None], None]:
    """Let so many seconds pass at AWS since the lease was written; None for no date at all."""

    def pass_by(seconds: float | None) -> None:
        date = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
        monkeypatch.setattr(Response, "date", date)

    return pass_by


def someone(**changes: Any) -> LeaseHolder:
    told: dict[str, Any] = {"build": "theirs", "by": "arn", "host": "elsewhere", "pid": 1}
    return LeaseHolder(**(told | {"id": "another"} | changes))


def put(sandbox: Sandbox, written: LeaseHolder, *, overwrite: bool = False) -> int:
    answer = sandbox.client("ssm").put_parameter(
        Name=NAME, Value=msgspec.json.encode(written).decode(), Type="String", Overwrite=overwrite
    )
    return int(answer["Version"])


def lost(call: str = "PutParameter", **how: Any) -> Fault:
    return Fault(service="ssm", operation=call, **({"reset": True, "applied": True} | how))


def interposed(monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Let something happen once, after the next look at the lease."""
    read, done = lease.read, Event()

    def slow(*arguments: Any) -> HeldLease | None:
        held = read(*arguments)
        if not done.is_set():
            done.set()
            then()
        return held

    monkeypatch.setattr(lease, "read", slow)


def there(aws: Aws) -> HeldLease:
    held = lease.of_image(aws.in_region(REGION), IMAGE)
    assert held
    return held


class TestTaking:
    def test_a_lease_is_there_from_its_taking_to_its_end(self, aws: Aws) -> None:
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            mine.check()
            assert (there(aws).holder.build, there(aws).holder.by) == ("mine", aws.caller)
        assert lease.of_image(aws.in_region(REGION), IMAGE) is None

    @pytest.mark.parametrize("clock", [0.0, 270.0, 1e9])
    def test_the_clock_of_this_machine_takes_nothing_over(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, clock: float
    ) -> None:
        put(sandbox, someone())
        only = SimpleNamespace(clock_gettime=lambda _: clock, sleep=lambda _: None)
        monkeypatch.setattr(lease, "time", only)  # what else it has is not asked
        with pytest.raises(RefusedError, match=r"theirs by arn on elsewhere .* seen \d s ago"):
            Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()
        assert there(aws).holder.build == "theirs"

    def test_a_lease_lapses_by_the_clock_of_aws(
        self, aws: Aws, sandbox: Sandbox, aged: Callable[[float | None], None]
    ) -> None:
        put(sandbox, someone())
        aged(lease.LAPSES_S - 5)
        with pytest.raises(RefusedError, match=r"seen 23\d s ago"):
            Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()
        aged(lease.LAPSES_S + 5)
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            mine.check()

    def test_without_a_date_of_aws_nothing_is_taken_over(
        self, aws: Aws, sandbox: Sandbox, aged: Callable[[float | None], None]
    ) -> None:
        put(sandbox, someone())
        aged(None)
        with pytest.raises(RefusedError, match="seen some time ago") as refused:
            Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()
        assert f"delete-parameter --region {REGION} --name {NAME}" in refused.value.fix

    def test_a_dead_process_of_this_machine_is_taken_over_at_once(
        self, aws: Aws, sandbox: Sandbox
    ) -> None:
        put(sandbox, someone(process=dead()))
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            mine.check()

    def test_neither_host_name_nor_pid_prove_anything(self, aws: Aws, sandbox: Sandbox) -> None:
        old = {"build": "old", "by": "arn", "host": socket.gethostname(), "pid": os.getpid()}
        sandbox.client("ssm").put_parameter(Name=NAME, Value=json.dumps(old), Type="String")
        with pytest.raises(RefusedError, match="build old by arn"):
            Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()

    def test_an_earlier_lease_of_this_process_that_could_not_be_ended_is_no_obstacle(
        self, aws: Aws, sandbox: Sandbox
    ) -> None:
        with sandbox.fail(Fault(service="ssm", operation="DeleteParameter", code="Nope")):
            with Lease(aws.in_region(REGION), IMAGE, "first"):
                pass
            assert there(aws).lapsed
        with Lease(aws.in_region(REGION), IMAGE, "second") as second:
            second.check()

    def test_two_of_one_process_do_not_bake_at_once(self, aws: Aws) -> None:
        with (
            Lease(aws.in_region(REGION), IMAGE, "first") as first,
            pytest.raises(RefusedError, match="build first"),
        ):
            Lease(aws.in_region(REGION), IMAGE, "second").__enter__()
        first_is_over = lease.of_image(aws.in_region(REGION), IMAGE)
        assert first_is_over is None
        with pytest.raises(LeaseLostError, match="deleted"):
            first.check()

    @pytest.mark.parametrize("before", [(), (someone(process=dead()),)], ids=["free", "dead"])
    def test_a_lease_whose_taking_was_not_answered_is_ones_own(
        self, aws: Aws, sandbox: Sandbox, before: tuple[LeaseHolder, ...]
    ) -> None:
        for one in before:
            put(sandbox, one)
        aws = Aws(region=REGION)
        with (
            pytest.MonkeyPatch.context() as patch,
            sandbox.fail(lost(times=1)) as fault,
        ):
            patch.setattr(session, "ATTEMPTS", 3)
            with Lease(Aws(region=REGION).in_region(REGION), IMAGE, "mine") as mine:
                assert fault.hits == 1
                mine.check()
                assert there(aws).holder.build == "mine"
        assert lease.of_image(aws.in_region(REGION), IMAGE) is None

    def test_a_lease_that_was_written_without_any_answer_is_given_back(
        self, aws: Aws, sandbox: Sandbox
    ) -> None:
        with sandbox.fail(lost()), pytest.raises(AwsError, match="taking the right to bake"):
            Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()
        assert lease.of_image(aws.in_region(REGION), IMAGE) is None

    def test_a_lease_that_cannot_be_taken_or_read_is_an_error(
        self, aws: Aws, sandbox: Sandbox
    ) -> None:
        with sandbox.fail(Fault(service="ssm", operation="*", code="AccessDeniedException")):
            with pytest.raises(AwsError, match="taking the right to bake"):
                Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()
            with pytest.raises(AwsError, match="AccessDenied"):
                lease.of_image(aws.in_region(REGION), IMAGE)

    def test_a_lease_that_ends_while_it_is_looked_at_is_taken(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(sandbox, someone())
        read = lease.read

        def gone(*arguments: Any) -> HeldLease | None:
            sandbox.client("ssm").delete_parameter(Name=NAME)
            monkeypatch.setattr(lease, "read", read)
            return read(*arguments)

        monkeypatch.setattr(lease, "read", gone)
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            mine.check()

    def test_leases_that_come_and_go_are_no_endless_loop(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(sandbox, someone())
        monkeypatch.setattr(lease, "read", lambda *_: None)
        with pytest.raises(RefusedError, match="begin and end right now"):
            Lease(aws.in_region(REGION), IMAGE, "mine").__enter__()


class TestSeveralAtOnce:
    def test_of_two_that_take_over_a_dead_lease_the_first_one_holds_it(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(sandbox, someone(process=dead()))
        first = Lease(aws.in_region(REGION), IMAGE, "first")
        interposed(monkeypatch, first.__enter__)
        with pytest.raises(RefusedError, match="another process has just taken over"):
            Lease(aws.in_region(REGION), IMAGE, "second").__enter__()
        first.check()
        assert there(aws).holder.build == "first"  # although the last version is the second's
        with pytest.raises(RefusedError, match="build first"):
            Lease(aws.in_region(REGION), IMAGE, "third").__enter__()
        first.__exit__(None, None, None)
        assert lease.of_image(aws.in_region(REGION), IMAGE) is None

    def test_a_lease_that_was_swept_while_it_was_taken_over_is_held(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(sandbox, someone(process=dead()))
        interposed(monkeypatch, lambda: sandbox.client("ssm").delete_parameter(Name=NAME))
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            mine.check()

    def test_a_renewal_after_a_takeover_does_not_win_it_back(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, sleep: Any
    ) -> None:
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            sleep(lease.LAPSES_S)
            interposed(monkeypatch, lambda: put(sandbox, someone(claims=2), overwrite=True))
            with pytest.raises(LeaseLostError, match="build theirs by arn on elsewhere"):
                mine.check()
            assert there(aws).version == 3
            assert there(aws).holder.build == "theirs"
        assert there(aws).holder.build == "theirs"


class TestKeeping:
    def test_a_lease_is_renewed(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lease, "RENEW_S", 0.01)
        with Lease(aws.in_region(REGION), IMAGE, "mine"):
            while there(aws).version < 3:
                pass

    def test_a_renewal_whose_answer_was_lost_loses_nothing(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, sleep: Any
    ) -> None:
        monkeypatch.setattr(session, "ATTEMPTS", 3)
        with Lease(Aws(region=REGION).in_region(REGION), IMAGE, "mine") as mine:
            sleep(lease.LAPSES_S)
            with sandbox.fail(lost(times=1)):
                mine.check()
            assert there(aws).version == 3
            mine.check()

    @pytest.mark.parametrize("how", ["taken over", "by an old goldenami", "deleted", "made anew"])
    def test_a_lost_lease_is_neither_used_nor_renewed_nor_deleted(
        self, aws: Aws, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        monkeypatch.setattr(lease, "RENEW_S", 0.01)
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            with mine._lock:
                if how in ("deleted", "made anew"):
                    sandbox.client("ssm").delete_parameter(Name=NAME)
                if how != "deleted":
                    version = 1 if how == "made anew" else there(aws).version + 1
                    claims = None if how == "by an old goldenami" else version
                    put(sandbox, someone(claims=claims), overwrite=True)
            mine._renewing.join()
            for _ in range(2):
                with pytest.raises(LeaseLostError, match="deleted" if how == "deleted" else "arn"):
                    mine.check()
        held = lease.of_image(aws.in_region(REGION), IMAGE)
        assert (held and held.holder.build) == (None if how == "deleted" else "theirs")

    def test_what_is_not_known_everywhere_yet_is_not_lost(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            answers = iter([None])
            read = lease.read
            monkeypatch.setattr(lease, "read", lambda *where: next(answers, read(*where)))
            mine.check()


class TestWithoutAnAnswer:
    @pytest.mark.parametrize(
        "fault",
        [
            {"reset": True}, {"code": "InternalServerError", "status": 500},
            {"code": "ThrottlingException"},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_lease_is_ones_own_as_long_as_nobody_can_take_it(
        self, aws: Aws, sandbox: Sandbox, sleep: Any, fault: dict[str, Any]
    ) -> None:
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            with sandbox.fail(lost("*", applied=False, **{"reset": False, **fault})):
                sleep(lease.LAPSES_S - lease.MARGIN_S - 20)
                mine.check()
                sleep(25)
                with pytest.raises(LeaseLostError, match="could not be renewed in time"):
                    mine.check()
            mine.check()  # nobody has taken it

    def test_the_time_that_the_question_takes_counts(
        self, aws: Aws, sandbox: Sandbox, sleep: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Lease(aws.in_region(REGION), IMAGE, "mine") as mine:
            read = lease.read

            def slow(*where: Any) -> HeldLease | None:
                sleep(lease.LAPSES_S)
                return read(*where)

            monkeypatch.setattr(lease, "read", slow)
            with sandbox.fail(lost("GetParameter")), pytest.raises(LeaseLostError, match="in time"):
                mine.check()

    def test_a_refusal_is_no_confirmation(self, aws: Aws, sandbox: Sandbox) -> None:
        denied = Fault(service="ssm", operation="GetParameter", code="AccessDeniedException")
        with (
            Lease(aws.in_region(REGION), IMAGE, "mine") as mine,
            sandbox.fail(denied),
            pytest.raises(AwsError, match="AccessDenied"),
        ):
            mine.check()


def test_what_has_lapsed_is_removed_unless_somebody_has_just_taken_it(
    aws: Aws, sandbox: Sandbox
) -> None:
    told: list[str] = []

    def doing(version: int) -> ActionContext:
        return ActionContext(
            regional=aws.in_region(REGION), summary="delete", cancelled=Event(),
            progress=told.append, parameters={"Name": NAME, "Version": version},
        )  # fmt: skip

    put(sandbox, someone())
    put(sandbox, someone(build="later", claims=2), overwrite=True)
    lease.remove(doing(1))
    assert there(aws).holder.build == "later"
    assert told == ["left alone: build later by arn on elsewhere (process 1) has just taken it"]
    lease.remove(doing(2))
    assert lease.of_image(aws.in_region(REGION), IMAGE) is None


@pytest.mark.parametrize("date", [None, "soon", "Wed, 25 Nov 2026 10:00:00 -0000"])
def test_a_date_that_says_no_moment_is_none(date: str | None) -> None:
    assert Response(headers={"date": date} if date else {}).date is None


def test_another_holder_is_another_id(aws: Aws) -> None:
    assert lease_holder.new(aws, "b").id != lease_holder.new(aws, "b").id
    assert structs.replace(someone(), claims=2).holds(2)
    assert not someone(claims=2).holds(3)
