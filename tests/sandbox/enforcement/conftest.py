"""People and roles with policies, in a sandbox that holds them to it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    return sandbox.client("iam")


@pytest.fixture
def public(sandbox: Sandbox) -> str:
    return catalogue.IMAGES[0].id_in("us-east-1")


@pytest.fixture
def user(sandbox: Sandbox, iam: Any) -> Callable[..., Callable[[str], Any]]:
    """Make a user with these statements; get what gives his client of a service."""

    def make(*statements: Mapping[str, Any], name: str = "bob", **parameters: Any) -> Any:
        iam.create_user(UserName=name, **parameters)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service: sandbox.client(
            service,
            access_key_id=key["AccessKeyId"],
            secret_access_key=key["SecretAccessKey"],
        )

    return make


@pytest.fixture
def role(iam: Any) -> Callable[..., str]:
    """Make a role with these statements that trusts its account; get its ARN."""

    def make(*statements: Mapping[str, Any], name: str = "worker", trusts: str = "") -> str:
        principal = {"AWS": trusts or f"arn:aws:iam::{ACCOUNT_ID}:root"}
        trust = policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(made["Arn"])

    return make


@pytest.fixture
def session(sandbox: Sandbox) -> Callable[..., Callable[[str], Any]]:
    """Begin a session of a role; get what gives its client of a service."""

    def begin(arn: str, **parameters: Any) -> Any:
        told = sandbox.client("sts").assume_role(RoleArn=arn, RoleSessionName="work", **parameters)[
            "Credentials"
        ]
        return lambda service: sandbox.client(
            service,
            access_key_id=told["AccessKeyId"],
            secret_access_key=told["SecretAccessKey"],
            session_token=told["SessionToken"],
        )

    return begin
