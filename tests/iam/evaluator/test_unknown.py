"""What is unknown: never taken for either truth, and nothing certain ever hangs on it."""

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldenami.iam.evaluator.decide import Decision, Level, Outcome, Policies, decide
from goldenami.iam.evaluator.document import Policy, compile_policy, policy_in_force
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.evaluator.truth import Truth, Unknown, all_of, any_of, opposite

BOB = Principal.from_arn("arn:aws:iam::123456789012:user/bob", tags={"team": "x"})
IMAGE = "arn:aws:ec2:us-east-1::image/ami-1"
UNKNOWN = {"Bool": {"ec2:IsNewHere": "true"}}
"""A condition on a key that EC2 may have added since: nobody knows whether it holds."""
KEY = "ec2:Owner"

truths = st.sampled_from([True, False, Unknown("?")])


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **more}


def deny(**more: Any) -> dict[str, Any]:
    return allow(Effect="Deny", **more)


def policy(statements: list[dict[str, Any]]) -> Policy:
    """Compile statements; a level that has none has one about nothing."""
    listed = statements or [deny(Action="none:*")]
    return compile_policy("policy", {"Version": "2012-10-17", "Statement": listed})


def ask(principal: Principal = BOB, context: dict[str, str] | None = None) -> Request:
    return Request(
        principal=principal, action="ec2:RunInstances", resource=IMAGE, context=context or {}
    )


def test_the_unknown_is_never_taken_for_true_or_false() -> None:
    with pytest.raises(TypeError, match="neither true nor false: because"):
        bool(Unknown("because"))


@given(st.lists(truths, max_size=4))
def test_a_certain_whole_is_the_same_whatever_its_unknown_parts_are(parts: list[Truth]) -> None:
    choices = product(*[[part] if isinstance(part, bool) else [True, False] for part in parts])
    completed = list(choices)
    for whole, plain in ((any_of, any), (all_of, all)):
        possible = {plain(part) for part in completed}
        truth = whole(parts)
        assert isinstance(truth, Unknown) if len(possible) == 2 else {truth} == possible


def test_the_opposite_of_the_unknown_is_unknown() -> None:
    unknown = Unknown("?")
    assert opposite(unknown) is unknown
    assert (opposite(True), opposite(False)) == (False, True)


statements = st.tuples(st.booleans(), st.sampled_from([True, False, None]))
"""Whether a statement allows, and whether it holds; None if nobody knows."""
several = st.lists(statements, max_size=3)


def written(listed: list[tuple[bool, bool | None]]) -> Policy:
    return policy([
        {
            "Effect": "Allow" if allows else "Deny",
            "Action": "*" if holds is not False else "none:*",
            "Resource": "*",
            **({"Condition": UNKNOWN} if holds is None else {}),
        }
        for allows, holds in listed
    ])  # fmt: skip


def decided(layers: list[list[tuple[bool, bool | None]]]) -> Decision:
    identity, boundary, root, unit, session = map(written, layers)
    policies = Policies(
        identity=(identity,),
        boundary=boundary,
        scps=(Level("root", (root,)), Level("unit", (unit,))),
        session=(session,),
    )
    return decide(policies, ask())


@given(st.lists(several, min_size=5, max_size=5))
def test_an_outcome_is_unknown_just_where_it_hangs_on_an_unknown_statement(
    layers: list[list[tuple[bool, bool | None]]],
) -> None:
    """Each unknown statement is replaced by one that holds, and by one that does not."""
    decision = decided(layers)
    places = [
        (i, j)
        for i, layer in enumerate(layers)
        for j, (_, holds) in enumerate(layer)
        if holds is None
    ]
    assume(len(places) <= 6)
    outcomes = set()
    for choice in product([True, False], repeat=len(places)):
        chosen = dict(zip(places, choice, strict=True))
        completed = [
            [(allows, chosen.get((i, j), holds)) for j, (allows, holds) in enumerate(layer)]
            for i, layer in enumerate(layers)
        ]
        outcomes.add(decided(completed).outcome)
    allowed = {outcome is Outcome.ALLOWED for outcome in outcomes}
    if decision.outcome is Outcome.UNKNOWN:
        assert allowed == {True, False}
    else:
        assert allowed == {decision.allowed}
        assert outcomes == {decision.outcome} or decision.doubts


values = st.sampled_from(["x", "y", "x*", "", "${ec2:Owner}", "${ec2:Owner, 'x'}", "a${ec2:Owner}"])
operators = st.builds(
    lambda quantifier, name, suffix: quantifier + name + suffix,
    st.sampled_from(["", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]),
    st.sampled_from(["", "IfExists"]),
) | st.just("Null")


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    operator = draw(operators)
    key = draw(st.sampled_from([KEY, "aws:PrincipalTag/team"]))
    expected = ["true"] if operator == "Null" else draw(st.lists(values, min_size=1, max_size=2))
    return {operator: {key: expected}}


resources = st.sampled_from([
    {}, {"Resource": "arn:aws:ec2:*::image/${ec2:Owner}"},
    {"Resource": "arn:aws:ec2:*::image/ami-${ec2:Owner}*"},
    {"Resource": None, "NotResource": ["arn:aws:s3:::${ec2:Owner}", "arn:aws:ec2:*::image/ami-2"]},
])  # fmt: skip


@given(st.lists(st.tuples(conditions(), resources, st.booleans()), min_size=1, max_size=3))
def test_what_is_certain_without_a_value_is_the_same_with_every_value(
    listed: list[tuple[dict[str, Any], dict[str, Any], bool]],
) -> None:
    statements = [
        {
            name: value
            for name, value in (deny if denies else allow)(Condition=block, **resource).items()
            if value is not None
        }
        for block, resource, denies in listed
    ]
    policies = Policies(identity=(policy(statements), policy([allow(Sid="All")])))
    decision = decide(policies, ask(replace(BOB, unknown=frozenset({KEY.lower()}))))
    completions = [ask(), *(ask(context={KEY: value}) for value in ("x", "y", "x*", "1", "", "z"))]
    for completed in completions:
        known = decide(policies, completed)
        if Outcome.UNKNOWN not in (decision.outcome, known.outcome):
            assert known.allowed is decision.allowed


class TestOfADocumentInForce:
    """A document that AWS has accepted, and goldenami does not understand."""

    def test_what_is_understood_is_as_ever(self) -> None:
        document = {"Version": "2012-10-17", "Statement": allow(Sid="All")}
        decision = decide(Policies(identity=(policy_in_force("p", document),)), ask())
        assert decision.outcome is Outcome.ALLOWED
        assert decision.reason == "allowed by All of p (identity-based policy)"

    @pytest.mark.parametrize(
        ("statement", "action", "outcome", "says"),
        [
            (deny(Sid="Odd", Condition={"StringResembles": {KEY: "x"}}), "ec2:RunInstances",
             Outcome.UNKNOWN, "Odd of p (identity-based policy): goldenami does not know what it "
             "says: StringResembles: ec2:Owner: `StringResembles` is no condition operator"),
            (deny(Action="s3:*", Condition={"StringResembles": {KEY: "x"}}), "ec2:RunInstances",
             Outcome.ALLOWED, ""),
            (allow(Condition={"StringResembles": {KEY: "x"}}), "ec2:RunInstances",
             Outcome.ALLOWED, ""),
            ({"Sid": "New", "Efect": "Allow"}, "ec2:RunInstances", Outcome.UNKNOWN, "New of p"),
            ("text", "ec2:RunInstances", Outcome.UNKNOWN, "#1 of p"),
        ],
    )  # fmt: skip
    def test_a_statement_that_is_not_counts_where_the_outcome_hangs_on_it(
        self, statement: Any, action: str, outcome: Outcome, says: str
    ) -> None:
        document = {"Version": "2012-10-17", "Statement": [statement, allow(Sid="All")]}
        decision = decide(Policies(identity=(policy_in_force("p", document),)), ask())
        assert decision.outcome is outcome
        assert says in decision.reason

    @pytest.mark.parametrize("document", ["{", {"Version": "2031-01-01"}, {"Statement": []}])
    def test_a_whole_document_that_is_not_may_allow_and_deny_everything(
        self, document: Any
    ) -> None:
        odd = policy_in_force("odd", document)
        alone = decide(Policies(identity=(odd,)), ask())
        assert alone.outcome is Outcome.UNKNOWN
        assert alone.reason.startswith("unknown: the document of odd (identity-based policy): ")
        beside = decide(Policies(identity=(odd, policy([allow()]))), ask())
        assert beside.outcome is Outcome.UNKNOWN
        denied = decide(Policies(identity=(odd, policy([deny()]))), ask())
        assert denied.outcome is Outcome.EXPLICIT_DENY
