"""Channels of a release with copies in another account, which a role of that account makes."""

import json
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

OTHER = "444455556666"
ROLE = "golden-ami-copies"
PUBLISH = {"ssm_parameter": "/golden-ami/{image}/{channel}", "channels": ["dev", "prod"]}


@pytest.fixture
def role(sandbox: Sandbox) -> None:
    """A role of the other account that the sandbox's own account may assume."""
    iam = sandbox.client("iam", account=OTHER)
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document(trust))
    allowed = {"Effect": "Allow", "Action": ["ec2:*", "ssm:*"], "Resource": "*"}
    iam.put_role_policy(RoleName=ROLE, PolicyName="copies", PolicyDocument=document(allowed))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def named(cli: Any) -> dict[tuple[str, str], str]:
    items = json.loads(cli("channels", "web-base", "--format", "json").out)["items"]
    return {(each["channel"], each["account"]): each["version"] for each in items}


@pytest.mark.usefixtures("role")
def test_a_channel_moves_in_every_account_or_in_none(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    copies = [{"account": OTHER, "role": ROLE, "regions": ["us-east-1"]}]
    for version in ("1.0", "2.0"):
        release = write(version=version, regions=["us-east-1"], copies=copies, publish=PUBLISH)
        assert cli("bake", release, "--yes").code == 0
        ran = cli("promote", "web-base", version, "--channel", "prod", "--yes")
        assert ran.code == 0, ran.err
    everywhere = {(channel, account): "2.0"
                  for channel in ("dev", "prod") for account in (ACCOUNT_ID, OTHER)}  # fmt: skip
    assert named(cli) == everywhere
    refused = Fault(service="ssm", operation="LabelParameterVersion", code="Nope", skip=1)
    with sandbox.fail(refused):
        ran = cli("rollback", "web-base", "--channel", "prod", "--yes")
    assert ran.code == 1
    assert "LEFT BEHIND" not in ran.err
    assert named(cli) == everywhere
    ran = cli("rollback", "web-base", "--channel", "prod", "--yes")
    assert ran.code == 0, ran.err
    assert f"{OTHER}/us-east-1" in ran.err
    assert {key for key, version in named(cli).items() if version == "1.0"} == {
        ("prod", ACCOUNT_ID), ("prod", OTHER),
    }  # fmt: skip
    sandbox.client("iam", account=OTHER).delete_role_policy(RoleName=ROLE, PolicyName="copies")
    for command in (("channels",), ("rollback", "--channel", "dev", "--yes")):
        ran = cli(command[0], "web-base", *command[1:])
        assert ran.code == 3, ran.err
        assert f"{OTHER}/us-east-1" in ran.err
