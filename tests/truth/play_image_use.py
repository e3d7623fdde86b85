"""What images come from, who uses them, and what keeps their snapshots."""

from goldenami_sandbox.server import Sandbox

from .player import PUBLIC, REGION, TAG, Player

CONSUMER = "444455556666"


def image_use(player: Player, sandbox: Sandbox) -> None:
    """Call what marks, traces and reports on images, and what locks snapshots."""
    call = player.call
    launch = {"ImageId": PUBLIC, "InstanceType": "t3.micro"}
    instance = call("ec2:RunInstances", MinCount=1, MaxCount=1, **launch)["Instances"][0]
    image = call("ec2:CreateImage", InstanceId=instance["InstanceId"], Name="used")["ImageId"]
    key = call("ec2:AttachImageWatermark", ImageId=image, WatermarkName="golden")["WatermarkKey"]
    call("ec2:DescribeImages", ImageIds=[image])
    copy = call("ec2:CopyImage", Name="use", SourceImageId=image, SourceRegion=REGION)["ImageId"]
    call("ec2:DetachImageWatermark", ImageId=copy, WatermarkKey=key)
    call("ec2:GetImageAncestry", ImageId=copy)
    call("ec2:DescribeImageReferences", ImageIds=[PUBLIC], IncludeAllResourceTypes=True)
    permissions = {"Add": [{"UserId": CONSUMER}]}
    call("ec2:ModifyImageAttribute", ImageId=image, LaunchPermission=permissions)
    sandbox.client("ec2", account=CONSUMER).run_instances(
        **{**launch, "ImageId": image}, MinCount=1, MaxCount=1
    )
    depth = {"OptionName": "version-depth", "OptionValues": ["5"]}
    report = call(
        "ec2:CreateImageUsageReport", ImageId=image, AccountIds=[CONSUMER],
        ResourceTypes=[
            {"ResourceType": "ec2:Instance"},
            {"ResourceType": "ec2:LaunchTemplate", "ResourceTypeOptions": [depth]},
        ],
        TagSpecifications=[{"ResourceType": "image-usage-report", "Tags": [TAG]}],
    )["ReportId"]  # fmt: skip
    call("ec2:DescribeImageUsageReports")
    call("ec2:DescribeImageUsageReportEntries", ReportIds=[report])
    call("ec2:DeleteImageUsageReport", ReportId=report)
    (described,) = call("ec2:DescribeImages", ImageIds=[copy])["Images"]
    snapshot = described["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    call("ec2:LockSnapshot", SnapshotId=snapshot, LockMode="governance", LockDuration=1)
    call(
        "ec2:LockSnapshot", SnapshotId=snapshot, LockMode="compliance", LockDuration=1,
        CoolOffPeriod=1,
    )  # fmt: skip
    call("ec2:DescribeLockedSnapshots")
    call("ec2:UnlockSnapshot", SnapshotId=snapshot)


def rollback(player: Player) -> None:
    """Call what undoes a refresh, which is not over yet."""
    call = player.call
    names = {"LaunchTemplateName": "web"}
    call(
        "autoscaling:CreateAutoScalingGroup", AutoScalingGroupName="back", MinSize=1, MaxSize=1,
        AvailabilityZones=["us-east-1a"], LaunchTemplate={**names, "Version": "1"},
    )  # fmt: skip
    call(
        "autoscaling:StartInstanceRefresh", AutoScalingGroupName="back",
        DesiredConfiguration={"LaunchTemplate": {**names, "Version": "2"}},
    )  # fmt: skip
    call("autoscaling:RollbackInstanceRefresh", AutoScalingGroupName="back")
    call("autoscaling:DescribeInstanceRefreshes", AutoScalingGroupName="back")
