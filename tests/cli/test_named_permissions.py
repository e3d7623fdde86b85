"""A plan of a version's life names every permission that it takes: with these alone it is done.

The embedded AWS decides each call, and tells which there were.
"""

import json
from typing import Any

import pytest

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account, users

ROLE = "golden-ami-pipeline"
REGION = "us-east-1"
FREE = {"sts:GetCallerIdentity"}
"""What nobody needs a permission for."""
PUBLISH = {"ssm_parameter": "/golden-ami/{image}/{channel}", "channels": ["dev", "prod"]}
RULES = {"keep": 1, "disable_after": "0d", "delete_after": "0d"}


@pytest.fixture
def released(cli: Any, write: Any, sandbox: Sandbox) -> Any:
    """Release three versions, shared, encrypted exports ready, with a group that runs the last."""
    sandbox.pending_s = 0.0
    service = {"Service": "inspector2.amazonaws.com"}
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": service, "Action": "*", "Resource": "*"},
        }
    )
    key = sandbox.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    release: dict[str, Any] = {
        "regions": [REGION],
        "enforce": None,
        "share": {"accounts": [users.CONSUMER]},
        "publish": PUBLISH,
        "lifecycle": RULES,
        "test": {"scan": {"on": "image", "severity": "critical"}},
        "sbom": {"bucket": "sboms", "kms_key": key},
    }
    for version in ("1.0", "2.0", "3.0"):
        file = write(version=version, **release)
        assert cli("bake", file, "--yes").code == 0  # and no export, since there is no bucket
    sandbox.client("s3").create_bucket(Bucket="sboms")
    sandbox.client("s3").put_bucket_policy(Bucket="sboms", Policy=policy)
    for kind in ("EBS_SNAPSHOT", "EC2_IMAGE"):
        period = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
        sandbox.client("rbin").create_rule(ResourceType=kind, RetentionPeriod=period)
    iam = sandbox.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=account.trust({"AWS": ACCOUNT_ID}))
    ec2 = sandbox.client("ec2")
    (bad,) = ec2.describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": ["web-base-3.0"]}]
    )["Images"]
    template = account.template(ec2, "web", bad["ImageId"])
    named = {"LaunchTemplateId": template, "Version": "1"}
    account.group(sandbox, "web", LaunchTemplate=named)
    return file


@pytest.fixture
def least(cli: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command as a role that may do what the command's plan names, and nothing else."""

    def run(*words: object) -> None:
        planned = cli(*words, "--plan", "--format", "json")
        assert planned.code in (0, 10), planned.err
        permissions = json.loads(planned.out)["permissions"]
        allow = {"Effect": "Allow", "Action": permissions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": allow})
        sandbox.client("iam").put_role_policy(
            RoleName=ROLE, PolicyName="least", PolicyDocument=document
        )
        session = sandbox.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/{ROLE}", RoleSessionName="test"
        )["Credentials"]
        before = len(sandbox.calls)
        with monkeypatch.context() as environment:
            environment.setenv("AWS_ACCESS_KEY_ID", session["AccessKeyId"])
            environment.setenv("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"])
            environment.setenv("AWS_SESSION_TOKEN", session["SessionToken"])
            ran = cli(*words, *([] if words[0] == "rescan" else ["--yes"]))
        assert ran.code in (0, 10), ran.err
        called = [call.name for call in sandbox.calls[before:]]
        unnamed = {*called} - {*permissions} - FREE
        assert not unnamed, (words[0], unnamed)
        assert called.count("ec2:DescribeRegions") <= 1, words[0]

    return run


def test_what_a_plan_names_is_what_its_command_takes(released: Any, least: Any) -> None:
    why = ("--why", "CVE-2026-1")
    for version in ("2.0", "3.0"):
        least("promote", "web-base", version, "--channel", "prod")
    least("sbom", released)
    least("rescan", "web-base", "2.0")
    least("rollback", "web-base", "--channel", "prod", "--refresh")
    least("deprecate", "web-base", "1.0")
    least("restore", "web-base", "1.0", *why)
    least("prune", released)
    least("retire", "web-base", "1.0", "--now", "--launched-within", "0d")
    least("restore", "web-base", "1.0", *why)
    least("revoke", "web-base", "3.0", *why, "--hard", "--refresh")
    least("restore", "web-base", "3.0", *why)


OTHER = "444455556666"
COPIER = f"arn:aws:iam::{OTHER}:role/golden-ami-copies"


@pytest.fixture
def copied(cli: Any, write: Any, sandbox: Sandbox) -> Any:
    """Release two versions with copies in another account, and return what limits its role."""
    sandbox.pending_s = 0.0
    iam, name = sandbox.client("iam", account=OTHER), COPIER.rpartition("/")[2]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=account.trust({"AWS": ACCOUNT_ID}))

    def limit(*actions: str) -> None:
        allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": allow})
        iam.put_role_policy(RoleName=name, PolicyName="least", PolicyDocument=document)

    limit("*")
    copies = [{"account": OTHER, "role": name, "regions": [REGION]}]
    for version in ("1.0", "2.0"):
        file = write(version=version, regions=[REGION], copies=copies, enforce=None)
        assert cli("bake", file, "--yes").code == 0
    for kind in ("EBS_SNAPSHOT", "EC2_IMAGE"):
        period = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
        for owner in (ACCOUNT_ID, OTHER):
            rbin = sandbox.client("rbin", account=owner)
            rbin.create_rule(ResourceType=kind, RetentionPeriod=period)
    return limit


def test_what_a_plan_names_is_what_the_role_of_another_account_takes(
    cli: Any, copied: Any, sandbox: Sandbox
) -> None:
    why = ("--why", "CVE-2026-1")

    def least(*words: object) -> None:
        copied("*")
        planned = cli(*words, "--plan", "--format", "json")
        assert planned.code == 0, planned.err
        copied(*json.loads(planned.out)["roles"][COPIER])
        ran = cli(*words, "--yes")
        assert ran.code == 0, ran.err
        assert "not authorized" not in ran.err

    least("rollback", "web-base", "--refresh")
    least("deprecate", "web-base", "2.0")
    least("restore", "web-base", "2.0", *why)
    least("retire", "web-base", "2.0", "--now", "--launched-within", "0d")
    least("restore", "web-base", "2.0", *why)
    least("revoke", "web-base", "1.0", *why, "--hard", "--refresh")
    least("restore", "web-base", "1.0", *why)
