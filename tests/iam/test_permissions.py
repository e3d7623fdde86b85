"""Policies from grants: nothing becomes wider by merging, and nothing too long by splitting."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.unmeasured import unmeasured

from goldenami.errors import RefusedError
from goldenami.iam.evaluator.decide import decide
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.limits import MANAGED_POLICY
from goldenami.iam.permissions import documents
from goldenami.iam.permissions.comparison import compare
from goldenami.iam.permissions.grant import Grant, GrantUse, condition, equals
from goldenami.iam.permissions.statements import merged
from goldenami.iam.permissions.worth import RecordedRequest, compiled, nearest, worth

decided = unmeasured(decide)  # decisions have tests of their own
ROLE = Principal.from_arn("arn:aws:iam::123456789012:role/pipeline")
HERE = equals("aws:RequestedRegion", "us-east-1")
GOLDEN = equals("aws:ResourceTag/goldenami:image", "web-base")
ACTIONS = (
    "ec2:DeregisterImage", "ec2:DeleteSnapshot", "ec2:CreateTags", "ssm:PutParameter",
    "ec2:DescribeImages",
)  # fmt: skip
RESOURCES = (
    "arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*",
    "arn:aws:ssm:*:123456789012:parameter/a", "*",
)  # fmt: skip
grants = st.lists(
    st.builds(
        Grant,
        action=st.sampled_from(ACTIONS),
        resources=st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2).map(tuple),
        conditions=st.sampled_from([(), (HERE,), (GOLDEN,), (GOLDEN, HERE)]),
        sid=st.sampled_from(["One", "Two"]),
        use=st.sampled_from(GrantUse),
    ),
    min_size=1,
    max_size=8,
)
CONCRETE = (
    "arn:aws:ec2:us-east-1::image/ami-1", "arn:aws:ec2:us-east-1::snapshot/snap-1",
    "arn:aws:ssm:us-east-1:123456789012:parameter/a", "*",
)  # fmt: skip
OF = {
    "ec2:DeregisterImage": CONCRETE[:1], "ec2:DeleteSnapshot": CONCRETE[1:2],
    "ec2:CreateTags": CONCRETE[:2], "ssm:PutParameter": CONCRETE[2:3],
    "ec2:DescribeImages": CONCRETE[3:],
}  # fmt: skip
REQUESTS = [
    Request(
        principal=ROLE, action=action, resource=resource,
        context={
            "aws:RequestedRegion": region, **({GOLDEN.key: "web-base"} if tagged else {}),
        },
    )
    for action in ACTIONS
    for resource in OF[action]
    for region in ("us-east-1", "eu-west-1")
    for tagged in (True, False)
]  # fmt: skip


@given(grants)
def test_merged_statements_allow_just_what_the_grants_do(several: list[Grant]) -> None:
    each_alone = [statement for grant in several for statement in merged([grant])]
    apart = compiled([documents.document(f"d{n}", [one]) for n, one in enumerate(each_alone)])
    statements = merged(several)
    together = compiled([documents.document("together", statements)])
    assert len(statements) <= max(len(each_alone), 1)
    assert len({statement.sid for statement in statements}) == len(statements)
    for request in REQUESTS:
        assert decided(apart, request).allowed == decided(together, request).allowed


@given(grants)
def test_an_action_is_needed_just_if_a_request_is_refused_without_it(several: list[Grant]) -> None:
    statements = merged(several)
    policies = compiled([documents.document("role", statements)])
    run = [RecordedRequest("call", each) for each in REQUESTS if decided(policies, each).allowed]
    for each in worth(statements, policies, run):
        rest = []
        for statement in statements:
            uses = tuple(
                (action, use)
                for action, use in statement.uses
                if (statement.sid, action) != (each.statement, each.action)
            )
            rest += [structs.replace(statement, uses=uses)] if uses else []
        without = compiled([documents.document("role", rest)] if rest else [])
        refused = [one for one in run if not decided(without, one.request).allowed]
        assert bool(refused) == bool(each.needed_by)


def test_what_is_too_long_is_divided_into_documents_that_allow_the_same() -> None:
    accounts = [f"{number:012}" for number in range(1_000)]
    parameters = tuple(
        f"arn:aws:ssm:*:123456789012:parameter/golden-ami/{number:03}" for number in range(200)
    )
    statements = documents.fitting(
        merged([
            Grant(action="ssm:PutParameter", resources=parameters, sid="Write"),
            Grant(
                action="ec2:ModifySnapshotAttribute", resources=("arn:aws:ec2:*::snapshot/*",),
                conditions=(equals("ec2:Add/userId", *accounts),), sid="Share",
            ),
        ])
    )  # fmt: skip
    split = documents.split("policy", statements)
    assert len(split) > 3
    assert all(document.size <= MANAGED_POLICY.characters for document in split)
    assert len({document.name for document in split}) == len(split)
    policies = compiled(split)
    for account, parameter in itertools.zip_longest(accounts[::99], parameters[::20]):
        asked = [
            Request(
                principal=ROLE, action="ec2:ModifySnapshotAttribute", resource=CONCRETE[1],
                context={"ec2:Add/userId": account},
            )
        ]  # fmt: skip
        if parameter:
            resource = parameter.replace("*", "us-east-1")
            asked.append(Request(principal=ROLE, action="ssm:PutParameter", resource=resource))
        assert all(decided(policies, request).allowed for request in asked)


def test_what_cannot_be_divided_is_refused() -> None:
    keys = condition("ForAllValues:StringEquals", "aws:TagKeys", [f"k{n:04}" for n in range(900)])
    grant = Grant(
        action="ec2:CreateTags",
        resources=("arn:aws:ec2:*::image/*",),
        conditions=(keys,),
        sid="Tag",
    )
    with pytest.raises(RefusedError, match="Tag has more than 6,144 characters"):
        documents.fitting(merged([grant]))


def test_a_refusal_names_the_statement_that_is_nearest_and_what_it_asks_for() -> None:
    statements = merged([
        Grant(
            action="ec2:DeregisterImage", resources=("arn:aws:ec2:*::image/*",),
            conditions=(GOLDEN, HERE), sid="Remove",
        ),
        Grant(action="ssm:PutParameter", resources=(RESOURCES[2],), sid="Write"),
    ])  # fmt: skip
    image = Request(
        principal=ROLE, action="ec2:DeregisterImage", resource=CONCRETE[0],
        context={"aws:RequestedRegion": "us-east-1"},
    )  # fmt: skip
    assert nearest(statements, image) == (
        "Remove asks for aws:ResourceTag/goldenami:image = web-base",
    )
    other = Request(
        principal=ROLE, action="ssm:PutParameter", resource=CONCRETE[2].replace("/a", "/b")
    )
    assert nearest(statements, other) == (f"Write is for {RESOURCES[2]}",)
    assert nearest(statements, structs.replace(other, action="iam:GetRole")) == ()


def test_a_comparison_tells_what_is_missing_too_wide_and_too_much() -> None:
    remove = Grant(
        action="ec2:DeregisterImage", resources=("arn:aws:ec2:*::image/*",),
        conditions=(GOLDEN, HERE), sid="Remove",
    )  # fmt: skip
    write = Grant(action="ssm:PutParameter", resources=(RESOURCES[2],), sid="Write")
    needed = merged([remove, write])
    live = merged([
        structs.replace(remove, conditions=(HERE,)),
        Grant(action="ec2:TerminateInstances", resources=("*",), sid="End"),
    ])  # fmt: skip
    policies = compiled([documents.document("needed", needed)])
    compared = compare(needed, policies, compiled([documents.document("live", live)]), ROLE)
    assert [each.action for each in compared.missing] == ["ssm:PutParameter"]
    assert [each.words for each in compared.wider] == [
        "also where aws:ResourceTag/goldenami:image is not web-base"
    ]
    assert compared.surplus == {"ec2": "TerminateInstances"}
    assert compare(needed, policies, policies, ROLE).same


def test_what_a_comparison_asks_for_meets_every_bound() -> None:
    tagged = condition("Null", "aws:ResourceTag/goldenami:image", ["false"])
    untagged = condition("Null", "aws:ResourceTag/Owner", ["true"])
    needed = merged([
        Grant(
            action="ec2:DeregisterImage", resources=(RESOURCES[0], RESOURCES[2]),
            conditions=(tagged, untagged, HERE), sid="Remove",
        ),
    ])  # fmt: skip
    policies = compiled([documents.document("needed", needed)])
    assert compare(needed, policies, policies, ROLE).same
    compared = compare(needed, policies, compiled([]), ROLE)
    assert [each.words.split(": ")[0] for each in compared.missing] == [
        "arn:aws:ec2:us-east-1::image/sample"
    ]
