"""`goldenami permissions`: what it writes is enough and needed, as the embedded AWS decides.

IAM decides every call there, so that a command which needs more is refused.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from goldenami.iam.permissions.statements import PermissionStatement
from goldenami.workflows import permissions as workflow
from goldenami.workflows.permissions import RolePermissions
from goldenami_sandbox.server import Sandbox

pytestmark = pytest.mark.sandbox

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
MORE = {
    "regions": ["us-east-1"],
    "version": "auto",
    "validate": [{"run": "true"}],
    "copies": [{"account": "210987654321", "role": "golden-copies"}],
    "publish": {"ssm_parameter": "/golden-ami/{image}/{channel}", "channels": ["dev", "prod"]},
    "lifecycle": {
        "deprecate_after": "90d", "disable_after": "90d", "delete_after": "180d", "keep": 1,
        "protect": True,
    },
    "enforce": {"groups": ["ec2-admin-group"], "pipeline_role": "golden-ami-pipeline"},
}  # fmt: skip
"""A release in one of the account's two regions, so that what is read in all of them is seen."""


def test_a_bake_can_do_its_work_with_what_is_written_and_no_attack_works(
    cli: Any, write: Any
) -> None:
    base = {
        "instance_type": "t3.micro", "instance_profile": "golden-base", "key_name": "ssh-key",
        "source": {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"},
        "subnet": "subnet-0123456789abcdef0", "security_groups": ["sg-0123456789abcdef0"],
        "volumes": [{"device": "/dev/xvda", "size_gib": 30, "kms_key": KEY}],
    }  # fmt: skip
    more = {
        **MORE, "base": base, "regions": ["us-east-1", "eu-west-1"], "watermark": True,
        "test": {
            "steps": [{"run": "true"}], "scan": {"on": "image"}, "instance_type": "t3.small",
        },
        "approval_tag": {"key": "Approved", "value": "yes"},
        "distribute": {"eu-west-1": {"kms_key": KEY.replace("us-east-1", "eu-west-1")}},
    }  # fmt: skip
    ran = cli("permissions", "bake", write(**more), "--prove", "--wide")
    assert ran.code == 0, ran.err
    assert "proved: `goldenami bake` can do its work, and no attack worked" in ran.err
    assert "21 of 22 attacks refused" in ran.err
    for attack, statement in {
        "launch a u7i": "LaunchInstance asks for ec2:InstanceType = t3.micro, t3.small",
        "pass another role": "PassInstanceRole is for arn:aws:iam::123456789012:role/golden-base",
        "let a stranger have": "ShareSnapshots asks for ec2:Add/userId = 210987654321",
        "deregister an approved": "aws:ResourceTag/goldenami:status = building",
    }.items():
        (line,) = [line for line in ran.out.splitlines() if attack in line]
        assert line.startswith("refused")
        assert statement in line
    assert "open     make a golden image public" in ran.out
    assert "AWS asks for it in the caller's name): kms:CreateGrant" in ran.err


@pytest.mark.parametrize(
    "command", ["promote", "revoke", "restore", "prune", "sweep", "enforce", "remediate"]
)
def test_every_part_of_what_a_command_gets_is_needed_or_said_to_be_optional(
    cli: Any, write: Any, command: str
) -> None:
    ran = cli("permissions", command, write(**MORE), "--prove")
    assert ran.code == 0, ran.err
    assert "WORKED" not in ran.out


def test_an_approver_needs_less_than_who_bakes(cli: Any, write: Any) -> None:
    release = write(**{**MORE, "approval": "manual"})
    for command in ("approve", "bake"):
        ran = cli("permissions", command, release, "--prove")
        assert ran.code == 0, ran.err
    written = json.loads(cli("permissions", "approve", release).out)
    policies = json.dumps(written["roles"][0])
    assert "ec2:RunInstances" not in policies
    assert "ec2:CreateImage" not in policies


Changed = Callable[[Callable[[PermissionStatement], PermissionStatement | None]], None]


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Changed:
    """Let every statement be another one, or be left out, from now on."""

    def change(to: Callable[[PermissionStatement], PermissionStatement | None]) -> None:
        from msgspec import structs

        from goldenami.iam.permissions import documents

        generate = workflow.generate

        def otherwise(*arguments: Any, **named: Any) -> tuple[RolePermissions, ...]:
            result = []
            for role in generate(*arguments, **named):
                statements = tuple(filter(None, map(to, role.statements)))
                split = documents.split(role.documents[0].name, statements)
                result.append(structs.replace(role, statements=statements, documents=split))
            return tuple(result)

        monkeypatch.setattr(workflow, "generate", otherwise)

    return change


def test_a_command_that_lacks_a_statement_is_refused_by_name(
    cli: Any, write: Any, changed: Changed
) -> None:
    changed(lambda each: None if each.sid == "MakeImages" else each)
    ran = cli("permissions", "bake", write(**MORE), "--prove")
    assert ran.code == 1
    assert "ec2:CreateImage in us-east-1: implicitly denied" in ran.err


def test_a_statement_without_its_condition_lets_an_attack_work(
    cli: Any, write: Any, changed: Changed
) -> None:
    from msgspec import structs

    changed(
        lambda each: structs.replace(each, conditions=()) if each.sid == "RemoveImages" else each
    )
    ran = cli("permissions", "bake", write(**MORE), "--prove")
    assert ran.code == 4
    assert "an attack worked: deregister an approved image" in ran.err


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_policies_are_written_as_code(cli: Any, write: Any, form: str) -> None:
    release = write(**MORE)
    ran = cli(
        "permissions",
        "bake",
        release,
        "--as",
        form,
        "--account",
        "123456789012",
        "--only",
        "123456789012",
    )
    assert ran.code == 0, ran.err
    if form == "terraform":
        assert 'resource "aws_iam_role_policy_attachment" "golden_ami_bake_web_base_1"' in ran.out
        return
    template = yaml.safe_load(ran.out)
    written = json.loads(cli("permissions", "bake", release, "--account", "123456789012").out)
    documents = [each["document"] for each in written["roles"][0]["policies"]]
    resources = template["Resources"].values()
    assert [each["Properties"]["PolicyDocument"] for each in resources] == documents
    assert all(each["Properties"]["Roles"] == ["golden-ami-pipeline"] for each in resources)
    ran = cli("permissions", "bake", release, "--as", form, "--account", "123456789012")
    assert ran.code == 2
    assert "name one with --only" in ran.err


def test_a_role_is_compared_with_what_it_needs(cli: Any, write: Any, sandbox: Sandbox) -> None:
    release = write(**{**MORE, "copies": []})
    iam = sandbox.client("iam")
    trust = {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }}  # fmt: skip
    iam.create_role(RoleName="golden-ami-pipeline", AssumeRolePolicyDocument=json.dumps(trust))
    written = json.loads(cli("permissions", "rescan", release, "--account", "123456789012").out)
    (policy,) = written["roles"][0]["policies"]

    def compared(document: dict[str, Any]) -> Any:
        iam.put_role_policy(
            RoleName="golden-ami-pipeline", PolicyName="own", PolicyDocument=json.dumps(document)
        )
        return cli("permissions", "rescan", release, "--compare", "golden-ami-pipeline")

    assert compared(policy["document"]).code == 0
    other = {
        "Effect": "Allow",
        "Action": ["ec2:DescribeImages", "ec2:RunInstances"],
        "Resource": "*",
    }
    ran = compared({"Version": "2012-10-17", "Statement": [other]})
    assert ran.code == 10
    assert "too little" in ran.out
    assert "inspector2:StartOnDemandScan" in ran.out
    assert "RunInstances" in ran.out
