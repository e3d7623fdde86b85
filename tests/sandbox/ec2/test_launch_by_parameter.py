"""Images that a Systems Manager parameter names, in every way to launch them."""

from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.ec2 import ids
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
NAME, PLAIN = "/golden/web", "/golden/plain"


@pytest.fixture
def versions(ec2: Any, ssm: Any, bake: Make) -> list[str]:
    """Two images, which are the versions of a parameter; the first is labelled ``prod``."""
    images = [bake("web-1"), bake("web-2")]
    for image_id in images:
        ssm.put_parameter(
            Name=NAME, Value=image_id, Type="String", DataType="aws:ec2:image", Overwrite=True
        )
        ssm.get_parameter(Name=NAME)
    ssm.label_parameter_version(Name=NAME, ParameterVersion=1, Labels=["prod"])
    ssm.put_parameter(Name=PLAIN, Value=images[0], Type="String")
    return images


def launched(ec2: Any, **parameters: Any) -> str:
    answer = ec2.run_instances(MinCount=1, MaxCount=1, **parameters)
    return str(answer["Instances"][0]["ImageId"])


@pytest.mark.parametrize(
    ("alias", "version"),
    [
        (NAME, 1),
        (f"{NAME}:1", 0),
        (f"{NAME}:2", 1),
        (f"{NAME}:prod", 0),
        (f"arn:aws:ssm:us-east-1:123456789012:parameter{NAME}", 1),
        (f"arn:aws:ssm:us-east-1:123456789012:parameter{NAME}:prod", 0),
    ],
)
def test_a_parameter_names_the_image(
    ec2: Any, versions: list[str], alias: str, version: int
) -> None:
    image_id = f"resolve:ssm:{alias}"
    assert launched(ec2, ImageId=image_id) == versions[version]
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": image_id})
    template = {"LaunchTemplateName": "web"}
    assert launched(ec2, LaunchTemplate=template) == versions[version]
    for resolve, told in ((True, versions[version]), (False, image_id)):
        answer = ec2.describe_launch_template_versions(**template, ResolveAlias=resolve)
        (data,) = [each["LaunchTemplateData"] for each in answer["LaunchTemplateVersions"]]
        assert data["ImageId"] == told
    wish = [{"Name": "image-id", "Values": ["ami-*"]}]
    assert not ec2.describe_launch_template_versions(**template, Filters=wish)[
        "LaunchTemplateVersions"
    ]


@pytest.mark.parametrize(
    ("alias", "says"),
    [
        ("/golden/none", "The following aliases are invalid: resolve:ssm:/golden/none"),
        (f"{NAME}:9", "invalid"),
        (f"{NAME}:none", "invalid"),
        (f"arn:aws:ssm:us-east-1:111122223333:parameter{NAME}", "invalid"),
        (PLAIN, "Unsupported data type"),
    ],
)
def test_what_names_no_image_launches_nothing(
    ec2: Any, versions: list[str], refused: Any, alias: str, says: str
) -> None:
    with refused("SsmInvalidParameter", says):
        launched(ec2, ImageId=f"resolve:ssm:{alias}")


def test_a_template_takes_a_parameter_of_images_alone(
    ec2: Any, versions: list[str], refused: Any
) -> None:
    plain = {"ImageId": f"resolve:ssm:{PLAIN}"}
    with refused("SsmInvalidParameter"):
        ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=plain)
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={})
    with refused("SsmInvalidParameter"):
        ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=plain)


def test_groups_fleets_and_spot_requests_launch_the_image(
    sandbox: Sandbox, ec2: Any, versions: list[str], refused: Any
) -> None:
    scaling = sandbox.client("autoscaling")
    data = {"ImageId": f"resolve:ssm:{NAME}", "InstanceType": "t3.micro"}
    made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}

    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate=template, AvailabilityZones=["us-east-1a"],
        MinSize=2, MaxSize=2,
    )  # fmt: skip
    overrides = [{"InstanceType": "t3.micro", "ImageId": f"resolve:ssm:{NAME}:prod"}]
    configuration = {"LaunchTemplateSpecification": template}
    shape = ec2.meta.service_model.operation_model("CreateFleet").input_shape
    ids.check(shape, {"LaunchTemplateConfigs": [configuration | {"Overrides": overrides}]})
    ec2.create_fleet(
        Type="instant",
        LaunchTemplateConfigs=[configuration],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand",
        },
    )  # fmt: skip
    ec2.request_spot_instances(LaunchSpecification=data | {"ImageId": versions[1]})
    wish = [{"Name": "image-id", "Values": [versions[1]]}]
    found = ec2.describe_instances(Filters=wish)["Reservations"]
    assert sum(len(reservation["Instances"]) for reservation in found) == 4
    ec2.disable_image(ImageId=versions[1])
    with refused("InvalidAMIID.Unavailable"):
        ec2.request_spot_instances(LaunchSpecification={"ImageId": versions[1]})


def test_what_names_a_parameter_follows_it(
    sandbox: Sandbox, ec2: Any, ssm: Any, versions: list[str], bake: Make
) -> None:
    scaling = sandbox.client("autoscaling")
    data = {"ImageId": f"resolve:ssm:{NAME}", "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    template = {"LaunchTemplateName": "web"}
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate={**template, "Version": "$Latest"},
        AvailabilityZones=["us-east-1a"], MinSize=1, MaxSize=2, DesiredCapacity=1,
    )  # fmt: skip
    newer = bake("web-3")
    ssm.put_parameter(
        Name=NAME, Value=newer, Type="String", DataType="aws:ec2:image", Overwrite=True
    )
    for launch in ({"ImageId": data["ImageId"]}, {"LaunchTemplate": template}):
        assert launched(ec2, **launch) == newer
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    ids = [instance["InstanceId"] for instance in group["Instances"]]
    reservations = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    images = {each["ImageId"] for several in reservations for each in several["Instances"]}
    assert images == {versions[1], newer}
