import json
from typing import Any

import pytest

from goldenami.errors import PolicyError
from goldenami.iam.evaluator.request import Principal, Request
from goldenami_sandbox.enforcement.trust import Trust, trust, trusts_provider

ACCOUNT = "123456789012"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/builder"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/nightly"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def statement(effect: str, principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}


def asked(statements: Any, arn: str, caller: str) -> Trust:
    request = Request(
        principal=Principal.from_arn(arn),
        action="sts:AssumeRole",
        resource=f"arn:aws:iam::{ACCOUNT}:role/target",
        context={"sts:RoleSessionName": "nightly"},
    )
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return trust(document, request, caller)


NAMED = {"StringEquals": {"sts:RoleSessionName": "nightly"}}
OTHER = {"StringEquals": {"sts:RoleSessionName": "other"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (statement("Allow", {"AWS": BOB}), Trust.CALLER),
        ([statement("Allow", {"AWS": [ROLE, BOB]})], Trust.CALLER),
        (statement("Allow", "*"), Trust.CALLER),
        (statement("Allow", {"AWS": "*"}), Trust.CALLER),
        (statement("Allow", {"AWS": ACCOUNT}), Trust.ACCOUNT),
        (statement("Allow", {"AWS": ROOT}), Trust.ACCOUNT),
        (statement("Allow", {"AWS": ROLE}), Trust.NOBODY),
        (statement("Allow", {"AWS": "arn:aws:iam::999988887777:root"}), Trust.NOBODY),
        (statement("Allow", {"Service": "ec2.amazonaws.com"}), Trust.NOBODY),
        (statement("Allow", {"AWS": BOB}, Action="sts:TagSession"), Trust.NOBODY),
        (statement("Allow", {"AWS": BOB}, Condition=NAMED), Trust.CALLER),
        (statement("Allow", {"AWS": BOB}, Condition=OTHER), Trust.NOBODY),
        ([statement("Allow", {"AWS": ROOT}), statement("Deny", {"AWS": BOB})], Trust.NOBODY),
        ([statement("Allow", {"AWS": BOB}), statement("Deny", {"AWS": ROOT})], Trust.NOBODY),
        (
            [statement("Allow", {"AWS": ROOT}), statement("Deny", {"AWS": BOB}, Condition=OTHER)],
            Trust.ACCOUNT,
        ),
    ],
    ids=[
        "he is named",
        "he is one of several",
        "everybody is trusted",
        "every AWS principal is trusted",
        "the account is named by its id",
        "the account is named by its root",
        "somebody else is named",
        "another account is named",
        "a service is named",
        "another action is allowed",
        "a condition holds",
        "a condition does not hold",
        "the account is trusted and he is denied",
        "he is trusted and the account is denied",
        "a denial does not hold",
    ],
)
def test_a_user_is_trusted_as_the_document_says(statements: Any, expected: Trust) -> None:
    assert asked(statements, BOB, BOB) is expected


@pytest.mark.parametrize("name", [ROLE, SESSION])
def test_a_session_is_trusted_by_its_own_name_and_its_role_s(name: str) -> None:
    assert asked(statement("Allow", {"AWS": name}), ROLE, SESSION) is Trust.CALLER


def test_another_session_is_not_trusted() -> None:
    other = SESSION.replace("nightly", "other")
    assert asked(statement("Allow", {"AWS": SESSION}), ROLE, other) is Trust.NOBODY


def test_what_names_whom_it_does_not_mean_is_not_guessed() -> None:
    with pytest.raises(PolicyError, match="without a Principal"):
        asked({"Effect": "Deny", "NotPrincipal": {"AWS": BOB}, "Action": "*"}, BOB, BOB)


WEB = "sts:AssumeRoleWithWebIdentity"
PROVIDER = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example.com"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (statement("Allow", PROVIDER, Action=WEB), True),
        ([statement("Allow", PROVIDER, Action=["sts:TagSession", "sts:*"])], True),
        (statement("Allow", PROVIDER, Action="sts:AssumeRoleWithSAML"), False),
        (statement("Deny", PROVIDER, Action=WEB), False),
        (statement("Allow", {"AWS": "*"}, Action=WEB), False),
        (statement("Allow", "*", Action=WEB), False),
    ],
    ids=[
        "a provider is trusted",
        "by one of several actions",
        "by another kind of token",
        "a provider is denied",
        "AWS's principals are trusted",
        "everybody is trusted",
    ],
)
def test_a_provider_is_trusted_as_the_document_says(statements: Any, expected: bool) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    assert trusts_provider(document, WEB) is expected
