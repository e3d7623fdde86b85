"""What an Auto Scaling group launches is checked before it is taken, as Auto Scaling words it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.server import Sandbox

from .conftest import Refused

GONE = "ami-0123456789abcdef0"
BAD_TEMPLATE = "You must use a valid fully-formed launch template. "
SIZE = {"MinSize": 1, "MaxSize": 3, "AvailabilityZones": ["us-east-1a"]}


@pytest.fixture
def scaling(sandbox: Sandbox) -> Any:
    return sandbox.client("autoscaling")


@pytest.fixture
def template(ec2: Any) -> Any:
    """Make a launch template of an image; return its id."""

    def template(image_id: str, name: str = "web", **data: Any) -> str:
        made = ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": image_id, "InstanceType": "t3.micro", **data},
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    return template


def named(template: str, version: str = "1") -> dict[str, str]:
    return {"LaunchTemplateId": template, "Version": version}


def mixed(base: str, *overrides: Any) -> dict[str, Any]:
    policy = {"LaunchTemplateSpecification": named(base), "Overrides": list(overrides)}
    return {"MixedInstancesPolicy": {"LaunchTemplate": policy}}


def make(scaling: Any, **launch: Any) -> None:
    scaling.create_auto_scaling_group(AutoScalingGroupName="web", **SIZE, **launch)


def instances(scaling: Any) -> list[Any]:
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return list(group["Instances"])


BAD_DATA = [
    ({"ImageId": GONE}, f"The image id '[{GONE}]' does not exist"),
    ({"KeyName": "none"}, "The key pair 'none' does not exist"),
    ({"InstanceType": "t4g.micro"}, "does not match the architecture"),
]


@pytest.mark.parametrize(("data", "says"), BAD_DATA)
def test_a_template_that_launches_nothing_is_refused(
    scaling: Any, template: Any, source_id: str, refused: Refused, data: Any, says: str
) -> None:
    bad, good = template(source_id, "bad", **data), template(source_id, "good")
    with refused("ValidationError", BAD_TEMPLATE):
        make(scaling, LaunchTemplate=named(bad))
    for launch in (mixed(bad), mixed(good, {"LaunchTemplateSpecification": named(bad)})):
        with refused("ValidationError", says):
            make(scaling, **launch)
    make(scaling, LaunchTemplate=named(good))
    with refused("ValidationError", says):
        scaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=named(bad))
    with refused("ValidationError", says):
        scaling.start_instance_refresh(
            AutoScalingGroupName="web", DesiredConfiguration={"LaunchTemplate": named(bad)}
        )


def test_what_is_not_there_is_refused(scaling: Any, refused: Refused) -> None:
    with refused("ValidationError", "A launch configuration with the name: none does not exist"):
        make(scaling, LaunchConfigurationName="none")
    gone = "lt-0123456789abcdef0"
    with refused("ValidationError", f"with template ID {gone}, does not exist."):
        make(scaling, LaunchTemplate=named(gone))
    with refused("ValidationError", f"AMI {GONE} is invalid: The image id '[{GONE}]' does not"):
        scaling.create_launch_configuration(
            LaunchConfigurationName="old", ImageId=GONE, InstanceType="t3.micro"
        )
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_other_trouble_of_a_launch_configuration_is_told_in_ec2s_words(
    scaling: Any, source_id: str, refused: Refused
) -> None:
    configuration = {"LaunchConfigurationName": "old", "ImageId": source_id}
    with refused("ValidationError", "The key pair 'none' does not exist"):
        scaling.create_launch_configuration(
            InstanceType="t3.micro", KeyName="none", **configuration
        )


def test_a_template_is_named_once(
    scaling: Any, template: Any, source_id: str, refused: Refused
) -> None:
    twice = {**named(template(source_id)), "LaunchTemplateName": "web"}
    with refused("ValidationError", "either launchTemplateId or LaunchTemplateName"):
        make(scaling, **mixed(twice["LaunchTemplateId"], {"LaunchTemplateSpecification": twice}))


def test_allowed_images_bind_groups_when_they_are_made_and_when_they_launch(
    scaling: Any, ec2: Any, template: Any, source_id: str, refused: Refused
) -> None:
    public = template(source_id)
    make(scaling, LaunchTemplate=named(public))
    assert len(instances(scaling)) == 1
    ec2.replace_image_criteria_in_allowed_images_settings(
        ImageCriteria=[{"ImageProviders": ["aws-marketplace"]}]
    )
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    assert len(instances(scaling)) == 1
    with refused("ValidationError", BAD_TEMPLATE):
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="other", LaunchTemplate=named(public), **SIZE
        )


def test_overrides_tell_id_and_name_of_their_templates(
    scaling: Any, template: Any, source_id: str
) -> None:
    base, other = template(source_id), template(source_id, "other")
    override = {"LaunchTemplateSpecification": {"LaunchTemplateName": "other", "Version": "1"}}
    by_id = {"LaunchTemplateSpecification": named(other), "InstanceType": "t3.small"}
    make(scaling, **mixed(base, override, by_id))
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=4)
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    both = {**named(other), "LaunchTemplateName": "other"}
    policy = group["MixedInstancesPolicy"]["LaunchTemplate"]
    assert [one["LaunchTemplateSpecification"] for one in policy["Overrides"]] == [both, both]


def test_a_trial_launches_nothing(scaling: Any, ec2: Any, template: Any, source_id: str) -> None:
    with pytest.raises(ClientError):
        make(scaling, LaunchTemplate=named(template(source_id, KeyName="none")))
    assert ec2.describe_instances()["Reservations"] == []
