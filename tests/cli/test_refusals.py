"""What stands against a bake is told in one list, each with what helps."""

import json
import re
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    },
}  # fmt: skip
MARKETPLACE = "To use this AWS Marketplace product you need to accept terms and subscribe."


def test_whom_the_guardrail_denies_is_told_by_which_role_to_run(
    cli: Any, write: Any, sandbox: Sandbox, admins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.pending_s = 0.0
    role = {"enforce__pipeline_role": "golden-ami-pipeline"}
    first = write("first.yaml", regions=["us-east-1"], **role)
    assert cli("bake", first, "--yes").code == 0
    iam = sandbox.client("iam")
    iam.create_role(RoleName="golden-ami-pipeline", AssumeRolePolicyDocument=json.dumps(TRUST))
    assert (enforced := cli("enforce", first, "--yes")).code == 0, enforced.err
    iam.create_user(UserName="ann")
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_user_policy(UserName="ann", PolicyArn=everything)
    iam.add_user_to_group(GroupName=admins, UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    ran = cli("bake", write(version="2.0", regions=["us-east-1"], **role), "--yes")
    assert ran.code == 1
    arn = "arn:aws:iam::123456789012:role/golden-ami-pipeline"
    assert f"(fix: run as {arn} (enforce.pipeline_role))" in ran.err
    assert re.search(
        r"RunInstances: .*\(ec2:RunInstances on arn:\S+: explicit deny of stat", ran.err
    )
    assert "Encoded" not in ran.err


def test_every_problem_of_the_list_has_its_fix(cli: Any, write: Any, sandbox: Sandbox) -> None:
    denied = {
        "ec2": ("RunInstances", "CopyImage", "DescribeInstanceTypes"),
        "kms": ("DescribeKey",),
        "ssm": ("GetParameters",),
        "inspector2": ("BatchGetAccountStatus",),
    }
    for service, operations in denied.items():
        for operation in operations:
            sandbox.fail(Fault(service=service, operation=operation, code="AccessDenied"))
    ran = cli("bake", write(test={"scan": {}}, distribute={"eu-west-1": {"kms_key": "k"}}), "--yes")
    assert ran.code == 1
    problems = [line for line in ran.err.splitlines() if line.startswith("  - ")]
    told = {operation for each in denied.values() for operation in each if operation in ran.err}
    assert told >= {"RunInstances", "CopyImage", "DescribeInstanceTypes"}
    assert "BatchGetAccountStatus" in told
    assert all("(fix: the caller needs a permission for " in problem for problem in problems)


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        ("OptInRequired", MARKETPLACE, "(fix: subscribe to the product in AWS Marketplace"),
        ("VcpuLimitExceeded", "You have requested more vCPU capacity", "(fix: ask for more vCPUs"),
        ("PendingVerification", "Your account is being verified", "(fix: AWS is verifying"),
    ],
)
def test_a_launch_that_aws_refuses_has_a_fix_of_its_own(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, code: str, message: str, fix: str
) -> None:
    fault = Fault(service="ec2", operation="RunInstances", code=code, message=message)
    with sandbox.fail(fault):
        ran = cli("bake", write(regions=["us-east-1"]), "--yes")
    assert ran.code == 1
    assert fix in ran.err
    assert mutating() == []
