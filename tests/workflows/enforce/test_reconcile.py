"""Parts put together: what is made first, and what is taken away."""

from goldenami.domain.plan import Action
from goldenami.workflows.enforce.interface import MechanismPlan, joined
from goldenami.workflows.enforce.reconcile import begun_after, in_order, replaced


def steps(*ids: str) -> tuple[Action, ...]:
    return in_order([Action(id=one, summary=one, call=one, region="us-east-1") for one in ids])


def order(actions: tuple[Action, ...]) -> dict[str, tuple[str, ...]]:
    return {one.id: one.after for one in actions}


KEPT, DROPPED = (
    MechanismPlan(actions=steps("make", "attach")),
    MechanismPlan(removals=steps("detach", "delete")),
)


def test_steps_wait_for_those_before_them() -> None:
    assert order(steps("a", "b", "c")) == {"a": (), "b": ("a",), "c": ("b",)}


def test_what_is_taken_away_waits_for_everything_else() -> None:
    both = replaced(KEPT, DROPPED, room=True)
    assert order(begun_after(both.actions, both.removals)) == {
        "detach": ("make", "attach"),
        "delete": ("detach",),
    }


def test_without_room_it_goes_first() -> None:
    both = replaced(KEPT, DROPPED, room=False)
    assert both.removals == ()
    assert order(both.actions) == {
        "detach": (),
        "delete": ("detach",),
        "make": ("detach", "delete"),
        "attach": ("make",),
    }


def test_a_note_of_several_parts_is_told_once() -> None:
    part = MechanismPlan(notes=("n",), problems=("p",))
    both = joined([part, part])
    assert (both.notes, both.problems) == (("n",), ("p", "p"))
