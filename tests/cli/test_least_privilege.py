"""The permissions that the docs name are enough, and a caller without one is told which.

The embedded AWS decides every call, so a command that needs more would be refused.
"""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from goldenami.cli import rehearsal_seed
from goldenami.spec import load
from goldenami_sandbox import seed
from goldenami_sandbox.server import Sandbox

TABLE = (Path(__file__).parents[2] / "docs/reference/permissions.md").read_text()
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    },
}


def named_in_the_docs(*commands: str) -> list[str]:
    rows = [line for line in TABLE.splitlines() if line.startswith("| `")]
    wanted = [row for row in rows if row.split("|")[1].strip().startswith(commands)]
    return sorted({one for row in wanted for one in re.findall(r"`([a-z0-9]+:[A-Za-z]+)`", row)})


@pytest.fixture
def as_role(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let this process's AWS clients be a session of a role that may do these actions alone."""

    def become(name: str, actions: list[str]) -> None:
        iam = sandbox.client("iam")
        allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": allow}
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(
            RoleName=name, PolicyName="permissions", PolicyDocument=json.dumps(document)
        )
        session = sandbox.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::123456789012:role/{name}", RoleSessionName="test"
        )["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", session["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", session["SessionToken"])

    return become


@pytest.fixture
def release(sandbox: Sandbox, write: Any) -> Path:
    path: Path = write(enforce__pipeline_role="golden-ami-pipeline", test={"scan": {}})
    seed.seed(sandbox, rehearsal_seed.of(load(path)))
    return path


def test_what_the_readme_names_is_enough_for_each_command(
    cli: Any, release: Path, as_role: Any
) -> None:
    as_role("golden-ami-pipeline", named_in_the_docs("`bake`"))
    baked = cli("bake", release, "--yes")
    assert baked.code == 0, baked.err
    as_role("golden-ami-pipeline", named_in_the_docs("`enforce`"))
    enforced = cli("enforce", release, "--yes")
    assert enforced.code == 0, enforced.err
    as_role("auditor", named_in_the_docs("`audit`"))
    audited = cli("audit", release)
    assert audited.code == 10, audited.err
    audited = cli("audit", release, "--roots", "--only", "instances", "--only", "settings")
    assert audited.code == 10, audited.err
    as_role("golden-ami-pipeline", named_in_the_docs("`enforce`"))
    assert cli("enforce", release, "--remove", "--yes").code == 0


def test_what_the_readme_names_is_enough_to_remediate(
    cli: Any, sandbox: Sandbox, golden: str, public: str, as_role: Any, tmp_path: Path
) -> None:
    ec2 = sandbox.client("ec2")
    ec2.run_instances(ImageId=public, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    template = ec2.create_launch_template(
        LaunchTemplateName="bad", LaunchTemplateData={"ImageId": public, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    sandbox.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="shop", AvailabilityZones=["us-east-1a"], MinSize=1, MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
    )  # fmt: skip
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="q", Description="q", VpcId=vpc)["GroupId"]
    audit = tmp_path / "audit.json"
    as_role("auditor", named_in_the_docs("`audit`"))
    assert cli("audit", "--region", "us-east-1", "--format", "json", "--output", audit).code == 10
    as_role("keeper", named_in_the_docs("`remediate`"))
    for action in ("refresh", "tag", "quarantine", "release", "stop", "terminate"):
        options = ("--image", "web-base", "--security-group", group, "--per-minute", "60000")
        ran = cli("remediate", audit, "--action", action, *options, "--yes", "--format", "json")
        assert ran.code == 0, ran.err
        assert "done" in {one["result"] for one in json.loads(ran.out)["items"]}


def test_a_missing_permission_is_named_by_the_server(cli: Any, release: Path, as_role: Any) -> None:
    actions = named_in_the_docs("`bake`")
    actions.remove("ec2:CreateImage")
    as_role("golden-ami-pipeline", actions)
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert "ec2:CreateImage" in ran.err
