"""What can use an image: of every kind something."""

from collections.abc import Callable, Mapping
from typing import Any

from goldenami.workflows.lifecycle.uses import UseKind
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account

PARAMETER = "/golden-ami/web-base"
REGION = "us-east-1"
CONSUMER = "111122223333"
Make = Callable[[Sandbox, str], object]


def _direct(sandbox: Sandbox, image: str) -> object:
    return account.launch(sandbox.client("ec2", REGION), image)


def _template(sandbox: Sandbox, image: str) -> str:
    """Make a template whose default version is old, and whose latest one names the image."""
    ec2 = sandbox.client("ec2", REGION)
    public = account.public_image(sandbox)
    made = account.template(ec2, f"template-{image}-{len(sandbox.calls)}", public)
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    ec2.create_launch_template_version(LaunchTemplateId=made, LaunchTemplateData=data)
    return made


def _named(sandbox: Sandbox, image: str) -> dict[str, str]:
    return {"LaunchTemplateId": _template(sandbox, image), "Version": "2"}


def _configuration(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("autoscaling", REGION).create_launch_configuration(
        LaunchConfigurationName="old", ImageId=image, InstanceType="t3.micro"
    )


def _group(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("autoscaling", REGION).create_auto_scaling_group(
        AutoScalingGroupName="shop", AvailabilityZones=[f"{REGION}a"], MinSize=0, MaxSize=1,
        LaunchTemplate=_named(sandbox, image),
    )  # fmt: skip


def _fleet(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("ec2", REGION).create_fleet(
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": _named(sandbox, image)}],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand",
        },
        Type="maintain",
    )  # fmt: skip


def _spot_fleet(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("ec2", REGION).request_spot_fleet(
        SpotFleetRequestConfig={
            "IamFleetRole": f"arn:aws:iam::{ACCOUNT_ID}:role/fleet",
            "TargetCapacity": 0,
            "AllocationStrategy": "lowestPrice",
            "LaunchSpecifications": [{"ImageId": image, "InstanceType": "t3.micro"}],
        }
    )


def _node_group(sandbox: Sandbox, image: str) -> object:
    eks, ec2 = sandbox.client("eks", REGION), sandbox.client("ec2", REGION)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/eks"
    eks.create_cluster(name="shop", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    named = {"id": _template(sandbox, image), "version": "2"}
    return eks.create_nodegroup(
        clusterName="shop", nodegroupName="web", subnets=[subnet], nodeRole=role,
        launchTemplate=named, amiType="CUSTOM",
    )  # fmt: skip


def _parameter(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("ssm", REGION).put_parameter(
        Name=PARAMETER, Value=image, Type="String", DataType="aws:ec2:image", Overwrite=True
    )


def _descendant(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("ec2", "eu-west-1").copy_image(
        SourceImageId=image, SourceRegion=REGION, Name="somebody's copy"
    )


def _consumer(sandbox: Sandbox, image: str) -> object:
    return sandbox.client("ec2", REGION).modify_image_attribute(
        ImageId=image, LaunchPermission={"Add": [{"UserId": CONSUMER}]}
    )


MAKERS: Mapping[UseKind, Make] = {
    UseKind.INSTANCE: _direct,
    UseKind.LAUNCH_TEMPLATE: _template,
    UseKind.LAUNCH_CONFIGURATION: _configuration,
    UseKind.AUTO_SCALING_GROUP: _group,
    UseKind.FLEET: _fleet,
    UseKind.SPOT_FLEET: _spot_fleet,
    UseKind.NODE_GROUP: _node_group,
    UseKind.PARAMETER: _parameter,
    UseKind.DESCENDANT: _descendant,
    UseKind.CONSUMER: _consumer,
}


def use_by_all(sandbox: Sandbox, image: str) -> Any:
    """Let something of every kind use an image of the build region."""
    for make in MAKERS.values():
        make(sandbox, image)
