"""`goldenami remediate --action refresh`: what can be rolled back, and lost answers."""

from threading import Event
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws.action import ActionContext
from goldenami.aws.auto_scaling import covers
from goldenami.aws.session import Aws
from goldenami.domain.audit import audit_file
from goldenami.domain.choices import RemediationKind
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import AwsError
from goldenami.workflows import remediate as workflow
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.remediate import groups
from goldenami.workflows.remediate.interface import RemediationRequest
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import REFRESH, images_of, of, told_of


def refresh_of(sandbox: Sandbox, name: str) -> Any:
    told = sandbox.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=name)
    return told["InstanceRefreshes"][0]


def test_a_group_with_a_numbered_version_is_refreshed_so_that_it_can_be_rolled_back(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any, mutating: Any,
) -> None:  # fmt: skip
    bad = template("bad", public)
    group("web", LaunchTemplate=of(bad, "1"))
    rollout = (
        *("--alarm", "cpu", "--alarm", "5xx", "--checkpoint", "20", "--checkpoint", "100"),
        *("--checkpoint-delay", "30m", "--bake-time", "1h", "--min-healthy", "80"),
    )
    assert remediate(audited(), *REFRESH, *rollout)["web"][0] == "done"
    refresh = refresh_of(sandbox, "web")
    assert refresh["DesiredConfiguration"] == {
        "LaunchTemplate": {"LaunchTemplateId": bad, "Version": "2"}
    }
    assert refresh["Preferences"] == {
        "SkipMatching": True,
        "ScaleInProtectedInstances": "Ignore",
        "StandbyInstances": "Ignore",
        "MinHealthyPercentage": 80,
        "CheckpointPercentages": [20, 100],
        "CheckpointDelay": 1800,
        "BakeTime": 3600,
        "AlarmSpecification": {"Alarms": ["cpu", "5xx"]},
        "AutoRollback": True,
        "InstanceWarmup": 0,
    }
    assert "UpdateAutoScalingGroup" not in mutating()
    assert told_of(sandbox, "web")["LaunchTemplate"]["Version"] == "2"


@pytest.mark.parametrize("version", ["$Default", "$Latest"])
def test_a_group_that_follows_its_template_still_does_and_the_plan_says_what_that_costs(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any,
    template: Any, group: Any, version: str,
) -> None:  # fmt: skip
    bad = template("bad", public)
    group("web", LaunchTemplate=of(bad, version))
    audit = audited()
    planned = cli("remediate", audit, *REFRESH, "--checkpoint", "50", "--plan")
    assert planned.code == 0
    assert (
        f"web cannot be rolled back by Auto Scaling, since it follows {version} of {bad}: "
        "pin a version"
    ) in planned.err
    assert "web is replaced to 50 % only" in planned.err
    assert remediate(audit, *REFRESH)["web"][0] == "done"
    refresh = refresh_of(sandbox, "web")
    assert "DesiredConfiguration" not in refresh
    assert not refresh["Preferences"]["AutoRollback"]
    assert told_of(sandbox, "web")["LaunchTemplate"]["Version"] == version


LOST = Fault(
    service="autoscaling", operation="StartInstanceRefresh", code="x", status=500, applied=True,
    reset=True, times=1,
)  # fmt: skip


@pytest.mark.parametrize("version", ["1", "$Default"])
def test_a_refresh_whose_answer_was_lost_is_the_one_under_way(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any, version: str,
) -> None:  # fmt: skip
    sandbox.pending_s = 60.0
    group("web", LaunchTemplate=of(template("bad", public), version))
    audit = audited()
    with sandbox.fail(LOST) as fault:
        assert remediate(audit, *REFRESH)["web"] == ("done", "replace the instances of web")
    assert fault.hits == 1
    result, why = remediate(audit, *REFRESH)["web"]
    # A group that follows its template names the golden image already.
    follows = version == "$Default"
    assert result == "left alone"
    assert why == ("it is golden now" if follows else "an instance refresh is under way")


@pytest.mark.parametrize("theirs", [{}, {"Preferences": {"BakeTime": 60}}, None])
def test_somebody_elses_refresh_is_not_taken_for_ones_own(
    sandbox: Sandbox, golden: str, template: Any, group: Any, theirs: Any
) -> None:
    sandbox.pending_s = 60.0
    launch = of(template("web", golden), "1")
    group("web", LaunchTemplate=launch)
    if theirs is not None:
        sandbox.client("autoscaling").start_instance_refresh(AutoScalingGroupName="web", **theirs)
    ours = {
        "AutoScalingGroupName": "web",
        "DesiredConfiguration": {"LaunchTemplate": launch},
        "Preferences": {"SkipMatching": True},
    }
    doing = ActionContext(
        regional=Aws(region="us-east-1").in_region("us-east-1"), summary="s", parameters=ours,
        cancelled=Event(), progress=lambda _: None,
    )  # fmt: skip
    assert groups.adopt(doing, AwsError("m", code="InstanceRefreshInProgress")) is None
    without = {**ours, "DesiredConfiguration": {}}
    refused = structs.replace(doing, parameters=without)
    assert groups.adopt(refused, AwsError("m", code="InstanceRefreshInProgress")) is None
    assert groups.adopt(doing, AwsError("m", code="Throttling")) is None


@pytest.mark.parametrize(
    ("told", "wanted", "same"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": 1}, {"a": [1]}, False),
        (None, {"a": 1}, False),
        ({}, {}, True),
    ],
)
def test_a_configuration_covers_another_if_it_says_all_of_it(
    told: Any, wanted: Any, same: bool
) -> None:
    assert covers(told, wanted) is same


def test_an_image_that_the_audit_calls_unapproved_is_never_rolled_out(
    cli: Any, sandbox: Sandbox, write: Any, golden: str, public: str, audited: Any,
    remediate: Any, template: Any,
) -> None:  # fmt: skip
    """The release file names another approval tag, and the newest image has lost it."""
    ec2 = sandbox.client("ec2")
    custom = write(
        "custom.yaml", version="2.0", regions=["us-east-1"], enforce=None,
        approval_tag={"key": "Golden", "value": "yes"},
    )  # fmt: skip
    assert cli("bake", custom, "--yes").code == 0
    [approved] = [
        one["ImageId"]
        for one in ec2.describe_images(Owners=["self"])["Images"]
        if {"Key": "Golden", "Value": "yes"} in one["Tags"]
    ]
    newer = write(
        "newer.yaml", version="2.1", regions=["us-east-1"], enforce=None,
        approval_tag={"key": "Golden", "value": "yes"},
    )  # fmt: skip
    assert cli("bake", newer, "--yes").code == 0
    [newest] = [
        one["ImageId"]
        for one in ec2.describe_images(Owners=["self"])["Images"]
        if one["Name"] == "web-base-2.1"
    ]
    ec2.delete_tags(Resources=[newest], Tags=[{"Key": "Golden"}])
    bad = template("bad", public)
    assert remediate(audited(custom), custom, *REFRESH)[f"{bad}:1"][0] == "done"
    assert images_of(sandbox, bad) == [public, approved]


def unapprove(sandbox: Sandbox, golden: str, _: str) -> None:
    tag = {"Key": ApprovalTag().key}
    sandbox.client("ec2").delete_tags(Resources=[golden], Tags=[tag])


def redefault(sandbox: Sandbox, _: str, bad: str) -> None:
    ec2 = sandbox.client("ec2")
    ec2.create_launch_template_version(LaunchTemplateId=bad, LaunchTemplateData={"KeyName": "k"})
    ec2.modify_launch_template(LaunchTemplateId=bad, DefaultVersion="2")


def relaunch(sandbox: Sandbox, _: str, bad: str) -> None:
    sandbox.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate=of(bad, "$Latest")
    )


def delete(sandbox: Sandbox, *_: str) -> None:
    scaling = sandbox.client("autoscaling")
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)


def protect(sandbox: Sandbox, *_: str) -> None:
    instance = told_of(sandbox, "web")["Instances"][0]["InstanceId"]
    sandbox.client("ec2").modify_instance_attribute(
        InstanceId=instance, DisableApiTermination={"Value": True}
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (unapprove, "the image that it was to get is no longer approved"),
        (redefault, "was changed since"),
        (relaunch, "what it launches was changed since"),
        (delete, "it is gone"),
        (protect, "is protected from termination"),
    ],
)
def test_what_was_changed_between_plan_and_call_is_left_alone(
    sandbox: Sandbox, golden: str, public: str, audited: Any, template: Any, group: Any,
    change: Any, says: str,
) -> None:  # fmt: skip
    bad = template("bad", public)
    group("web", LaunchTemplate=of(bad, "1"))
    asked = RemediationRequest(kind=RemediationKind.REFRESH, image="web-base", per_minute=60_000)
    aws = Aws(region="us-east-1")
    prepared = workflow.prepare(aws, audit_file.load_whole(audited()), AuditQuestion(), asked)
    change(sandbox, golden, bad)
    results, error = workflow.carry_out(aws, prepared, asked)
    assert error is None
    told = {one.id: (one.result, one.detail) for one in results}
    assert told["web"][0] == "left alone"
    assert says in told["web"][1]
    assert not sandbox_refreshes(sandbox)


def sandbox_refreshes(sandbox: Sandbox) -> list[str]:
    return [one.operation for one in sandbox.calls if one.operation == "StartInstanceRefresh"]
