"""Dry runs: every operation that has the parameter, by what it does and by what it leaves."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2.base import READING
from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
_MODEL: Any = get_service_model("ec2")


def own(operation: str) -> bool:
    function = getattr(Ec2Response, xform_name(operation), None)
    return getattr(function, "__module__", "").startswith("goldenami_sandbox")


CHANGING = [
    name
    for name in _MODEL.operation_names
    if own(name)
    and not name.startswith(READING)
    and "DryRun" in _MODEL.operation_model(name).input_shape.members
]
"""The operations that the sandbox carries out itself: their own checks come first."""


def parameters(scene: dict[str, str]) -> dict[str, dict[str, Any]]:
    image, instance = {"ImageId": scene["image"]}, {"InstanceId": scene["instance"]}
    snapshot, tag = {"SnapshotId": scene["snapshot"]}, {"Key": "a", "Value": "b"}
    template = {"LaunchTemplateName": "web"}
    launch = {**image, "MinCount": 1, "MaxCount": 1}
    mark = {**image, "WatermarkName": "dry"}
    return {
        "AttachImageWatermark": mark,
        "CopyImage": {"Name": "copy", "SourceRegion": "us-east-1", "SourceImageId": scene["image"]},
        "CopySnapshot": {"SourceRegion": "us-east-1", "SourceSnapshotId": scene["snapshot"]},
        "CreateFleet": {
            "LaunchTemplateConfigs": [
                {"LaunchTemplateSpecification": {**template, "Version": "$Latest"}}
            ],
            "TargetCapacitySpecification": {
                "TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand",
            },
            "Type": "instant",
        },
        "CreateImage": {"Name": "new", **instance},
        "CreateImageUsageReport": {**image, "ResourceTypes": [{"ResourceType": "ec2:Instance"}]},
        "CreateLaunchTemplate": {"LaunchTemplateName": "new", "LaunchTemplateData": image},
        "CreateLaunchTemplateVersion": {**template, "LaunchTemplateData": image},
        "CreateReplaceRootVolumeTask": instance,
        "CreateTags": {"Resources": [scene["image"]], "Tags": [tag]},
        "CreateVolume": {"AvailabilityZone": "us-east-1a", "Size": 8},
        "DeleteImageUsageReport": {"ReportId": scene["report"]},
        "DeleteSnapshot": {"SnapshotId": scene["free"]},
        "DeleteTags": {"Resources": [scene["image"]], "Tags": [tag]},
        "DeregisterImage": image,
        "DetachImageWatermark": {**image, "WatermarkKey": f"{ACCOUNT_ID}:golden"},
        "DetachVolume": {"VolumeId": scene["data"]},
        "DisableImage": image,
        "DisableImageBlockPublicAccess": {},
        "DisableImageDeprecation": image,
        "DisableImageDeregistrationProtection": image,
        "DisableAllowedImagesSettings": {},
        "DisableSnapshotBlockPublicAccess": {},
        "EnableAllowedImagesSettings": {"AllowedImagesSettingsState": "enabled"},
        "EnableImage": image,
        "EnableImageBlockPublicAccess": {"ImageBlockPublicAccessState": "block-new-sharing"},
        "EnableImageDeprecation": {**image, "DeprecateAt": "2035-01-01T00:00:00Z"},
        "EnableImageDeregistrationProtection": image,
        "EnableSnapshotBlockPublicAccess": {"State": "block-all-sharing"},
        "LockSnapshot": {**snapshot, "LockMode": "compliance", "LockDuration": 1},
        "ModifyImageAttribute": {**image, "Description": {"Value": "d"}},
        "ModifySnapshotAttribute": {
            **snapshot, "OperationType": "add", "UserIds": ["111122223333"],
        },
        "ModifyVolume": {"VolumeId": scene["data"], "Size": 2},
        "RegisterImage": {"Name": "new", "BlockDeviceMappings": []},
        "ReplaceImageCriteriaInAllowedImagesSettings": {"ImageCriteria": []},
        "RequestSpotFleet": {
            "SpotFleetRequestConfig": {
                "IamFleetRole": "arn:aws:iam::123456789012:role/fleet", "TargetCapacity": 1,
                "LaunchTemplateConfigs": [
                    {"LaunchTemplateSpecification": {**template, "Version": "1"}}
                ],
            }
        },
        "RestoreImageFromRecycleBin": {"ImageId": scene["binned image"]},
        "RestoreSnapshotFromRecycleBin": {"SnapshotId": scene["binned snapshot"]},
        "RunInstances": launch,
        "StartInstances": {"InstanceIds": [scene["instance"]]},
        "StopInstances": {"InstanceIds": [scene["instance"]]},
        "TerminateInstances": {"InstanceIds": [scene["instance"]]},
        "UnlockSnapshot": {"SnapshotId": scene["locked"]},
    }  # fmt: skip


@pytest.fixture
def scene(sandbox: Sandbox, ec2: Any, launch: Make, bake: Make) -> dict[str, str]:
    disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}
    instance_id = launch(BlockDeviceMappings=[disk])
    image_id = bake(InstanceId=instance_id)
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": image_id})
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    (instance,) = ec2.describe_instances()["Reservations"][0]["Instances"]
    data = instance["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]
    locked = ec2.create_snapshot(VolumeId=data)["SnapshotId"]
    ec2.lock_snapshot(SnapshotId=locked, LockMode="governance", LockDuration=1)
    ec2.attach_image_watermark(ImageId=image_id, WatermarkName="golden")
    kinds = [{"ResourceType": "ec2:Instance"}]
    report = ec2.create_image_usage_report(ImageId=image_id, ResourceTypes=kinds)
    for kind in ("EBS_SNAPSHOT", "EC2_IMAGE"):
        period = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
        sandbox.client("rbin").create_rule(ResourceType=kind, RetentionPeriod=period)
    binned_image = bake("old", InstanceId=instance_id)
    ec2.deregister_image(ImageId=binned_image)
    binned_snapshot = ec2.create_snapshot(VolumeId=data)["SnapshotId"]
    ec2.delete_snapshot(SnapshotId=binned_snapshot)
    return {
        "locked": locked,
        "report": report["ReportId"],
        "binned image": binned_image,
        "binned snapshot": binned_snapshot,
        "instance": instance_id,
        "image": image_id,
        "snapshot": image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"],
        "free": ec2.create_snapshot(VolumeId=data)["SnapshotId"],
        "data": data,
    }


def state(ec2: Any) -> list[Any]:
    found = [
        ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"],
        ec2.describe_instances()["Reservations"],
        ec2.describe_volumes()["Volumes"],
        ec2.describe_tags()["Tags"],
        ec2.describe_launch_templates()["LaunchTemplates"],
        ec2.describe_replace_root_volume_tasks()["ReplaceRootVolumeTasks"],
        ec2.get_allowed_images_settings()["State"],
        ec2.describe_image_usage_reports()["ImageUsageReports"],
        ec2.describe_locked_snapshots()["Snapshots"],
        ec2.list_images_in_recycle_bin()["Images"],
        ec2.list_snapshots_in_recycle_bin()["Snapshots"],
    ]
    store: Any = ec2_backends[ACCOUNT_ID]["us-east-1"]
    shares = [snapshot.create_volume_permission_userids for snapshot in store.snapshots.values()]
    return [*found, [set(users) for users in shares], dict(store.public_access)]


def dry(ec2: Any, operation: str, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        getattr(ec2, xform_name(operation))(**given, DryRun=True)
    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    code = str(answer["Error"]["Code"])
    assert (code == "DryRunOperation") == (status == 412), operation
    return code


def test_what_the_sandbox_changes_itself_is_not_changed_in_a_dry_run(
    ec2: Any, scene: dict[str, str]
) -> None:
    every = parameters(scene)
    assert set(CHANGING) == every.keys()
    before = state(ec2)
    codes = {operation: dry(ec2, operation, **given) for operation, given in every.items()}
    assert set(codes.values()) == {"DryRunOperation"}, codes
    assert state(ec2) == before


def test_what_moto_changes_is_not_changed_in_a_dry_run(ec2: Any, scene: dict[str, str]) -> None:
    before = state(ec2)
    instance = {"InstanceId": scene["instance"]}
    changes: dict[str, dict[str, Any]] = {
        "ModifyInstanceMetadataOptions": {**instance, "HttpTokens": "required"},
        "ModifyInstanceAttribute": {**instance, "DisableApiTermination": {"Value": True}},
        "RebootInstances": {"InstanceIds": [scene["instance"]]},
        "CreateSnapshot": {"VolumeId": scene["data"]},
        "CreateVpc": {"CidrBlock": "10.0.0.0/16"},
        "DeleteLaunchTemplate": {"LaunchTemplateName": "web"},
        "EnableEbsEncryptionByDefault": {},
    }
    for operation, given in changes.items():
        assert not own(operation)
        assert dry(ec2, operation, **given) == "DryRunOperation", operation
    assert state(ec2) == before


def test_what_only_reads_says_first_what_does_not_exist(ec2: Any, scene: dict[str, str]) -> None:
    assert dry(ec2, "GetImageAncestry", ImageId=scene["image"]) == "DryRunOperation"
    for operation in (
        "DescribeImageUsageReportEntries", "DescribeImageUsageReports", "DescribeLockedSnapshots",
        "DescribeVolumes", "DescribeKeyPairs", "DescribeSecurityGroups", "DescribeFleets",
        "DescribeSpotFleetRequests", "DescribeInstanceTypes", "DescribeReplaceRootVolumeTasks",
        "DescribeImages", "DescribeInstances", "DescribeRegions", "GetAllowedImagesSettings",
        "GetEbsDefaultKmsKeyId", "GetEbsEncryptionByDefault", "GetImageBlockPublicAccessState",
    ):  # fmt: skip
        assert dry(ec2, operation) == "DryRunOperation", operation
    for operation, given in {
        "DescribeImageAttribute": {"ImageId": scene["image"], "Attribute": "description"},
        "DescribeSnapshotAttribute": {
            "SnapshotId": scene["snapshot"], "Attribute": "createVolumePermission",
        },
        "DescribeInstanceAttribute": {
            "InstanceId": scene["instance"], "Attribute": "instanceType",
        },
    }.items():  # fmt: skip
        assert dry(ec2, operation, **given) == "DryRunOperation", operation
    missing = dry(ec2, "DescribeInstances", InstanceIds=["i-0123456789abcdef0"])
    assert missing == "InvalidInstanceID.NotFound"
