"""`goldenami remediate`: only what the audit named and still is so, and no faster than asked."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from goldenami.aws.session import Aws
from goldenami.domain.audit import saved
from goldenami.domain.plan import Happened
from goldenami.errors import InterruptedRunError
from goldenami.sandbox.faults import Fault
from goldenami.sandbox.server import Sandbox
from goldenami.workflows import remediate as workflow
from goldenami.workflows.remediate import Pace
from goldenami.workflows.remediate.interface import Asked, What


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
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any,
    template: Any,
) -> None:  # fmt: skip
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    shared, numbered = template("shared", public), template("numbered", public)
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


@pytest.fixture
def template(sandbox: Sandbox) -> Any:
    """Make a launch template, and return its id."""

    def template(name: str, *images: str, **data: Any) -> str:
        ec2, made = sandbox.client("ec2"), ""
        for image in images:
            wanted = {"ImageId": image, "InstanceType": "t3.micro", **data}
            if made:
                ec2.create_launch_template_version(LaunchTemplateId=made, LaunchTemplateData=wanted)
            else:
                told = ec2.create_launch_template(
                    LaunchTemplateName=name, LaunchTemplateData=wanted
                )
                made = told["LaunchTemplate"]["LaunchTemplateId"]
        return made

    return template


@pytest.fixture
def group(sandbox: Sandbox) -> Any:
    """Make an Auto Scaling group of one instance, and return how it is told."""

    def group(name: str, **launch: Any) -> Any:
        sandbox.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name, AvailabilityZones=["us-east-1a"], MinSize=1, MaxSize=1,
            **launch,
        )  # fmt: skip
        return told_of(sandbox, name)

    return group


def told_of(sandbox: Sandbox, name: str) -> Any:
    [told] = sandbox.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[name]
    )["AutoScalingGroups"]
    return told


def of(template: str, version: str = "$Default") -> dict[str, str]:
    return {"LaunchTemplateId": template, "Version": version}


REFRESH = ("--action", "refresh", "--image", "web-base")


def test_a_mixed_group_is_moved_with_all_its_templates_and_images(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ec2 = sandbox.client("ec2")
    first, second, latest = (template(one, public) for one in ("first", "second", "latest"))
    ec2.create_launch_template_version(
        LaunchTemplateId=latest, LaunchTemplateData={"ImageId": public}
    )
    overrides = [
        {"InstanceType": "t3.small", "WeightedCapacity": "2"},
        {"InstanceType": "t3.large", "LaunchTemplateSpecification": of(second, "1")},
        {"InstanceType": "t3.medium", "LaunchTemplateSpecification": of(latest, "$Latest")},
    ]
    group(
        "mixed",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": of(first, "1"), "Overrides": overrides,
            }
        },
    )  # fmt: skip
    assert remediate(audited(), *REFRESH)["mixed"] == ("done", "replace the instances of mixed")
    moved = told_of(sandbox, "mixed")["MixedInstancesPolicy"]["LaunchTemplate"]
    assert moved["LaunchTemplateSpecification"]["Version"] == "2"
    assert moved["Overrides"] == [
        overrides[0],
        {"InstanceType": "t3.large", "LaunchTemplateSpecification": of(second, "2")},
        overrides[2],
    ]
    assert {one: images_of(sandbox, one) for one in (first, second, latest)} == {
        first: [public, golden],
        second: [public, golden],
        latest: [public, public, golden, golden],
    }
    assert told_of(sandbox, "mixed")["Instances"]


def images_of(sandbox: Sandbox, template: str) -> list[str]:
    """The images of a template's versions, in their order."""
    told = sandbox.client("ec2").describe_launch_template_versions(LaunchTemplateId=template)
    versions = sorted(told["LaunchTemplateVersions"], key=lambda one: int(one["VersionNumber"]))
    return [one["LaunchTemplateData"]["ImageId"] for one in versions]


def test_the_latest_version_of_a_template_stays_what_it_was(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    """Whoever launches `$Latest` must not get the settings of an old default."""
    ec2 = sandbox.client("ec2")
    both, newer = template("both", public), template("newer", public)
    for one, image in ((both, public), (newer, golden)):
        ec2.create_launch_template_version(
            LaunchTemplateId=one, LaunchTemplateData={"ImageId": image, "KeyName": "new"}
        )
    group("follows", LaunchTemplate=of(both, "$Latest"))
    audit = audited()
    results = remediate(audit, *REFRESH)
    assert results["follows"][0] == results[f"{both}:1"][0] == results[f"{newer}:1"][0] == "done"
    for one in (both, newer):
        told = {
            version: ec2.describe_launch_template_versions(
                LaunchTemplateId=one, Versions=[version]
            )["LaunchTemplateVersions"][0]["LaunchTemplateData"]
            for version in ("$Default", "$Latest")
        }
        assert told["$Default"] == {"ImageId": golden, "InstanceType": "t3.micro"}
        assert told["$Latest"] == {"ImageId": golden, "KeyName": "new"}
    again = remediate(audit, *REFRESH)
    assert again["follows"][0] == "done"
    assert images_of(sandbox, both) == [public, public, golden, golden]


def test_what_waivers_cover_is_not_refreshed_nor_what_it_is_part_of(
    sandbox: Sandbox, write: Any, golden: str, public: str, audited: Any, remediate: Any,
    template: Any, group: Any, tmp_path: Path,
) -> None:  # fmt: skip
    waived_template, free = template("waived", public), template("free", public)
    with_waived = group("with-waived", LaunchTemplate=of(free))
    group("of-waived", LaunchTemplate=of(waived_template))
    group("waived", LaunchTemplate=of(free))
    waived = with_waived["Instances"][0]["InstanceId"]
    sandbox.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName="with-waived", DesiredCapacity=1
    )
    covers = [f"instance: {waived}", f"resource: '{waived_template}:1'", "resource: waived"]
    (tmp_path / "waivers.yaml").write_text(
        "schema: goldenami.waivers/v1\nwaivers:\n"
        + "".join(f"- {{{one}, owner: me, reason: r, expires: 2999-01-01}}\n" for one in covers)
    )
    release = write("waiving.yaml", enforce=None, audit={"waivers": "waivers.yaml"})
    results = remediate(audited(release), *REFRESH)
    assert results.pop(f"{free}:1")[0] == "done"
    left = {detail for result, detail in results.values() if result == "left alone"}
    assert left == {
        f"a waiver covers {waived} of the group with-waived",
        f"a waiver covers its template {waived_template}",
        "a waiver covers waived of the group waived",
    }
    assert {result for result, _ in results.values()} == {"left alone"}
    assert now(sandbox, waived)["State"]["Name"] == "running"


def test_protected_instances_keep_their_group_or_are_kept(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    image = template("bad", public)
    held, kept = (
        group(name, LaunchTemplate=of(image))["Instances"][0]["InstanceId"]
        for name in ("held", "kept")
    )
    sandbox.client("ec2").modify_instance_attribute(
        InstanceId=held, DisableApiTermination={"Value": True}
    )
    sandbox.client("autoscaling").set_instance_protection(
        AutoScalingGroupName="kept", InstanceIds=[kept], ProtectedFromScaleIn=True
    )
    results = remediate(audited(), *REFRESH)
    assert results["held"] == ("left alone", f"{held} in it is protected from termination")
    assert results["kept"][0] == "done"
    assert results[kept] == (
        "left alone", "it is protected from scale-in, which the refresh of kept heeds",
    )  # fmt: skip
    assert {now(sandbox, one)["State"]["Name"] for one in (held, kept)} == {"running"}


def test_an_image_of_another_architecture_is_not_replaced(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ec2 = sandbox.client("ec2")
    other = next(
        one["ImageId"]
        for one in ec2.describe_images(Owners=["amazon"])["Images"]
        if one["Architecture"] == "arm64"
    )
    own = ec2.create_image(InstanceId=run(sandbox, public), Name="gone")["ImageId"]
    arm = template("arm", other, InstanceType="t4g.micro")
    gone, gone_too = template("gone", own, InstanceType="t4g.micro"), template("gone-too", own)
    group("arm", LaunchTemplate=of(arm))
    group(
        "by-image",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": of(template("good", golden)),
                "Overrides": [
                    {"InstanceType": "t3.micro"}, {"InstanceType": "t4g.micro", "ImageId": other},
                ],
            }
        },
    )  # fmt: skip
    ec2.deregister_image(ImageId=own)
    results = remediate(audited(), *REFRESH)
    unfit = f"it is arm64, and {golden} is x86_64"
    assert results[f"{arm}:1"] == ("left alone", unfit)
    assert results[f"{gone}:1"] == ("left alone", unfit)
    assert results[f"{gone_too}:1"][0] == "done"
    assert results["arm"] == ("left alone", f"its template {arm}: {unfit}")
    assert results["by-image"] == ("left alone", f"{other}: {unfit}")


def test_a_template_that_follows_a_parameter_is_left_to_the_release(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ssm = sandbox.client("ssm")
    ssm.put_parameter(Name="/images/web", Type="String", Value=public)
    follows = template("follows", "resolve:ssm:/images/web")
    group("follows", LaunchTemplate=of(follows))
    audit = audited()
    left = "it follows the SSM parameter /images/web: publish the release there"
    results = remediate(audit, *REFRESH)
    assert results[f"{follows}:1"] == ("left alone", left)
    assert results["follows"] == ("left alone", f"its template {follows}: {left}")
    ssm.put_parameter(Name="/images/web", Type="String", Value=golden, Overwrite=True)
    results = remediate(audit, *REFRESH)
    assert results[f"{follows}:1"][1] == "its default version has the current image"
    assert results["follows"] == ("done", "replace the instances of follows")


def test_a_forged_approval_is_never_rolled_out(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any
) -> None:
    ec2 = sandbox.client("ec2")
    forged = ec2.create_image(InstanceId=run(sandbox, public), Name="forged")["ImageId"]
    told = ec2.describe_images(ImageIds=[golden])["Images"][0]["Tags"]
    ec2.create_tags(Resources=[forged], Tags=told)
    bad = template("bad", public)
    assert remediate(audited(), *REFRESH)[f"{bad}:1"][0] == "done"
    data = ec2.describe_launch_template_versions(LaunchTemplateId=bad, Versions=["$Default"])
    assert data["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"] == golden


def test_what_is_gone_or_has_no_golden_image_is_left_alone(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    stays, gone, moved = template("stays", public), template("gone", public), template("m", public)
    group("gone", LaunchTemplate=of(gone))
    group("orphan", LaunchTemplate=of(gone))
    group("stays", LaunchTemplate=of(stays))
    audit = audited()
    scaling.delete_auto_scaling_group(AutoScalingGroupName="gone", ForceDelete=True)
    ec2.delete_launch_template(LaunchTemplateId=gone)
    ec2.create_launch_template_version(
        LaunchTemplateId=moved, LaunchTemplateData={"ImageId": public}
    )
    ec2.modify_launch_template(LaunchTemplateId=moved, DefaultVersion="2")
    results = remediate(audit, "--action", "refresh", "--image", "no-such-image")
    none = "there is no approved image in this region"
    assert results[f"{stays}:1"] == results["stays"] == ("left alone", none)
    results = remediate(audit, *REFRESH)
    assert results[f"{gone}:1"] == results["gone"] == ("left alone", "it is gone")
    assert results["orphan"] == (
        "left alone", f"its template {gone} has no version $Default",
    )  # fmt: skip
    assert results[f"{moved}:1"] == ("left alone", "it is no default version: 2 is")
    assert results["stays"][0] == "done"


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
    bad = run(sandbox, public)
    asked = Asked(what=What.TAG, per_minute=60_000)
    aws = Aws(region="us-east-1")
    prepared = workflow.prepare(aws, saved.load(audited()), asked)
    sandbox.client("ec2").terminate_instances(InstanceIds=[bad])
    [result], error = workflow.carry_out(aws, prepared, asked)
    assert (result.id, result.result) == (bad, "failed")
    assert "it is no longer what the audit named" in result.detail
    assert error is not None


def test_ctrl_c_tells_what_was_done_and_how_to_go_on(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    for _ in range(2):
        run(sandbox, public)
    audit = audited()
    asked = Asked(what=What.STOP, per_minute=1)  # the second one has its turn in a minute
    aws = Aws(region="us-east-1")

    def tell(happened: Happened) -> None:
        if happened.kind == "done":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    prepared = workflow.prepare(aws, saved.load(audit), asked)
    results, error = workflow.carry_out(aws, prepared, asked, tell=tell)
    assert isinstance(error, InterruptedRunError)
    assert "run the same command again" in error.fix
    assert sorted(one.result for one in results) == ["done", "failed"]
    assert "not begun" in next(one.detail for one in results if one.result == "failed")
    again = remediate(audit, "--action", "stop")
    assert sorted(result for result, _ in again.values()) == ["done", "left alone"]


def test_a_step_whose_predecessor_fails_is_not_begun(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    first, second = template("first", public), template("second", public)
    group("first", LaunchTemplate=of(first))
    audit = audited()
    fault = Fault(
        service="ec2", operation="CreateLaunchTemplateVersion", code="UnauthorizedOperation",
        status=403, times=1,
    )  # fmt: skip
    with sandbox.fail(fault):
        results = remediate(audit, *REFRESH, code=1)
    ends = sorted(results[one][0] for one in (f"{first}:1", f"{second}:1"))
    assert ends == ["done", "failed"]
    assert {result for result, _ in remediate(audit, *REFRESH).values()} <= {"done", "left alone"}


def test_the_plan_changes_nothing_and_names_its_permissions(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    bad, held = run(sandbox, public), run(sandbox, public)
    sandbox.client("ec2").modify_instance_attribute(
        InstanceId=held, DisableApiTermination={"Value": True}
    )
    ran = cli("remediate", audited(), "--action", "terminate", "--plan")
    assert ran.code == 0
    assert f"left alone: {held}: it is protected from termination" in ran.err
    assert f"terminate {bad}" in ran.out
    assert "ec2:TerminateInstances" in ran.out
    assert now(sandbox, bad)["State"]["Name"] == "running"


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


def test_a_pace_spreads_its_turns_and_does_not_make_up_for_idle_time() -> None:
    now_s = 100.0
    pace = Pace(per_minute=30, clock=lambda: now_s)
    assert [pace.turn_in_s() for _ in range(3)] == [0, 2, 4]
    now_s = 103.0
    assert pace.turn_in_s() == 3
    now_s = 200.0
    assert [pace.turn_in_s() for _ in range(2)] == [0, 2]
