"""The executor: order, parallelism, undo, adoption. Handlers stand in for AWS at its seam."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.aws.session import Aws
from goldenami.aws.waits import Doing
from goldenami.domain.plan import Action, Happened, Plan, Ref
from goldenami.errors import BakeError, GoldenamiError
from goldenami.workflows.execute import Execution


def action(name: str, **fields: Any) -> Action:
    given: dict[str, Any] = {"call": "do", "region": "us-east-1", "summary": name, **fields}
    return Action(id=name, **given)


def run(
    actions: list[Action],
    handler: Callable[[Doing], Mapping[str, Any]],
    told: Callable[[Happened], None] = lambda _: None,
) -> Mapping[str, Mapping[str, Any]]:
    execution = Execution(Aws(region="us-east-1"), handlers={"do": handler}, tell=told)
    return execution.run(Plan(title="a plan", actions=tuple(actions)))


@given(st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=10))
def test_every_action_runs_once_and_after_what_it_waits_for(after: list[set[int]]) -> None:
    actions = [
        action(str(number), after=tuple(str(one) for one in sorted(before) if one < number))
        for number, before in enumerate(after)
    ]
    order: list[str] = []
    lock = threading.Lock()

    def note(doing: Doing) -> dict[str, Any]:
        with lock:
            order.append(doing.summary)
        return {}

    run(actions, note)
    assert sorted(order) == sorted(one.id for one in actions)
    for one in actions:
        assert all(order.index(before) < order.index(one.id) for before in one.after)


def test_actions_that_wait_for_nothing_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(_: Doing) -> dict[str, Any]:
        both.wait()
        return {}

    assert set(run([action("a"), action("b")], meet)) == {"a", "b"}


def test_outputs_reach_the_actions_that_refer_to_them() -> None:
    def echo(doing: Doing) -> dict[str, Any]:
        return {"ids": ["x", "y"], "got": doing.parameters.get("ids")}

    results = run(
        [action("a"), action("b", after=("a",), parameters={"ids": ["w", Ref("a", "ids")]})], echo
    )
    assert results["b"]["got"] == ["w", "x", "y"]


def test_a_failure_stops_what_comes_after_it_and_nothing_else() -> None:
    done: list[str] = []

    def fail_a(doing: Doing) -> dict[str, Any]:
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

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
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

    def _do(self, doing: Doing) -> dict[str, Any]:
        return {"instance_id": f"i-{doing.summary}"}

    def _fail(self, _: Doing) -> dict[str, Any]:
        raise BakeError("broken", fix="mend it")

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
    assert undoing.told[-2:] == ["undone b", "undone a"]


def test_what_a_later_action_settled_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    undoing = Undoing(monkeypatch)
    undoing.fails(
        launch("a"),
        action("ready", after=("a",), settles=("a",)),
        action("end", call="fail", after=("ready",)),
    )
    assert undoing.undone == []


def test_what_cannot_be_undone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    refused = ClientError(
        {"Error": {"Code": "OperationNotPermitted", "Message": "protected"}}, "TerminateInstances"
    )
    undoing = Undoing(monkeypatch, refused)
    error = undoing.fails(launch("a"), action("end", call="fail", after=("a",)))
    assert "LEFT BEHIND: a: i-a" in error.notes[0]
    assert "protected" in error.notes[0]
    assert undoing.told[-1] == "left a"


def test_what_is_gone_already_counts_as_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    gone = ClientError(
        {"Error": {"Code": "InvalidInstanceID.NotFound", "Message": "gone"}}, "TerminateInstances"
    )
    undoing = Undoing(monkeypatch, gone)
    error = undoing.fails(launch("a"), action("end", call="fail", after=("a",)))
    assert error.notes == ("undone: a: i-a",)
