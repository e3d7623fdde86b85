"""Roles share their clients, and each call is signed by the role that makes it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from goldenami.aws.session import Aws
from goldenami.errors import AwsError
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

ACCOUNTS = ("444455556666", "555566667777", "666677778888")


def role_in(account: str, name: str = "reader") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


@pytest.fixture
def aws(sandbox: Sandbox) -> Aws:
    """A caller who may be `reader` in three accounts, and from there `further` in the third."""
    for account in ACCOUNTS:
        iam = sandbox.client("iam", account=account)
        for name, by in (("reader", ACCOUNT_ID), ("further", ACCOUNTS[0])):
            trust = {"Effect": "Allow", "Principal": {"AWS": by}, "Action": "sts:AssumeRole"}
            iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
            )
            iam.attach_role_policy(
                RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
            )
    return Aws(region="us-east-1")


def test_many_roles_at_once_are_each_themselves(aws: Aws) -> None:
    roles = [aws.acting_as(role_in(account)) for account in ACCOUNTS]

    def owner(number: int) -> str:
        client = roles[number % len(roles)].client("ec2")
        group = client.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]
        return str(group["OwnerId"])

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(owner, range(60)))
    assert found == [ACCOUNTS[number % len(ACCOUNTS)] for number in range(60)]
    assert [one.account for one in roles] == list(ACCOUNTS)
    assert aws.account == ACCOUNT_ID


def test_a_role_assumes_another_one_as_itself(aws: Aws) -> None:
    first = aws.acting_as(role_in(ACCOUNTS[0]))
    second = first.acting_as(role_in(ACCOUNTS[2], "further"))
    assert second.account == ACCOUNTS[2]
    assert first.account == ACCOUNTS[0]
    with pytest.raises(AwsError, match="AccessDenied"):
        _ = aws.acting_as(role_in(ACCOUNTS[2], "nobody")).account


def test_a_role_is_assumed_once(aws: Aws, sandbox: Sandbox) -> None:
    before = len(sandbox.calls)
    for _ in range(3):
        role = aws.acting_as(role_in(ACCOUNTS[0]))
        role.client("ec2", "eu-west-1").describe_images(Owners=["self"])
    asked = [call.operation for call in sandbox.calls[before:]]
    assert asked == ["AssumeRole", "DescribeImages", "DescribeImages", "DescribeImages"]


def test_another_program_gets_the_roles_credentials(aws: Aws) -> None:
    own, role = aws.environment("us-east-1"), aws.acting_as(role_in(ACCOUNTS[0]))
    told = role.environment("us-east-1")
    assert told["AWS_SESSION_TOKEN"]
    assert told["AWS_ACCESS_KEY_ID"] != own["AWS_ACCESS_KEY_ID"]


def test_what_is_no_operation_is_refused(aws: Aws) -> None:
    client = aws.acting_as(role_in(ACCOUNTS[0])).client("ec2")
    with pytest.raises(AttributeError, match="operations alone, and not `get_paginator`"):
        client.get_paginator("describe_images")
