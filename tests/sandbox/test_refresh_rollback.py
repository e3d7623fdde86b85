"""Instance refreshes that are rolled back."""

from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

NAME = "web"


@pytest.fixture
def images(ec2: Any) -> list[str]:
    listed = ec2.describe_images(Owners=["amazon"])["Images"]
    return [image["ImageId"] for image in listed if image["Architecture"] == "x86_64"]


@pytest.fixture
def template(ec2: Any, ssm: Any, images: list[str]) -> str:
    """A template of three versions: two images, and a parameter that names the first."""
    ssm.put_parameter(Name="/web", Value=images[0], Type="String", DataType="aws:ec2:image")
    ssm.get_parameter(Name="/web")
    datas = [{"ImageId": each, "InstanceType": "t3.micro"} for each in images[:2]]
    made = ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=datas[0])
    for data in (datas[1], {**datas[0], "ImageId": "resolve:ssm:/web"}):
        ec2.create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData=data)
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def make(sandbox: Sandbox, template: str, version: str) -> Any:
    scaling = sandbox.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME, AvailabilityZones=["us-east-1a"], MinSize=2, MaxSize=2,
        LaunchTemplate={"LaunchTemplateId": template, "Version": version},
    )  # fmt: skip
    return scaling


def desired(template: str, version: str) -> dict[str, Any]:
    return {"LaunchTemplate": {"LaunchTemplateId": template, "Version": version}}


def refresh(scaling: Any) -> dict[str, Any]:
    (described,) = scaling.describe_instance_refreshes(AutoScalingGroupName=NAME)[
        "InstanceRefreshes"
    ]
    return dict(described)


def running(ec2: Any) -> list[str]:
    wish = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = ec2.describe_instances(Filters=wish)["Reservations"]
    return [each["ImageId"] for several in reservations for each in several["Instances"]]


def test_the_group_launches_what_it_launched_before(
    sandbox: Sandbox, ec2: Any, template: str, images: list[str], refused: Any
) -> None:
    scaling = make(sandbox, template, "1")
    sandbox.pending_s = 60
    started = scaling.start_instance_refresh(
        AutoScalingGroupName=NAME, DesiredConfiguration=desired(template, "2")
    )
    assert running(ec2) == [images[1]] * 2
    rolled_back = scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)
    assert rolled_back["InstanceRefreshId"] == started["InstanceRefreshId"]
    assert running(ec2) == [images[0]] * 2
    described = refresh(scaling)
    assert (described["Status"], described["PercentageComplete"]) == ("RollbackInProgress", 0)
    details = described["RollbackDetails"]
    assert details["RollbackStartTime"] >= described["StartTime"]
    assert details["PercentageCompleteOnRollback"] == 0
    assert details["InstancesToUpdateOnRollback"] == described["InstancesToUpdate"] == 2
    with refused("IrreversibleInstanceRefresh"):
        scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)
    with refused("InstanceRefreshInProgress"):
        scaling.start_instance_refresh(AutoScalingGroupName=NAME)


def test_it_ends_as_a_success_that_the_group_does_not_take_over(
    sandbox: Sandbox, ec2: Any, template: str, images: list[str], refused: Any
) -> None:
    scaling = make(sandbox, template, "1")
    sandbox.pending_s = 60
    scaling.start_instance_refresh(
        AutoScalingGroupName=NAME, DesiredConfiguration=desired(template, "2")
    )
    sandbox.pending_s = 0
    scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)
    described = refresh(scaling)
    assert (described["Status"], described["PercentageComplete"]) == ("RollbackSuccessful", 0)
    assert "EndTime" in described
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["LaunchTemplate"]["Version"] == "1"
    assert running(ec2) == [images[0]] * 2
    with refused("ActiveInstanceRefreshNotFound"):
        scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)


def test_it_fails_where_the_former_image_launches_nothing_any_more(
    sandbox: Sandbox, ec2: Any, template: str, bake: Callable[..., str]
) -> None:
    image_id = bake()
    data = {"ImageId": image_id, "InstanceType": "t3.micro"}
    ec2.create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData=data)
    scaling = make(sandbox, template, "4")
    sandbox.pending_s = 60
    scaling.start_instance_refresh(
        AutoScalingGroupName=NAME, DesiredConfiguration=desired(template, "2")
    )
    ec2.disable_image(ImageId=image_id)
    sandbox.pending_s = 0
    scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)
    assert refresh(scaling)["Status"] == "RollbackFailed"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("1", None, "needs a desired configuration"),
        ("$Latest", "2", "Latest or "),
        ("$Default", "2", "Latest or "),
        ("3", "2", "Systems Manager parameter"),
    ],
)
def test_what_cannot_be_undone_is_refused(
    sandbox: Sandbox, ec2: Any, template: str, refused: Any, before: str, after: Any, says: str
) -> None:
    scaling = make(sandbox, template, before)
    sandbox.pending_s = 60
    wish = {"DesiredConfiguration": desired(template, after)} if after else {}
    scaling.start_instance_refresh(AutoScalingGroupName=NAME, **wish)
    with refused("IrreversibleInstanceRefresh", says):
        scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)
    assert refresh(scaling)["Status"] == "InProgress"


def test_where_nothing_is_refreshed_nothing_is_rolled_back(
    sandbox: Sandbox, ec2: Any, template: str, refused: Any
) -> None:
    scaling = make(sandbox, template, "1")
    with refused("ActiveInstanceRefreshNotFound"):
        scaling.rollback_instance_refresh(AutoScalingGroupName=NAME)
    with refused("ValidationError"):
        scaling.rollback_instance_refresh(AutoScalingGroupName="none")
