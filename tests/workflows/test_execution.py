"""The executor: order, parallelism, undo, adoption. Handlers stand in for AWS at its seam."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from goldenami.aws.action import ActionContext
from goldenami.aws.parallel import WORKERS
from goldenami.aws.session import Aws
from goldenami.domain.plan import Action, Happened, Plan, Ref
from goldenami.errors import BakeError, GoldenamiError, LeaseLostError, SlowError
from goldenami.workflows.execution import Execution


def action(name: str, **fields: Any) -> Action:
    given: dict[str, Any] = {"call": "do", "region": "us-east-1", "summary": name, **fields}
    return Action(id=name, **given)


def run(
    actions: list[Action],
    handler: Callable[[ActionContext], Mapping[str, Any]],
    told: Callable[[Happened], None] = lambda _: None,
    **options: Any,
) -> Mapping[str, Mapping[str, Any]]:
    handlers = {"do": handler, **options.pop("handlers", {})}
    execution = Execution(Aws(region="us-east-1"), handlers=handlers, tell=told, **options)
    return execution.run(Plan(title="a plan", actions=tuple(actions)))


@settings(max_examples=40)
@given(st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=10))
def test_every_action_runs_once_and_after_what_it_waits_for(after: list[set[int]]) -> None:
    actions = [
        action(str(number), after=tuple(str(one) for one in sorted(before) if one < number))
        for number, before in enumerate(after)
    ]
    order: list[str] = []
    lock = threading.Lock()

    def note(doing: ActionContext) -> dict[str, Any]:
        with lock:
            order.append(doing.summary)
        return {}

    run(actions, note)
    assert sorted(order) == sorted(one.id for one in actions)
    for one in actions:
        assert all(order.index(before) < order.index(one.id) for before in one.after)


def test_actions_that_wait_for_nothing_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(_: ActionContext) -> dict[str, Any]:
        both.wait()
        return {}

    assert set(run([action("a"), action("b")], meet)) == {"a", "b"}


def test_outputs_reach_the_actions_that_refer_to_them() -> None:
    def echo(doing: ActionContext) -> dict[str, Any]:
        return {"ids": ["x", "y"], "got": doing.parameters.get("ids")}

    results = run(
        [action("a"), action("b", after=("a",), parameters={"ids": ["w", Ref("a", "ids")]})], echo
    )
    assert results["b"]["got"] == ["w", "x", "y"]


def test_a_failure_stops_what_comes_after_it_and_nothing_else() -> None:
    done: list[str] = []

    def fail_a(doing: ActionContext) -> dict[str, Any]:
        if doing.summary in ("a", "d"):
            raise BakeError(f"{doing.summary} is broken")
        done.append(doing.summary)
        return {}

    actions = [action("a"), action("b", after=("a",)), action("c"), action("d", after=("c",))]
    with pytest.raises(BakeError) as failed:
        run(actions, fail_a)
    assert done == ["c"]
    assert failed.value.message == "a is broken"
    assert "also failed: d is broken" in failed.value.notes


def test_nothing_is_called_twice_when_the_plan_is_empty() -> None:
    assert run([], lambda _: {}) == {}


class Undoing:
    """An execution whose undo calls go to a fake client at the session's seam."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception | None = None,
        failure: type[BakeError] = BakeError,
    ) -> None:
        self._failure = failure
        self.undone: list[str] = []
        self.told: list[str] = []

        class Client:
            def terminate_instances(_, **given: Any) -> dict[str, Any]:  # noqa: N805
                if error:
                    raise error
                self.undone.append(given["InstanceIds"][0])
                return {}

        aws = Aws(region="us-east-1")
        monkeypatch.setattr(aws, "client", lambda *_: Client())
        self.execution = Execution(
            aws,
            handlers={"do": self._do, "fail": self._fail},
            tell=lambda happened: self.told.append(f"{happened.kind} {happened.action.id}"),
        )

    def _do(self, doing: ActionContext) -> dict[str, Any]:
        return {"instance_id": f"i-{doing.summary}"}

    def _fail(self, _: ActionContext) -> dict[str, Any]:
        raise self._failure("broken", fix="mend it")

    def fails(self, *actions: Action) -> GoldenamiError:
        with pytest.raises(GoldenamiError) as failed:
            self.execution.run(Plan(title="a plan", actions=actions))
        return failed.value


def launch(name: str, **fields: Any) -> Action:
    undo = action(
        f"undo-{name}",
        call="ec2:TerminateInstances",
        parameters={"InstanceIds": [Ref(name, "instance_id")]},
    )
    return action(name, undo=undo, **fields)


def test_what_was_made_is_undone_in_reverse_order(monkeypatch: pytest.MonkeyPatch) -> None:
    undoing = Undoing(monkeypatch)
    error = undoing.fails(
        launch("a"), launch("b", after=("a",)), action("end", call="fail", after=("b",))
    )
    assert undoing.undone == ["i-b", "i-a"]
    assert error.notes == ("undone: b: i-b", "undone: a: i-a")
    assert undoing.told[-3:] == ["undone b", "undone a", "ended end"]


def test_what_a_later_action_settled_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    undoing = Undoing(monkeypatch)
    undoing.fails(
        launch("a"),
        action("ready", after=("a",), settles=("a",)),
        action("end", call="fail", after=("ready",)),
    )
    assert undoing.undone == []


@pytest.mark.parametrize("kind", [SlowError, BakeError])
def test_what_is_merely_slow_is_kept_with_all_that_its_end_would_settle(
    monkeypatch: pytest.MonkeyPatch, kind: type[BakeError]
) -> None:
    undoing = Undoing(monkeypatch, failure=kind)
    error = undoing.fails(
        launch("base"),
        launch("image", after=("base",)),
        launch("other"),
        action("available", call="fail", after=("image",), settles=("image",)),
        action("end", after=("later",), settles=("base",)),
        action("later", after=("available",)),
    )
    kept = ["i-image", "i-base"] if kind is SlowError else []
    assert undoing.undone == [name for name in ("i-other", "i-image", "i-base") if name not in kept]
    assert [note for note in error.notes if note.startswith("kept: ")] == [
        f"kept: {name.removeprefix('i-')}: {name}" for name in kept
    ]


def test_what_cannot_be_undone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    refused = ClientError(
        {"Error": {"Code": "OperationNotPermitted", "Message": "protected"}}, "TerminateInstances"
    )
    undoing = Undoing(monkeypatch, refused)
    error = undoing.fails(launch("a"), action("end", call="fail", after=("a",)))
    assert "LEFT BEHIND: a: i-a" in error.notes[0]
    assert "protected" in error.notes[0]
    assert undoing.told[-2:] == ["left a", "ended end"]


def test_what_is_gone_already_counts_as_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    gone = ClientError(
        {"Error": {"Code": "InvalidInstanceID.NotFound", "Message": "gone"}}, "TerminateInstances"
    )
    undoing = Undoing(monkeypatch, gone)
    error = undoing.fails(launch("a"), action("end", call="fail", after=("a",)))
    assert error.notes == ("undone: a: i-a",)


def test_no_more_actions_are_under_way_than_there_are_workers() -> None:
    under_way, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    def count(_: ActionContext) -> dict[str, Any]:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            if under_way == WORKERS:
                full.set()
        assert full.wait(10)
        with lock:
            under_way -= 1
        return {}

    actions = [action(str(number)) for number in range(WORKERS + 8)]
    assert len(run(actions, count)) == len(actions)
    assert most == WORKERS


def test_a_defect_of_a_handler_is_a_failure_like_others() -> None:
    def broken(_: ActionContext) -> dict[str, Any]:
        raise KeyError("Parameter")

    with pytest.raises(GoldenamiError, match="a: unexpected KeyError: 'Parameter'"):
        run([action("a")], broken)


class Guard:
    """Lets so many actions pass, and then the right is lost."""

    def __init__(self, passes: int, error: type[GoldenamiError] = LeaseLostError) -> None:
        self.passes = passes
        self.error = error

    def __call__(self) -> None:
        self.passes -= 1
        if self.passes < 0:
            raise self.error("another run holds the right to bake")


def chain(*actions: Action) -> list[Action]:
    """Have each action come after the one before."""
    pairs = zip(actions, ("", *(one.id for one in actions)), strict=False)
    return [structs.replace(one, after=(before,) if before else ()) for one, before in pairs]


def test_who_lost_the_right_begins_nothing_more_undoes_nothing_and_tells_what_stands() -> None:
    done: list[str] = []

    def note(doing: ActionContext) -> dict[str, Any]:
        done.append(doing.summary)
        return {"instance_id": f"i-{doing.summary}"}

    looks = [action(f"{kind}-look", call=f"{kind}:x") for kind in ("wait", "compare", "verify")]
    plan = chain(launch("a"), *looks, launch("b"), launch("c"))
    handlers = {one.call: note for one in looks}
    with pytest.raises(LeaseLostError) as lost:
        run(plan, note, guard=Guard(2), handlers=handlers)
    assert done == ["a", "wait-look", "compare-look", "verify-look", "b"]
    assert lost.value.exit_code == 4
    assert lost.value.notes == ("kept: a: i-a", "kept: b: i-b")


def test_who_loses_the_right_before_the_undo_undoes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undoing = Undoing(monkeypatch)
    undoing.execution._guard = Guard(4)
    plan = chain(launch("a"), launch("b"), action("end", call="fail"))
    error = undoing.fails(*plan)
    assert isinstance(error, LeaseLostError)
    assert undoing.undone == ["i-b"]
    assert error.notes == ("failed before: broken (fix: mend it)", "undone: b: i-b", "kept: a: i-a")


def test_a_guard_that_cannot_tell_is_a_failure_and_leaves_behind_what_it_guards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undoing = Undoing(monkeypatch)
    undoing.execution._guard = Guard(1, BakeError)
    error = undoing.fails(*chain(launch("a"), launch("b")))
    assert error.notes == ("LEFT BEHIND: a: i-a: another run holds the right to bake",)


def test_what_was_under_way_when_the_right_was_lost_is_stopped_and_named() -> None:
    lost = threading.Event()

    def guard() -> None:
        lost.set()
        raise LeaseLostError("another run holds the right to bake")

    def wait(doing: ActionContext) -> dict[str, Any]:
        assert lost.wait(10)
        assert doing.cancelled.wait(10)
        raise BakeError("stopped while waiting for i-1")

    with pytest.raises(LeaseLostError) as error:
        run([action("w", call="wait:x"), action("a")], wait, guard=guard, handlers={"wait:x": wait})
    assert error.value.notes == ("stopped: stopped while waiting for i-1",)


class Recording:
    """A journal that cannot be written."""

    trouble = ""

    def __init__(self, *, intents: bool) -> None:
        self.intents = intents

    def intent(self, _: Action) -> None:
        if not self.intents:
            raise GoldenamiError("the journal cannot be written", fix="set GOLDENAMI_STATE")

    def result(self, *_: Any) -> None:
        self.trouble = "the journal cannot be written"

    undone = failed = result


def test_a_call_whose_intent_cannot_be_written_never_goes_out() -> None:
    called: list[str] = []
    record: Any = Recording(intents=False)

    def note(doing: ActionContext) -> dict[str, Any]:
        called.append(doing.summary)
        return {}

    with pytest.raises(GoldenamiError, match="the journal cannot be written") as failed:
        run([action("a")], note, journal=record)
    assert called == []
    assert "GOLDENAMI_STATE" in failed.value.fix


def test_what_else_the_journal_misses_stops_nothing_and_is_told_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record: Any = Recording(intents=True)
    execution = Execution(
        Aws(region="us-east-1"), handlers={"do": lambda _: {"a": "b"}}, journal=record
    )
    outcome = execution.attempt(Plan(title="a plan", actions=(action("a"),)))
    assert (outcome.results["a"], outcome.error) == ({"a": "b"}, None)
    assert outcome.notes == ("the journal cannot be written",)
    undoing = Undoing(monkeypatch)
    undoing.execution._journal = record
    error = undoing.fails(launch("a"), action("end", call="fail", after=("a",)))
    assert error.notes == ("the journal cannot be written", "undone: a: i-a")
    assert undoing.undone == ["i-a"]
