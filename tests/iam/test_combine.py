"""Several documents as one: statements that share all but one element share it."""

from typing import Any

from goldenami.iam.combine import combined
from goldenami.iam.render import VERSION, PolicyDocument

PIPELINE = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/pipeline"}}


def deny(sid: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Deny", "Action": action, "Resource": resource, **more}


def statements(*apart: dict[str, Any]) -> Any:
    documents = [
        PolicyDocument("x", {"Version": VERSION, "Statement": [statement]}) for statement in apart
    ]
    return combined("all", documents).policy["Statement"]


def test_actions_on_the_same_resources_share_a_statement() -> None:
    assert statements(
        deny("DenyOne", "a:One", "*", Condition=PIPELINE),
        deny("DenyTwo", ["a:Two", "a:One"], "*", Condition=PIPELINE),
    ) == [deny("DenyOneTwo", ["a:One", "a:Two"], "*", Condition=PIPELINE)]


def test_resources_of_the_same_actions_share_a_statement() -> None:
    first = {"Sid": "DenyOne", "Effect": "Deny", "NotAction": ["a:Get*"], "Resource": ["x"]}
    assert statements(first, {**first, "Sid": "DenyTwo", "Resource": ["y"]}) == [
        {**first, "Sid": "DenyOneTwo", "Resource": ["x", "y"]}
    ]


def test_what_tests_otherwise_stays_apart() -> None:
    several = [
        deny("DenyOne", "a:One", "x"),
        deny("DenyTwo", "a:Two", "y"),
        deny("DenyThree", "a:One", "x", Condition=PIPELINE),
        {"Sid": "AllowOne", "Effect": "Allow", "Action": "a:One", "Resource": "x"},
        {"Sid": "DenyNot", "Effect": "Deny", "NotAction": "a:One", "Resource": "x"},
    ]
    assert statements(*several) == several
