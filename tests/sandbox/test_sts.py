import json
from typing import Any

import pytest

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole",
        },
    }
)  # fmt: skip


@pytest.fixture
def sts(sandbox: Sandbox) -> Any:
    return sandbox.client("sts")


@pytest.fixture
def role_arn(iam: Any) -> str:
    made = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    return str(made["Role"]["Arn"])


def test_the_root_user_is_the_account_s_root(sts: Any) -> None:
    told = sts.get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{ACCOUNT_ID}:root"
    assert told["UserId"] == told["Account"] == ACCOUNT_ID


def test_a_session_knows_who_it_is(sandbox: Sandbox, sts: Any, role_arn: str) -> None:
    told = sts.assume_role(RoleArn=role_arn, RoleSessionName="work")["Credentials"]
    session = sandbox.client(
        "sts",
        access_key_id=told["AccessKeyId"],
        secret_access_key=told["SecretAccessKey"],
        session_token=told["SessionToken"],
    )
    who = session.get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/worker/work"
    assert who["UserId"].endswith(":work")


@pytest.mark.parametrize(
    "document",
    ['{"Version": "2012-10-17"}', "no policy"],
    ids=["without a statement", "no JSON"],
)
def test_a_session_policy_that_is_none_is_refused(
    sts: Any, role_arn: str, refused: Any, document: str
) -> None:
    with refused("MalformedPolicyDocument"):
        sts.assume_role(RoleArn=role_arn, RoleSessionName="work", Policy=document)


def test_a_message_that_was_not_encoded_here_is_refused(sts: Any, refused: Any) -> None:
    with refused("InvalidAuthorizationMessageException"):
        sts.decode_authorization_message(EncodedMessage="nonsense")
