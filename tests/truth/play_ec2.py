"""EC2 and Auto Scaling, with something of everything."""

from collections.abc import Callable
from typing import Any

from goldenami_sandbox.identity import ACCOUNT_ID

from .player import PUBLIC, REGION, TAG, Player

AWAY = "eu-west-1"
OTHER = "444455556666"


def images(player: Player) -> None:
    """Call what is about images, instances and snapshots."""
    call = player.call
    call("ec2:CreateKeyPair", KeyName="web")
    call("ec2:DescribeKeyPairs")
    call("ec2:DescribeRegions")
    call("ec2:DescribeAvailabilityZones")
    call("ec2:DescribeInstanceTypes", InstanceTypes=["t3.micro"])
    specifications = [{"ResourceType": kind, "Tags": [TAG]} for kind in ("instance", "volume")]
    launched = call(
        "ec2:RunInstances", ImageId=PUBLIC, InstanceType="t3.micro", KeyName="web",
        MinCount=1, MaxCount=1, TagSpecifications=specifications,
    )  # fmt: skip
    instance = launched["Instances"][0]["InstanceId"]
    interface = launched["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
    for name in ("DescribeInstances", "DescribeInstanceImageMetadata", "DescribeInstanceStatus"):
        call(f"ec2:{name}")
    for attribute in ("disableApiTermination", "disableApiStop"):
        call("ec2:DescribeInstanceAttribute", InstanceId=instance, Attribute=attribute)
    specifications = [{"ResourceType": kind, "Tags": [TAG]} for kind in ("image", "snapshot")]
    image = call(
        "ec2:CreateImage", InstanceId=instance, Name="web", Description="web",
        TagSpecifications=specifications,
    )["ImageId"]  # fmt: skip
    call("ec2:DescribeSnapshots", OwnerIds=["self"])
    call("ec2:DescribeVolumes")
    (mine,) = call("ec2:DescribeImages", Owners=["self"])["Images"]
    snapshot = mine["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    copy = call("ec2:CopyImage", AWAY, Name="web", SourceImageId=image, SourceRegion=REGION)
    call("ec2:CreateTags", Resources=[image], Tags=[TAG])
    permissions = {"Add": [{"UserId": OTHER}]}
    call("ec2:ModifyImageAttribute", ImageId=image, LaunchPermission=permissions)
    call("ec2:DescribeImageAttribute", ImageId=image, Attribute="launchPermission")
    call("ec2:DescribeImageAttribute", ImageId=image, Attribute="deregistrationProtection")
    of_snapshot: dict[str, Any] = {"Attribute": "createVolumePermission", "SnapshotId": snapshot}
    call("ec2:ModifySnapshotAttribute", CreateVolumePermission=permissions, **of_snapshot)
    call("ec2:DescribeSnapshotAttribute", **of_snapshot)
    call("ec2:EnableImageDeprecation", ImageId=image, DeprecateAt="2030-01-01T00:00:00Z")
    call("ec2:DescribeImages", Owners=["self"])
    call("ec2:EnableImageDeregistrationProtection", AWAY, ImageId=copy["ImageId"])
    for operation in (
        "DisableImageDeregistrationProtection", "DisableImageDeprecation", "DisableImage",
        "EnableImage",
    ):  # fmt: skip
        call(f"ec2:{operation}", AWAY, ImageId=copy["ImageId"])
    call("ec2:DeregisterImage", ImageId=image, DeleteAssociatedSnapshots=True)
    snapshot = call("ec2:CreateSnapshot", VolumeId=_volume(call))["SnapshotId"]
    call("ec2:DeleteSnapshot", SnapshotId=snapshot)
    call("ec2:DeleteTags", Resources=[instance], Tags=[TAG])
    group = call("ec2:CreateSecurityGroup", GroupName="build", Description="build")["GroupId"]
    call("ec2:DescribeSecurityGroups")
    call("ec2:ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[group])
    for name in ("GetEbsDefaultKmsKeyId", "GetEbsEncryptionByDefault"):
        call(f"ec2:{name}")
    criteria = [{"ImageProviders": ["amazon"]}]
    call("ec2:ReplaceImageCriteriaInAllowedImagesSettings", ImageCriteria=criteria)
    call("ec2:EnableAllowedImagesSettings", AllowedImagesSettingsState="audit-mode")
    call("ec2:GetAllowedImagesSettings")
    call("ec2:DisableAllowedImagesSettings")


def _volume(call: Callable[..., Any]) -> str:
    return str(call("ec2:DescribeVolumes")["Volumes"][0]["VolumeId"])


def groups(player: Player) -> None:
    """Call what is about launch templates and Auto Scaling."""
    call = player.call
    data = {"ImageId": PUBLIC, "InstanceType": "t3.micro"}
    device = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9}}
    made = call("ec2:CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData=data)
    template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"]}
    call(
        "ec2:CreateLaunchTemplateVersion", SourceVersion="1", VersionDescription="2",
        LaunchTemplateData={"BlockDeviceMappings": [device], "EbsOptimized": True}, **template,
    )  # fmt: skip
    call("ec2:DescribeLaunchTemplateVersions", **template)
    call("ec2:ModifyLaunchTemplate", DefaultVersion="2", **template)
    call(
        "autoscaling:CreateLaunchConfiguration", LaunchConfigurationName="old", **data,
        BlockDeviceMappings=[device], InstanceMonitoring={"Enabled": True}, KeyName="web",
    )  # fmt: skip
    call("autoscaling:DescribeLaunchConfigurations")
    size = {"MinSize": 1, "MaxSize": 1, "AvailabilityZones": ["us-east-1a"]}
    call(
        "autoscaling:CreateAutoScalingGroup", AutoScalingGroupName="web", **size,
        LaunchTemplate={**template, "Version": "1"}, Tags=[{**TAG, "PropagateAtLaunch": True}],
    )  # fmt: skip
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {**template, "Version": "1"},
            "Overrides": [{"InstanceType": "t3.small"}],
        }
    }
    call(
        "autoscaling:CreateAutoScalingGroup", AutoScalingGroupName="mixed", **size,
        MixedInstancesPolicy=policy,
    )  # fmt: skip
    call(
        "autoscaling:StartInstanceRefresh", AutoScalingGroupName="web",
        DesiredConfiguration={"LaunchTemplate": {**template, "Version": "2"}},
        Preferences={"AutoRollback": True},
    )  # fmt: skip
    call("autoscaling:DescribeInstanceRefreshes", AutoScalingGroupName="web")
    call("autoscaling:DescribeAutoScalingGroups")


def fleets(player: Player) -> None:
    """Call what is about fleets."""
    call = player.call
    call(
        "ec2:CreateFleet", Type="maintain",
        LaunchTemplateConfigs=[{
            "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"},
            "Overrides": [{"InstanceType": "t3.small"}],
        }],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand",
        },
    )  # fmt: skip
    call("ec2:DescribeFleets")
    launch = {"ImageId": PUBLIC, "InstanceType": "t3.micro", "KeyName": "web"}
    configuration = {
        "IamFleetRole": f"arn:aws:iam::{ACCOUNT_ID}:role/fleet", "TargetCapacity": 1,
        "AllocationStrategy": "lowestPrice",
        "LaunchSpecifications": [launch],
    }  # fmt: skip
    call("ec2:RequestSpotFleet", SpotFleetRequestConfig=configuration)
    call("ec2:DescribeSpotFleetRequests")


def end(player: Player) -> None:
    """Call what takes away."""
    call = player.call
    none = {"MinSize": 0, "DesiredCapacity": 0}
    call("autoscaling:UpdateAutoScalingGroup", AutoScalingGroupName="web", **none)
    ids = [
        instance["InstanceId"]
        for reservation in call("ec2:DescribeInstances")["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]
    call("ec2:StopInstances", InstanceIds=ids[:1])
    call("ec2:TerminateInstances", InstanceIds=ids[:1])
    call("ec2:DescribeInstances")
    volume = call("ec2:CreateVolume", AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    call("ec2:DeleteVolume", VolumeId=volume)
    call("ec2:DeleteKeyPair", KeyName="web")
    unused = call("ec2:CreateSecurityGroup", GroupName="unused", Description="unused")["GroupId"]
    call("ec2:DeleteSecurityGroup", GroupId=unused)
