"""Calls of several requests, and how decisions read."""

import pytest

from goldenami.errors import UndecidableError
from goldenami.iam.evaluator.context import visible
from goldenami.iam.evaluator.decide import (
    Decision,
    Level,
    Outcome,
    Policies,
    decide,
    decide_all,
)
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal, Request

BOB = Principal.from_arn("arn:aws:iam::123456789012:user/team/bob", unique_id="AIDA1")
IMAGE = "arn:aws:ec2:us-east-1::image/ami-1"
SUBNET = "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1"
GUARD = compile_policy(
    "guard",
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Images", "Effect": "Allow", "Action": "ec2:*", "Resource": IMAGE},
            {"Sid": "No", "Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"},
            {"Sid": "Never", "Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"},
        ],
    },
)
NO_LAUNCH = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
POLICIES = Policies(identity=(GUARD,))


def ask(action: str, resource: str) -> Request:
    return Request(principal=BOB, action=action, resource=resource)


def shown(action: str, resource: str) -> Decision:
    return decide(POLICIES, ask(action, resource))


def test_a_call_is_allowed_only_if_all_its_requests_are() -> None:
    launch = [ask("ec2:RunInstances", IMAGE), ask("ec2:RunInstances", SUBNET)]
    assert decide_all(POLICIES, launch[:1]).allowed
    verdict = decide_all(POLICIES, launch)
    assert not verdict.allowed
    assert verdict.deciding.request.resource == SUBNET


def test_an_explicit_deny_decides_before_an_implicit_one() -> None:
    requests = [ask("ec2:RunInstances", SUBNET), ask("ec2:StopInstances", SUBNET)]
    assert decide_all(POLICIES, requests).deciding.outcome is Outcome.EXPLICIT_DENY


def test_a_call_without_a_request_is_never_green() -> None:
    with pytest.raises(UndecidableError):
        decide_all(POLICIES, [])


def test_a_decision_reads_as_a_sentence() -> None:
    assert (
        shown("ec2:RunInstances", IMAGE).reason
        == "allowed by Images of guard (identity-based policy)"
    )
    assert (
        shown("ec2:StopInstances", IMAGE).reason
        == "explicitly denied by No of guard (identity-based policy), and 1 more"
    )
    assert shown("ec2:RunInstances", SUBNET).reason == (
        "implicitly denied: no identity-based policy allows ec2:RunInstances on " + SUBNET
    )


def test_a_principal_knows_who_it_is() -> None:
    assert BOB.account == "123456789012"
    assert BOB.partition == "aws"
    assert BOB.keys["aws:username"] == "bob"
    assert BOB.keys["aws:userid"] == "AIDA1"
    assert "aws:userid" not in Principal.from_arn("arn:aws:iam::123456789012:user/x").keys


def test_a_policy_shows_itself() -> None:
    assert repr(GUARD) == "Policy('guard', 3 statements)"


def test_a_document_may_be_json_text() -> None:
    statement = '{"Effect": "Allow", "Action": "*", "Resource": "*"}'
    text = f'{{"Version": "2012-10-17", "Statement": {statement}}}'
    policies = Policies(identity=(compile_policy("text", text),))
    assert decide(policies, ask("ec2:RunInstances", IMAGE)).allowed


def test_the_same_policies_decide_for_who_is_bound_by_scps_and_who_is_not() -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [everything]}
    closed = Level("root", (compile_policy("scp", {**document, "Statement": [NO_LAUNCH]}),))
    policies = Policies(identity=(compile_policy("all", document),), scps=(closed,))
    manager = Principal.from_arn(BOB.arn, in_management_account=True)
    for action in ("ec2:RunInstances", "EC2:runinstances"):  # what is known of one serves both
        bound = Request(principal=BOB, action=action, resource=IMAGE)
        free = Request(principal=manager, action=action, resource=IMAGE)
        outcomes = [decide(policies, request).outcome for request in (bound, free, bound)]
        assert outcomes == [Outcome.EXPLICIT_DENY, Outcome.ALLOWED, Outcome.EXPLICIT_DENY]


def test_more_names_of_keys_than_are_remembered_are_seen_all_the_same() -> None:
    own = {"StringEquals": {"aws:ResourceTag/Last": "yes"}}
    allow = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*", "Condition": own}
    document = {"Version": "2012-10-17", "Statement": [allow]}
    policies = Policies(identity=(compile_policy("tagged", document),))
    tags = {f"aws:ResourceTag/{number}": "x" for number in range(5000)}
    for last, allowed in (("yes", True), ("no", False), ("yes", True)):
        context = {**tags, "AWS:resourcetag/LAST": last, "ec2:NoSuchKey": "x"}
        request = Request(
            principal=BOB, action="ec2:DeregisterImage", resource=IMAGE, context=context
        )
        assert decide(policies, request).allowed is allowed
        seen = dict(visible(request).items())
        assert "ec2:nosuchkey" not in seen
        assert seen["aws:resourcetag/last"] == last
        assert seen["aws:principalarn"] == BOB.arn


def test_tags_of_more_names_than_are_remembered_are_all_seen() -> None:
    for number in (*range(1_100), 0):
        context = {f"aws:RequestTag/Tag{number}": "x"}
        request = Request(principal=BOB, action="ec2:CreateTags", resource=IMAGE, context=context)
        assert visible(request).value(f"aws:requesttag/tag{number}") == "x"
