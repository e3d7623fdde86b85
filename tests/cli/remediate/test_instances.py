"""`goldenami remediate` on instances: tagged, stopped, terminated."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

from .conftest import now, run


def test_instances_are_tagged_and_golden_ones_are_not(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    good, bad = run(sandbox, golden), run(sandbox, public)
    assert remediate(audited(), "--action", "tag") == {bad: ("done", f"tag {bad}")}
    assert {"Key": "goldenami:finding", "Value": "foreign-owner"} in now(sandbox, bad)["Tags"]
    assert "Tags" not in now(sandbox, good)


def test_only_what_still_is_so_is_stopped(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    bad, gone, stopped, held = (run(sandbox, public) for _ in range(4))
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="shop", ImageId=public, InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="shop", LaunchConfigurationName="shop", MinSize=1, MaxSize=1,
        AvailabilityZones=["us-east-1a"],
    )  # fmt: skip
    [scaled] = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    audit = audited()
    ec2.terminate_instances(InstanceIds=[gone])
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.modify_instance_attribute(InstanceId=held, DisableApiStop={"Value": True})
    results = remediate(audit, "--action", "stop")
    assert results == {
        bad: ("done", f"stop {bad}"),
        gone: ("left alone", "it is gone"),
        stopped: ("left alone", "it is stopped already"),
        held: ("left alone", "it is protected from being stopped"),
        scaled["InstanceId"]: (
            "left alone",
            "the Auto Scaling group shop would replace it: refresh that",
        ),
    }
    assert now(sandbox, bad)["State"]["Name"] == "stopped"
    again = remediate(audit, "--action", "stop")
    assert again[bad] == ("left alone", "it is stopped already")


def test_protected_and_waived_instances_are_not_terminated(
    sandbox: Sandbox, write: Any, golden: str, public: str, audited: Any, remediate: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    bad, held, waived = (run(sandbox, public) for _ in range(3))
    sandbox.client("ec2").modify_instance_attribute(
        InstanceId=held, DisableApiTermination={"Value": True}
    )
    (tmp_path / "waivers.yaml").write_text(
        "schema: goldenami.waivers/v1\nwaivers:\n"
        f"- {{instance: {waived}, owner: me, reason: r, expires: 2999-01-01}}\n"
    )
    release = write("waiving.yaml", enforce=None, audit={"waivers": "waivers.yaml"})
    results = remediate(audited(release), release, "--action", "terminate")
    assert results == {
        bad: ("done", f"terminate {bad}"),
        held: ("left alone", "it is protected from termination"),
    }
    assert now(sandbox, bad)["State"]["Name"] == "terminated"
    assert now(sandbox, waived)["State"]["Name"] == "running"


@pytest.mark.parametrize("action", ["stop", "quarantine", "terminate"])
def test_what_is_protected_from_termination_is_touched_by_no_action_but_a_tag(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, action: str
) -> None:
    ec2 = sandbox.client("ec2")
    held = run(sandbox, public)
    ec2.modify_instance_attribute(InstanceId=held, DisableApiTermination={"Value": True})
    before = now(sandbox, held)
    quarantine = ec2.create_security_group(
        GroupName="quarantine", Description="q", VpcId=before["VpcId"]
    )["GroupId"]
    wanted = ("--action", action, "--security-group", quarantine)
    assert remediate(audited(), *wanted)[held] == (
        "left alone", "it is protected from termination",
    )  # fmt: skip
    after = now(sandbox, held)
    assert after["State"] == before["State"]
    assert after["NetworkInterfaces"] == before["NetworkInterfaces"]
    assert remediate(audited(), "--action", "tag")[held][0] == "done"


def test_another_accounts_instance_is_reached_by_its_role(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    account = "444455556666"
    trust = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    iam = sandbox.client("iam", account=account)
    iam.create_role(
        RoleName="keeper",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    iam.attach_role_policy(
        RoleName="keeper", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    )
    other = sandbox.client("ec2", account=account)
    told = other.run_instances(ImageId=public, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    bad = told["Instances"][0]["InstanceId"]
    role = ("--role", "keeper")
    audit = audited("--account", account, "--only", "instances", *role)
    assert remediate(audit, "--action", "stop", *role) == {bad: ("done", f"stop {bad}")}


def test_findings_are_chosen_by_rule_severity_and_region(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    run(sandbox, public)
    audit = audited()
    assert cli("remediate", audit, "--action", "tag", "--severity", "critical").code == 4
    assert cli("remediate", audit, "--action", "tag", "--rule", "derived-image").code == 4
    assert cli("remediate", audit, "--action", "tag", "--region", "eu-west-1").code == 4
    assert len(remediate(audit, "--action", "tag", "--region", "us-east-1")) == 1
    assert len(remediate(audit, "--action", "tag", "--rule", "foreign-owner")) == 1
