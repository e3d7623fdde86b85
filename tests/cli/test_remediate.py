"""`goldenami remediate`: only what the audit named and still is so, and no faster than asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldenami.sandbox.faults import Fault
from goldenami.sandbox.server import Sandbox
from goldenami.workflows.remediate import Pace


@pytest.fixture
def audited(cli: Any, tmp_path: Path) -> Any:
    """Audit the region, and return the file."""

    def audited(*arguments: object) -> Path:
        path = tmp_path / "audit.json"
        ran = cli(
            "audit", *arguments, "--region", "us-east-1", "--format", "json", "--output", path
        )
        assert ran.code == 10, ran.err
        return path

    return audited


@pytest.fixture
def remediate(cli: Any) -> Any:
    """Run it, and return the results by id."""

    def remediate(*arguments: object, code: int = 0) -> dict[str, tuple[str, str]]:
        ran = cli("remediate", *arguments, "--yes", "--per-minute", "60000", "--format", "json")
        assert ran.code == code, ran.err
        items = json.loads(ran.out)["items"]
        return {one["id"]: (one["result"], one["detail"]) for one in items}

    return remediate


def run(sandbox: Sandbox, image_id: str, **more: Any) -> str:
    launched = sandbox.client("ec2").run_instances(
        ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro", **more
    )
    return str(launched["Instances"][0]["InstanceId"])


def now(sandbox: Sandbox, instance_id: str) -> dict[str, Any]:
    told = sandbox.client("ec2").describe_instances(InstanceIds=[instance_id])
    found: dict[str, Any] = told["Reservations"][0]["Instances"][0]
    return found


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
    results = remediate(audited(release), "--action", "terminate")
    assert results == {
        bad: ("done", f"terminate {bad}"),
        held: ("left alone", "it is protected from termination"),
    }
    assert now(sandbox, bad)["State"]["Name"] == "terminated"
    assert now(sandbox, waived)["State"]["Name"] == "running"


def test_a_quarantine_leaves_one_group_and_notes_the_others(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    ec2 = sandbox.client("ec2")
    bad = run(sandbox, public)
    vpc = now(sandbox, bad)["VpcId"]
    group = ec2.create_security_group(GroupName="quarantine", Description="q", VpcId=vpc)["GroupId"]
    before = now(sandbox, bad)["NetworkInterfaces"][0]
    audit = audited()
    wanted = (audit, "--action", "quarantine", "--security-group", group)
    assert remediate(*wanted)[bad][0] == "done"
    after = now(sandbox, bad)
    assert [one["GroupId"] for one in after["NetworkInterfaces"][0]["Groups"]] == [group]
    noted = f"{before['NetworkInterfaceId']}={before['Groups'][0]['GroupId']}"
    assert {"Key": "goldenami:quarantined-from", "Value": noted} in after["Tags"]
    assert remediate(*wanted)[bad] == ("left alone", "it is in quarantine already")

    other_vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_security_group(GroupName="o", Description="o", VpcId=other_vpc)["GroupId"]
    elsewhere = remediate(audit, "--action", "quarantine", "--security-group", other)
    assert elsewhere[bad] == ("left alone", f"it is in {vpc}, and {other} in {other_vpc}")


def test_templates_and_groups_move_to_the_golden_image(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")

    def template(name: str) -> str:
        made = ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": public, "InstanceType": "t3.micro"},
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    shared, numbered = template("shared"), template("numbered")
    zone: dict[str, Any] = {"AvailabilityZones": ["us-east-1a"], "MinSize": 0, "MaxSize": 1}
    for name, chosen in {
        "by-default": {"LaunchTemplateId": shared, "Version": "$Default"},
        "also-by-default": {"LaunchTemplateId": shared, "Version": "$Default"},
        "by-number": {"LaunchTemplateId": numbered, "Version": "1"},
    }.items():
        scaling.create_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=chosen, **zone)
    scaling.set_desired_capacity(AutoScalingGroupName="by-number", DesiredCapacity=1)
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=public, InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchConfigurationName="old", **zone
    )
    bad = run(sandbox, public)
    audit = audited()
    results = remediate(audit, "--action", "refresh", "--image", "web-base")
    assert {one: result for one, (result, _) in results.items()} == {
        f"{shared}:1": "done",
        f"{numbered}:1": "done",
        "by-default": "done",
        "also-by-default": "done",
        "by-number": "done",
        "by-configuration": "left alone",
        bad: "left alone",
    }
    for one in (shared, numbered):
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=one)
        data = {
            each["VersionNumber"]: each["LaunchTemplateData"]
            for each in versions["LaunchTemplateVersions"]
        }
        assert data[2] == {"ImageId": golden, "InstanceType": "t3.micro"}
        assert len(data) == 2
        default = ec2.describe_launch_templates(LaunchTemplateIds=[one])["LaunchTemplates"][0]
        assert default["DefaultVersionNumber"] == 2
    [moved] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["by-number"])[
        "AutoScalingGroups"
    ]
    assert moved["LaunchTemplate"]["Version"] == "2"
    after = json.loads(
        cli("audit", "--region", "us-east-1", "--only", "launches", "--format", "json").out
    )
    assert {one["subject"]["id"] for one in after["findings"]} == {"old", "by-configuration"}
    [renewed] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["by-number"])[
        "AutoScalingGroups"
    ][0]["Instances"]
    assert now(sandbox, renewed["InstanceId"])["ImageId"] == golden
    assert remediate(audit, "--action", "refresh", "--image", "web-base")["by-number"][0] == "done"


def test_a_failure_stops_nothing_else_and_is_told(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    first, second = run(sandbox, public), run(sandbox, public)
    audit = audited()
    fault = Fault(
        service="ec2", operation="StopInstances", code="UnauthorizedOperation", status=403, times=1
    )
    with sandbox.fail(fault):
        results = remediate(audit, "--action", "stop", code=1)
    assert sorted(result for result, _ in results.values()) == ["done", "failed"]
    again = remediate(audit, "--action", "stop")
    assert sorted(result for result, _ in again.values()) == ["done", "left alone"]
    assert {now(sandbox, one)["State"]["Name"] for one in (first, second)} == {"stopped"}


def test_an_instance_that_changes_after_the_plan_is_not_touched(
    sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    from goldenami.aws.session import Aws
    from goldenami.domain.audit import saved
    from goldenami.workflows import remediate as workflow
    from goldenami.workflows.remediate.interface import Asked, What

    bad = run(sandbox, public)
    asked = Asked(what=What.TAG, per_minute=60_000)
    aws = Aws(region="us-east-1")
    prepared = workflow.prepare(aws, saved.load(audited()), asked)
    sandbox.client("ec2").terminate_instances(InstanceIds=[bad])
    [result], error = workflow.carry_out(aws, prepared, asked)
    assert (result.id, result.result) == (bad, "failed")
    assert "it is no longer what the audit named" in result.detail
    assert error is not None


def test_the_plan_changes_nothing_and_names_its_permissions(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    bad = run(sandbox, public)
    ran = cli("remediate", audited(), "--action", "terminate", "--plan")
    assert ran.code == 0
    assert f"terminate {bad}" in ran.out
    assert "ec2:TerminateInstances" in ran.out
    assert now(sandbox, bad)["State"]["Name"] == "running"


def test_findings_are_chosen_by_rule_and_severity(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    run(sandbox, public)
    audit = audited()
    assert cli("remediate", audit, "--action", "tag", "--severity", "critical").code == 4
    assert cli("remediate", audit, "--action", "tag", "--rule", "derived-image").code == 4
    assert len(remediate(audit, "--action", "tag", "--rule", "foreign-owner")) == 1


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


def test_another_accounts_audit_is_refused(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    run(sandbox, public)
    audit = audited()
    text = audit.read_text()
    audit.write_text(text.replace('"account": "123456789012"', '"account": "444455556666"', 1))
    ran = cli("remediate", audit, "--action", "tag", "--yes")
    assert ran.code == 4
    assert "the audit is of account 444455556666" in ran.err
    audit.write_text(text.replace('"account":"123456789012"', '"account":"444455556666"'))
    ran = cli("remediate", audit, "--action", "tag", "--yes")
    assert ran.code == 4
    assert "by which role?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--action", "quarantine"], "--security-group"),
        (["--action", "refresh"], "--image"),
        (["--action", "tag", "--rule", "ugly"], "there is no such rule"),
        (["--action", "tag"], "cannot be read"),
    ],
)
def test_wrong_options_are_one_clear_error(cli: Any, arguments: list[str], says: str) -> None:
    ran = cli("remediate", "/no/such/file", *arguments)
    assert ran.code == 2
    assert says in ran.err


def test_a_pace_spreads_its_turns() -> None:
    pace = Pace(per_minute=60)
    turns = [pace.turn_in_s() for _ in range(3)]
    assert turns[0] == pytest.approx(0, abs=0.5)
    assert turns[2] - turns[0] == pytest.approx(2, abs=0.5)
