"""Signals while a plan is carried out: nothing is lost, nothing is silent, nothing holds it up."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from goldenami.aws.action import ActionContext, Handler
from goldenami.aws.session import Aws
from goldenami.domain.plan import Action, Happened, Plan, Ref
from goldenami.errors import BakeError, GoldenamiError, InterruptedRunError
from goldenami.workflows.execution import Execution
from goldenami.workflows.interrupts import Interrupts

NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _dispositions() -> Iterator[None]:
    """Have every signal raise, as the command line does."""
    before = {one: signal.signal(one, signal.default_int_handler) for one in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def action(name: str, **fields: Any) -> Action:
    given: dict[str, Any] = {"call": "do", "region": "us-east-1", "summary": name, **fields}
    return Action(id=name, **given)


def made(name: str, **fields: Any) -> Action:
    undo = action(f"undo-{name}", call="undo", parameters={"id": Ref(name, "id")})
    return action(name, undo=undo, **fields)


class Stage:
    """A plan's run whose actions press Ctrl-C, and wait until that was noticed."""

    def __init__(self, number: signal.Signals = signal.SIGINT) -> None:
        self.number = number
        self.calls: list[str] = []
        self.told: list[str] = []
        self.noticed = threading.Event()
        self.for_ever = threading.Event()
        self.stuck = threading.Event()
        self.interrupts = Interrupts()

    def run(self, *actions: Action, handlers: Mapping[str, Any]) -> InterruptedRunError:
        execution = Execution(
            Aws(region="us-east-1"),
            handlers={"do": self.do, "undo": self.undo, "fail": self.fail, **handlers},
            tell=self.tell,
            interrupts=self.interrupts,
        )
        with self.interrupts, pytest.raises(InterruptedRunError) as ended:
            execution.attempt(Plan(title="a plan", actions=actions))
        self.for_ever.set()
        return ended.value

    def tell(self, happened: Happened) -> None:
        self.told.append(f"{happened.kind} {happened.action.id} {happened.text}".strip())
        if happened.kind == "interrupted":
            self.noticed.set()

    def press(self) -> None:
        os.kill(os.getpid(), self.number)

    def do(self, doing: ActionContext) -> dict[str, Any]:
        self.calls.append(doing.summary)
        return {"id": f"i-{doing.summary}"}

    def undo(self, doing: ActionContext) -> dict[str, Any]:
        self.calls.append(doing.summary)
        return {}

    def fail(self, _: ActionContext) -> dict[str, Any]:
        raise BakeError("it is broken")

    def at(self, summary: str, press: Handler) -> Handler:
        return lambda doing: press(doing) if doing.summary == summary else self.undo(doing)

    def press_once(self, doing: ActionContext) -> dict[str, Any]:
        self.calls.append(doing.summary)
        self.press()
        assert self.noticed.wait(10)
        return {"id": f"i-{doing.summary}"}

    def press_twice_and_hang(self, doing: ActionContext) -> dict[str, Any]:
        self.press_once(doing)
        self.press()
        self.for_ever.wait()
        return {"id": "never"}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda one: one.name)
def test_a_signal_lets_what_is_under_way_end_and_begins_nothing_more(
    number: signal.Signals,
) -> None:
    stage = Stage(number)
    error = stage.run(
        made("a"),
        made("b", after=("a",), call="press"),
        made("c", after=("b",)),
        handlers={"press": stage.press_once},
    )
    assert stage.calls == ["a", "b"]
    assert error.exit_code == 130
    assert error.notes == ("kept: a: i-a", "kept: b: i-b")
    assert any("interrupt again to end at once" in one for one in stage.told)


def test_a_second_signal_ends_at_once_and_names_what_was_under_way() -> None:
    stage = Stage()
    error = stage.run(
        made("a"),
        made("b", after=("a",), call="hang"),
        handlers={"hang": stage.press_twice_and_hang},
    )
    assert error.notes == ("kept: a: i-a", "not known: b in us-east-1")


def test_waits_are_cancelled_by_a_signal_and_named() -> None:
    stage = Stage()

    def wait(doing: ActionContext) -> dict[str, Any]:
        stage.press()
        assert doing.cancelled.wait(10)
        raise BakeError("stopped while waiting for i-a")

    error = stage.run(
        made("a"), action("w", after=("a",), call="wait:x"), handlers={"wait:x": wait}
    )
    assert error.notes == ("stopped: stopped while waiting for i-a", "kept: a: i-a")


def test_a_failure_before_a_signal_is_kept_in_the_notes_and_nothing_is_undone() -> None:
    stage = Stage()
    failed = threading.Event()

    def fail(_: ActionContext) -> dict[str, Any]:
        failed.set()
        raise BakeError("it is broken")

    def press(doing: ActionContext) -> dict[str, Any]:
        assert failed.wait(10)
        while "failed f it is broken" not in stage.told:
            stage.for_ever.wait(0.001)
        return stage.press_once(doing)

    error = stage.run(
        made("a"),
        action("f", after=("a",), call="fail"),
        action("p", after=("a",), call="press"),
        handlers={"fail": fail, "press": press},
    )
    assert "undo" not in str(stage.calls)
    assert error.notes[-1] == "kept: a: i-a"
    assert "it is broken" in error.notes[0]


def test_an_undo_is_finished_in_spite_of_a_signal() -> None:
    stage = Stage()
    error = stage.run(
        made("a"),
        made("b", after=("a",)),
        action("f", after=("b",), call="fail"),
        handlers={"undo": stage.at("undo-b", stage.press_once)},
    )
    assert stage.calls[-2:] == ["undo-b", "undo-a"]
    assert error.notes == ("failed before: it is broken", "undone: b: i-b", "undone: a: i-a")
    assert isinstance(error.__cause__, BakeError)
    assert "interrupted b interrupted: the undo is carried on; interrupt again to end at once" in (
        stage.told
    )


def test_a_second_signal_in_the_undo_names_what_is_left_and_what_is_not_known() -> None:
    stage = Stage()
    error = stage.run(
        made("a"),
        made("b", after=("a",)),
        made("c", after=("b",)),
        action("f", after=("c",), call="fail"),
        handlers={"undo": stage.at("undo-b", stage.press_twice_and_hang)},
    )
    assert error.notes == (
        "failed before: it is broken",
        "undone: c: i-c",
        "not known whether undone: b: i-b",
        "LEFT BEHIND: a: i-a",
    )


def test_a_thread_that_was_left_behind_has_nothing_more_to_say() -> None:
    stage = Stage()

    def hang(doing: ActionContext) -> dict[str, Any]:
        stage.press_twice_and_hang(doing)
        doing.progress("still there")
        stage.stuck.set()
        return {}

    stage.run(made("b", call="hang"), handlers={"hang": hang})
    assert stage.stuck.wait(10)
    assert not [one for one in stage.told if "still there" in one]


def test_a_signal_before_a_plan_begins_leaves_it_alone() -> None:
    stage = Stage()
    stage.interrupts.count = 1
    error = stage.run(made("a"), handlers={})
    assert (stage.calls, error.notes) == ([], ())


def test_nothing_is_left_of_the_handlers_afterwards() -> None:
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.count == 1
    for number in NUMBERS:
        assert signal.getsignal(number) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGHUP)


def test_what_was_to_be_ignored_is_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGHUP)
    assert interrupts.count == 0
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_in_another_thread_there_are_no_signals() -> None:
    counted: list[int] = []

    def count() -> None:
        with Interrupts() as interrupts:
            counted.append(interrupts.wait_for(lambda: 7))

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    assert counted == [7]


def test_what_is_waited_for_answers_or_raises() -> None:
    def fail() -> None:
        raise GoldenamiError("no")

    with Interrupts() as interrupts:
        assert interrupts.wait_for(lambda: None) is None
        with pytest.raises(GoldenamiError, match="no"):
            interrupts.wait_for(fail)


@pytest.mark.parametrize("patience", [1, 2])
def test_what_is_waited_for_is_given_up_with_so_many_signals(patience: int) -> None:
    for_ever = threading.Event()

    interrupts = Interrupts()

    def hang() -> None:
        for pressed in range(patience):
            os.kill(os.getpid(), signal.SIGINT)
            while interrupts.count <= pressed:  # two at once may be delivered as one
                for_ever.wait(0.001)
        for_ever.wait()

    with interrupts, pytest.raises(KeyboardInterrupt):
        interrupts.wait_for(hang, patience=patience)
    for_ever.set()
