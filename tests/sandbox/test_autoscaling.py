"""Instance refreshes of the sandbox: what Auto Scaling takes, refuses and tells."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.server import Sandbox

ROLLBACK = {"AutoRollback": True}


@pytest.fixture
def images(sandbox: Sandbox) -> list[str]:
    found = sandbox.client("ec2").describe_images(Owners=["amazon"])["Images"]
    return [one["ImageId"] for one in found if one["Architecture"] == "x86_64"]


@pytest.fixture
def template(sandbox: Sandbox, images: list[str]) -> str:
    """A template of two versions, with two images; return its id."""
    ec2 = sandbox.client("ec2")
    made = ec2.create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData=data(images[0])
    )
    template = str(made["LaunchTemplate"]["LaunchTemplateId"])
    ec2.create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData=data(images[1])
    )
    return template


def data(image: str) -> dict[str, Any]:
    return {"ImageId": image, "InstanceType": "t3.micro"}


def of(template: str, version: str) -> dict[str, str]:
    return {"LaunchTemplateId": template, "Version": version}


def make(sandbox: Sandbox, **launch: Any) -> Any:
    scaling = sandbox.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        AvailabilityZones=["us-east-1a"],
        **{"MinSize": 1, "MaxSize": 1, **launch},
    )
    return scaling


def told(scaling: Any) -> Any:
    [group] = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return group


def images_of(sandbox: Sandbox, scaling: Any) -> list[str]:
    ids = [one["InstanceId"] for one in told(scaling)["Instances"]]
    found = sandbox.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    return [one["ImageId"] for several in found for one in several["Instances"]]


def test_a_group_takes_over_the_desired_configuration_when_its_refresh_is_over(
    sandbox: Sandbox, template: str, images: list[str]
) -> None:
    sandbox.pending_s = 60.0
    scaling = make(sandbox, LaunchTemplate=of(template, "1"))
    desired = {"LaunchTemplate": of(template, "2")}
    started = scaling.start_instance_refresh(
        AutoScalingGroupName="web", DesiredConfiguration=desired, Preferences=ROLLBACK
    )
    [refresh] = scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"]
    assert refresh["InstanceRefreshId"] == started["InstanceRefreshId"]
    assert refresh["Status"] == "InProgress"
    assert refresh["DesiredConfiguration"] == desired
    assert refresh["Preferences"] == {
        "AutoRollback": True, "InstanceWarmup": 0, "MinHealthyPercentage": 90,
        "ScaleInProtectedInstances": "Wait", "SkipMatching": False, "StandbyInstances": "Wait",
    }  # fmt: skip
    assert refresh["InstancesToUpdate"] == 1
    assert "EndTime" not in refresh
    assert told(scaling)["LaunchTemplate"]["Version"] == "1"
    assert images_of(sandbox, scaling) == [images[1]]
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        scaling.start_instance_refresh(AutoScalingGroupName="web")


@pytest.mark.parametrize("named", ["LaunchTemplateId", "LaunchTemplateName"])
def test_a_mixed_group_takes_over_its_policy(sandbox: Sandbox, template: str, named: str) -> None:
    sandbox.pending_s = 0.0

    def policy(version: str) -> dict[str, Any]:
        specification = {**of(template, version), "LaunchTemplateName": "template"}
        other = {"LaunchTemplateId": "LaunchTemplateName", "LaunchTemplateName": "LaunchTemplateId"}
        del specification[other[named]]
        overrides = [{"InstanceType": "t3.micro"}]
        launch = {"LaunchTemplateSpecification": specification, "Overrides": overrides}
        return {"MixedInstancesPolicy": {"LaunchTemplate": launch}}

    scaling = make(sandbox, **policy("1"))
    scaling.start_instance_refresh(
        AutoScalingGroupName="web", DesiredConfiguration=policy("2"), Preferences=ROLLBACK
    )
    launch = told(scaling)["MixedInstancesPolicy"]["LaunchTemplate"]
    assert launch["LaunchTemplateSpecification"]["Version"] == "2"
    assert launch["Overrides"] == [{"InstanceType": "t3.micro"}]


def test_a_refresh_without_a_desired_configuration_tells_none(
    sandbox: Sandbox, template: str
) -> None:
    scaling = make(sandbox, LaunchTemplate=of(template, "$Default"))
    scaling.start_instance_refresh(AutoScalingGroupName="web")
    told_of = scaling.describe_instance_refreshes(AutoScalingGroupName="web")
    assert "DesiredConfiguration" not in told_of["InstanceRefreshes"][0]


WRONG: dict[str, dict[str, Any]] = {
    "AutoRollback needs a desired": {"Preferences": ROLLBACK},
    "cannot be used with .Latest or .Default": {
        "DesiredConfiguration": {"LaunchTemplate": {"Version": "$Latest"}},
        "Preferences": ROLLBACK,
    },
    "Could not find launch template version 9": {
        "DesiredConfiguration": {"LaunchTemplate": {"Version": "9"}}
    },
    "either a LaunchTemplate or a": {
        "DesiredConfiguration": {
            "LaunchTemplate": {"Version": "1"},
            "MixedInstancesPolicy": {
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": {"LaunchTemplateName": "template"}
                }
            },
        }
    },
    "MaxHealthyPercentage needs": {"Preferences": {"MaxHealthyPercentage": 110}},
    "CheckpointDelay needs": {"Preferences": {"CheckpointDelay": 60}},
    "unique, ascending": {"Preferences": {"CheckpointPercentages": [50, 20]}},
    "at most 10 alarms": {"Preferences": {"AlarmSpecification": {"Alarms": list("abcdefghijk")}}},
    "BakeTime must be between": {"Preferences": {"BakeTime": 172_801}},
}


@pytest.mark.parametrize("says", WRONG)
def test_what_auto_scaling_refuses_is_refused(sandbox: Sandbox, template: str, says: str) -> None:
    scaling = make(sandbox, LaunchTemplate=of(template, "1"))
    wanted = WRONG[says]
    if "DesiredConfiguration" in wanted:
        desired = dict(wanted["DesiredConfiguration"])
        desired["LaunchTemplate"] = {"LaunchTemplateId": template, **desired["LaunchTemplate"]}
        wanted = {**wanted, "DesiredConfiguration": desired}
    with pytest.raises(ClientError, match=says) as error:
        scaling.start_instance_refresh(AutoScalingGroupName="web", **wanted)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert not scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"]


@pytest.mark.parametrize("version", ["$Default", "3"])
def test_what_moves_by_itself_is_not_rolled_back(
    sandbox: Sandbox, template: str, images: list[str], version: str
) -> None:
    """A group by `$Default`, and a version whose image an SSM parameter holds."""
    ec2 = sandbox.client("ec2")
    sandbox.pending_s = 0.0
    sandbox.client("ssm").put_parameter(
        Name="/images/web", Value=images[0], Type="String", DataType="aws:ec2:image"
    )
    ec2.create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData=data("resolve:ssm:/images/web")
    )
    scaling = make(sandbox, LaunchTemplate=of(template, version), MinSize=0)
    with pytest.raises(ClientError, match="AutoRollback cannot be used"):
        scaling.start_instance_refresh(
            AutoScalingGroupName="web",
            DesiredConfiguration={"LaunchTemplate": of(template, "2")},
            Preferences=ROLLBACK,
        )


def test_a_group_that_is_not_there_has_no_refresh(sandbox: Sandbox) -> None:
    scaling = sandbox.client("autoscaling")
    for call in (scaling.start_instance_refresh, scaling.describe_instance_refreshes):
        with pytest.raises(ClientError, match="AutoScalingGroup name not found"):
            call(AutoScalingGroupName="none")
