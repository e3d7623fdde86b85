"""What `make differential` compares by, without the simulator."""

import pytest
from msgspec.structs import replace

from goldenami.iam.evaluator.decide import Outcome

from .causes import PREDICATES, cause_of, listed
from .generator import Pair, pairs
from .minimise import minimal, shown, statements
from .sides import decided

SOME = pairs(1, sets=60, requests=2)


def test_a_seed_makes_the_same_pairs_and_another_one_others() -> None:
    assert pairs(1, sets=5, requests=2) == SOME[:10]
    assert pairs(2, sets=5, requests=2) != SOME[:10]


def test_every_pair_can_be_decided_and_every_outcome_comes() -> None:
    outcomes = {decided(pair).outcome for pair in SOME}
    assert outcomes >= {Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY}


def test_every_element_comes() -> None:
    text = " ".join(shown(pair) for pair in pairs(3, sets=300, requests=1))
    for element in (
        "NotAction", "NotResource", "boundary", "levels", "session", "Null", "ForAnyValue:",
        "ForAllValues:", "IfExists", "StringNotLike", "NumericLessThan", "DateEquals", "Bool",
        "IpAddress", "NotIpAddress", "ArnLike", "BinaryEquals", "2008-10-17",
        "${aws:username}", ", 'x'}",
    ):  # fmt: skip
        assert element in text, element


def test_what_is_left_of_a_pair_is_what_the_difference_needs() -> None:
    pair = next(one for one in SOME if len(list(statements(one))) > 3 and one.identity)

    def differs(smaller: Pair) -> bool:
        return any("Condition" in one for one in statements(smaller))

    left = minimal(pair, differs)
    (statement,) = statements(left)
    assert (statement["Action"], statement["Resource"], left.context) == ("*", "*", {})
    (block,) = statement["Condition"].values()
    (values,) = block.values()
    assert isinstance(values, str)


def test_each_listed_disagreement_is_recognised_and_has_its_page() -> None:
    assert {one.cause for one in listed()} == set(PREDICATES)
    assert all(one.page.startswith("https://docs.aws.amazon.com/") for one in listed())
    assert all(one.right and one.says and one.element for one in listed())


@pytest.mark.parametrize(
    ("cause", "condition", "more"),
    [
        ("negated operator, variable without a value",
         {"StringNotLike": {"aws:UserAgent": "${aws:SourceVpc}"}}, {}),
        (None, {"StringLike": {"aws:UserAgent": "${aws:SourceVpc}"}}, {}),
        (None, {"StringNotLike": {"aws:UserAgent": "${aws:username}"}}, {}),
        ("the network of all addresses", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}, {}),
        (None, {"NotIpAddress": {"aws:SourceIp": "10.1.2.3"}}, {}),
        ("date as seconds since 1970", {"DateEquals": {"aws:CurrentTime": "1767225600"}}, {}),
        (None, {"NumericEquals": {"aws:MultiFactorAuthAge": "1767225600"}}, {}),
        ("incomplete ARN", {}, {"Resource": "arn:aws:ec2:*"}),
        (None, {}, {"Resource": ["*", "arn:aws:ec2:*:*:*"]}),
        (None, {"ForAnyValue:StringNotEquals": {"aws:PrincipalTag/team": "x"}}, {}),
    ],
)  # fmt: skip
def test_a_cause_is_told_by_its_element(
    cause: str | None, condition: dict[str, object], more: dict[str, object]
) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition} | more
    document = {"Version": "2012-10-17", "Statement": [statement]}
    bare = replace(SOME[0], boundary=None, levels=[], session=None, context={})
    user = "arn:aws:iam::123456789012:user/bob"
    pair = replace(bare, principal=user, identity=[document])
    assert cause_of(pair) == cause
    old = replace(pair, identity=[{**document, "Version": "2008-10-17"}])
    if "ForAnyValue:StringNotEquals" in condition:
        empty = replace(pair, context={"aws:PrincipalTag/team": ""})
        assert cause_of(empty) == "set operator on an empty text"
    if "NotIpAddress" in condition:
        moved = replace(pair, context={"aws:SourceIp": "2001:db8::1"})
        assert cause_of(moved) == "an address of the other family"
    if "${" in str(condition):
        assert cause_of(old) == "variable in a policy of 2008"
