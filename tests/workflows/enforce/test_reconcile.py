"""The engine: which steps lead from what there is to what there should be, and in which order."""

from itertools import pairwise
from typing import Any, cast

import pytest

from goldenami.aws.kept_policy import KeptPolicy
from goldenami.domain import tags
from goldenami.domain.plan import Action
from goldenami.iam.render import PolicyDocument
from goldenami.spec.enforcement import Enforce
from goldenami.workflows.enforce import managed_policies
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan, joined
from goldenami.workflows.enforce.reconcile import (
    Comparison,
    begun_after,
    in_order,
    replaced,
)

KEY = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
DOCUMENT = PolicyDocument("guardrail", {"Version": "2012-10-17", "Statement": []})
OTHER = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]}


def context(**changes: Any) -> EnforceContext:
    facts = {
        "aws": cast("Any", None), "region": "us-east-1", "enforce": Enforce(), "name": "web",
        "policies": dict, "owners": (), "remove": False, "take_over": False, "tags": {},
    }  # fmt: skip
    return EnforceContext(**{**facts, **changes})


def current(*, holders: Any = ("admins",), **changes: Any) -> KeptPolicy:
    facts: dict[str, Any] = {
        "key": KEY, "reference": KEY, "document": DOCUMENT.policy,
        "tags": {tags.POLICY: "guardrail", tags.ENFORCED_BY: "web"}, "holders": {"group": holders},
    }  # fmt: skip
    return KeptPolicy(**{**facts, **changes})


def planned(policy: KeptPolicy | None, *, desired: bool = True, **changes: Any) -> MechanismPlan:
    facts: dict[str, Any] = {
        "desired": {KEY: DOCUMENT} if desired else {},
        "current": {policy.key: policy} if policy else {},
        "holders": ("admins",),
        "in_use": True,
    }
    facts |= {"operations": managed_policies.GROUPS, "context": context()}
    return Comparison(**{**facts, **changes}).plan()


def calls(actions: tuple[Action, ...]) -> list[str]:
    assert all(later.after == (action.id,) for action, later in pairwise(actions))
    return [action.call.partition(":")[2] for action in actions]


class TestTheEngine:
    def test_nothing_is_done_about_what_is_as_it_should_be(self) -> None:
        plan = planned(current())
        assert (plan.actions, plan.removals) == ((), ())
        assert [change.kind for change in plan.changes] == ["keep"]

    def test_what_is_missing_is_made_attached_and_read_back(self) -> None:
        plan = planned(None)
        assert calls(plan.actions) == ["CreatePolicy", "AttachGroupPolicy", "policy"]
        assert [change.kind for change in plan.changes] == ["create"]
        assert plan.attachments[0].document == DOCUMENT.policy

    def test_the_oldest_version_goes_before_the_new_one(self) -> None:
        plan = planned(current(document=OTHER, prunable=("v1",)))
        assert calls(plan.actions) == ["DeletePolicyVersion", "CreatePolicyVersion", "policy"]
        assert [change.kind for change in plan.changes] == ["update"]

    def test_a_new_holder_is_bound_before_an_old_one_is_freed(self) -> None:
        plan = planned(
            current(holders=("old",)),
            operations=managed_policies.BOUNDARIES,
            holders=("new",),
        )
        assert calls(plan.actions) == [
            "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "policy",
        ]  # fmt: skip
        assert plan.changes[0].attach == ("role new",)
        assert plan.changes[0].detach == ("role old",)
        assert [attachment.document for attachment in plan.attachments] == [DOCUMENT.policy, None]

    def test_what_is_no_longer_desired_is_detached_and_deleted_with_its_versions(self) -> None:
        plan = planned(current(superseded=("v1", "v2")), desired=False)
        assert plan.actions == ()
        assert calls(plan.removals) == [
            "DetachGroupPolicy", "DeletePolicyVersion", "DeletePolicyVersion", "DeletePolicy",
        ]  # fmt: skip

    def test_what_is_attached_elsewhere_too_is_detached_and_stays(self) -> None:
        plan = planned(current(elsewhere=("user ann",)), desired=False)
        assert calls(plan.removals) == ["DetachGroupPolicy"]
        (change,) = plan.changes
        assert (change.kind, change.diff) == ("keep", "it stays attached to user ann")

    def test_what_somebody_else_made_is_neither_changed_nor_taken_away(self) -> None:
        foreign = current(tags={})
        assert planned(foreign, desired=False) == MechanismPlan()
        (problem,) = planned(foreign).problems
        assert (
            problem
            == f"{KEY} exists and was not made by goldenami (it has no tag goldenami:policy)"
        )

    @pytest.mark.parametrize("take_over", [False, True])
    def test_what_another_enforcement_attached_is_refused_or_taken_over(
        self, *, take_over: bool
    ) -> None:
        policy = current(tags={tags.POLICY: "guardrail", tags.ENFORCED_BY: "db"})
        plan = planned(policy, context=context(take_over=take_over))
        assert bool(plan.problems) is not take_over
        assert calls(plan.actions) == ["TagPolicy", "policy"]
        surplus = planned(policy, desired=False, context=context(take_over=take_over))
        assert bool(surplus.others) is not take_over

    def test_that_a_proof_failed_is_recorded_and_taken_back(self) -> None:
        record = {tags.UNPROVED: "1 accepted"}
        assert calls(planned(current(), context=context(tags=record)).actions)[0] == "TagPolicy"
        marked = current(tags={**current().tags, **record})
        assert calls(planned(marked).actions)[0] == "UntagPolicy"
        assert planned(marked, context=context(tags=record)).actions == ()

    def test_what_is_full_is_refused_unless_something_of_ours_goes(self) -> None:
        theirs = {"admins": ["theirs"]}
        (problem,) = planned(None, attached=theirs, quota=1).problems
        assert problem == "group admins would have 2 managed policies, of 1 allowed"
        old = current(key="old", reference="old")
        plan = planned(None, current={"old": old}, attached={"admins": ["old"]}, quota=1)
        assert (plan.problems, plan.removals) == ((), ())
        assert plan.actions[0].call == "iam:DetachGroupPolicy"


def steps(*ids: str) -> tuple[Action, ...]:
    return in_order([Action(id=name, summary=name, call=name, region="us-east-1") for name in ids])


def order(actions: tuple[Action, ...]) -> dict[str, tuple[str, ...]]:
    return {action.id: action.after for action in actions}


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
