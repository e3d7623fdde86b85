"""What has to be true of every policy and every request."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goldenami.errors import GoldenamiError
from goldenami.iam.evaluator.decide import Level, Outcome, Policies, decide
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.iam.evaluator.request import Principal, Request

ACCOUNT = "123456789012"
ACTIONS = ["ec2:RunInstances", "ec2:CreateTags", "ec2:DeregisterImage", "iam:PassRole"]
RESOURCES = [
    "arn:aws:ec2:us-east-1::image/ami-1",
    f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/*",
    f"arn:aws:iam::{ACCOUNT}:role/web",
]
KEYS = ["ec2:Owner", "ec2:ParentSnapshot", "ec2:ResourceTag/a", "aws:RequestTag/a"]
VALUES = ["x", "y", "X", "x*"]
STRING_OPERATORS = ["StringEquals", "StringEqualsIgnoreCase", "StringLike"]

action_patterns = st.sampled_from([*ACTIONS, "*", "ec2:*", "ec2:Run*", "EC2:CREATETAGS"])
resource_patterns = st.sampled_from([*RESOURCES, "*", "arn:aws:ec2:*::image/*", "arn:aws:iam::*:*"])


def negated(operator: str) -> str:
    return operator.replace("String", "StringNot")


operators = st.builds(
    lambda quantifier, name, wrong, suffix: (
        quantifier + (negated(name) if wrong else name) + suffix
    ),
    st.sampled_from(["", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from(STRING_OPERATORS),
    st.booleans(),
    st.sampled_from(["", "IfExists"]),
)
some_values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)
blocks = st.dictionaries(
    operators, st.dictionaries(st.sampled_from(KEYS), some_values, min_size=1, max_size=2),
    max_size=2,
)  # fmt: skip


effects = st.sampled_from(["Allow", "Deny"])
either_action, either_resource = (
    st.sampled_from([name, f"Not{name}"]) for name in ("Action", "Resource")
)
actions_of = st.lists(action_patterns, min_size=1, max_size=3)
resources_of = st.lists(resource_patterns, min_size=1, max_size=3)


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Effect": effect or draw(effects),
        draw(either_action): draw(actions_of),
        draw(either_resource): draw(resources_of),
    }
    if block := draw(blocks):
        found["Condition"] = block
    return found


requests = st.builds(
    lambda action, resource, context: Request(
        principal=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/bob"),
        action=action,
        resource=resource,
        context=context,
    ),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
)
several = st.lists(statements(), min_size=1, max_size=5)


def compiled(*listed: dict[str, Any]) -> Policy:
    return compile_policy("policy", {"Version": "2012-10-17", "Statement": list(listed)})


def outcome(request: Request, *listed: dict[str, Any], **layers: Any) -> Outcome:
    return decide(Policies(identity=(compiled(*listed),), **layers), request).outcome


@given(requests, several, statements("Deny"))
def test_a_deny_added_never_allows_more(
    request: Request, listed: list[dict[str, Any]], deny: dict[str, Any]
) -> None:
    if outcome(request, *listed, deny) is Outcome.ALLOWED:
        assert outcome(request, *listed) is Outcome.ALLOWED


@given(requests, several, statements("Allow"))
def test_an_allow_added_never_takes_away(
    request: Request, listed: list[dict[str, Any]], allow: dict[str, Any]
) -> None:
    if outcome(request, *listed) is Outcome.ALLOWED:
        assert outcome(request, *listed, allow) is Outcome.ALLOWED


@given(requests, several, st.randoms())
def test_the_order_of_statements_and_policies_does_not_matter(
    request: Request, listed: list[dict[str, Any]], random: Any
) -> None:
    before = outcome(request, *listed)
    random.shuffle(listed)
    assert outcome(request, *listed) is before
    one_each = tuple(compiled(text) for text in listed)
    assert decide(Policies(identity=one_each), request).outcome is before


@given(requests, statements("Allow"), several)
def test_an_allow_split_over_its_actions_and_resources_is_the_same(
    request: Request, allow: dict[str, Any], listed: list[dict[str, Any]]
) -> None:
    action, resource = ("Action", "Resource")
    if action not in allow or resource not in allow:
        return
    split = [
        allow | {action: statement, resource: other}
        for statement in allow[action]
        for other in allow[resource]
    ]
    assert outcome(request, *listed, allow) is outcome(request, *listed, *split)


@given(requests, some_values)
def test_a_deny_of_values_can_be_split_and_a_deny_of_all_others_cannot(
    request: Request, values: list[str]
) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}

    def deny(operator: str, listed: list[str]) -> dict[str, Any]:
        condition = {operator: {"ec2:Owner": listed}}
        return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}

    whole = outcome(request, everything, deny("StringEquals", values))
    parts = [deny("StringEquals", [value]) for value in values]
    assert outcome(request, everything, *parts) is whole
    if len(set(values)) > 1:
        others = [deny("StringNotEquals", [value]) for value in values]
        assert outcome(request, everything, *others) is Outcome.EXPLICIT_DENY


@given(requests, several, several)
def test_a_boundary_an_scp_or_a_session_policy_never_allows_more(
    request: Request, listed: list[dict[str, Any]], limit: list[dict[str, Any]]
) -> None:
    policy = compiled(*limit)
    layers: list[dict[str, Any]] = [
        {"boundary": policy}, {"scps": (Level("root", (policy,)),)}, {"session": (policy,)},
    ]  # fmt: skip
    for layer in layers:
        if outcome(request, *listed, **layer) is Outcome.ALLOWED:
            assert outcome(request, *listed) is Outcome.ALLOWED


@given(requests, several)
def test_the_case_of_actions_and_condition_keys_does_not_matter(
    request: Request, listed: list[dict[str, Any]]
) -> None:
    loud = Request(
        principal=request.principal,
        action=request.action.upper(),
        resource=request.resource,
        context={key.upper(): value for key, value in request.context.items()},
    )
    assert outcome(loud, *listed) is outcome(request, *listed)


@given(requests, st.lists(action_patterns, min_size=1, max_size=3))
def test_not_action_is_the_rest(request: Request, actions: list[str]) -> None:
    named = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    others = {"Effect": "Allow", "NotAction": actions, "Resource": "*"}
    assert outcome(request, named) is not outcome(request, others)
    assert outcome(request, named, others) is Outcome.ALLOWED


@given(requests, st.sampled_from(STRING_OPERATORS), some_values, st.sampled_from(KEYS))
def test_an_operator_and_its_negation_share_out_every_single_value(
    request: Request, operator: str, values: list[str], key: str
) -> None:
    def allow(name: str) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*",
            "Condition": {name: {key: values}},
        }

    holds, fails = outcome(request, allow(operator)), outcome(request, allow(negated(operator)))
    assert holds is not fails
    there = outcome(request, allow(f"{operator}IfExists"))
    assert there is holds or fails is Outcome.ALLOWED


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3), some_values)
def test_all_values_fit_unless_any_does_not(tags: list[str], values: list[str]) -> None:
    def holds(operator: str) -> bool:
        allow = {
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {operator: {"aws:TagKeys": values}},
        }  # fmt: skip
        request = Request(
            principal=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/bob"),
            action="ec2:CreateTags",
            resource=RESOURCES[0],
            context={"aws:TagKeys": tuple(tags)},
        )
        return outcome(request, allow) is Outcome.ALLOWED

    assert holds("ForAllValues:StringLike") is not holds("ForAnyValue:StringNotLike")
    assert holds("ForAnyValue:StringLike") is not holds("ForAllValues:StringNotLike")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["Allow", "Deny", "2012-10-17", "*", "ec2:*", "${aws:username}", "${"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "Version", "Statement", "Effect", "Action", "NotAction", "Resource", "Condition",
            "StringEquals", "Null", "ForAnyValue:ArnLike", "NumericEquals", "ec2:Owner", "Sid", "x",
        ]),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values, requests)
@example({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
          "Condition": {"NumericEquals": {"ec2:Owner": 7}}}},
         Request(principal=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/b"), action=ACTIONS[0],
                 resource=RESOURCES[0], context={"ec2:Owner": "x"}))  # fmt: skip
def test_whatever_a_document_holds_it_is_decided_or_refused_with_a_clear_error(
    document: Any, request: Request
) -> None:
    for refused in _refusals(document, request):
        assert refused.startswith("policy policy: ") or "not of the kind" in refused


def _refusals(document: Any, request: Request) -> list[str]:
    """Return the message if a document or a request is refused; any other error goes through."""
    try:
        decide(Policies(identity=(compile_policy("policy", document),)), request)
    except GoldenamiError as error:
        return [error.message]
    return []


def test_the_same_policies_answer_the_same_question_the_same_way() -> None:
    policy = compiled({"Effect": "Allow", "Action": "*", "Resource": "*"})
    request = Request(
        principal=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/bob"),
        action=ACTIONS[0], resource=RESOURCES[0],
    )  # fmt: skip
    first = decide(Policies(identity=(policy,)), request)
    assert decide(Policies(identity=(policy,)), request) == first
    with pytest.raises(AttributeError):
        first.outcome = Outcome.IMPLICIT_DENY  # type: ignore[misc]
