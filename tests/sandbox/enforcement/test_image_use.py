"""Who may mark, trace and report on images, and lock snapshots: by action and by resource."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

IMAGE, SNAPSHOT = "arn:aws:ec2:us-east-1::image/*", "arn:aws:ec2:us-east-1::snapshot/*"
REPORT = f"arn:aws:ec2:us-east-1:{ACCOUNT_ID}:image-usage-report/*"
GROUP = "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/web"
TAG = {"Key": "team", "Value": "platform"}
CALLS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "ec2:AttachImageWatermark": ({"ImageId": "IMAGE", "WatermarkName": "golden"}, (IMAGE,)),
    "ec2:DetachImageWatermark": (
        {"ImageId": "IMAGE", "WatermarkKey": f"{ACCOUNT_ID}:golden"},
        (IMAGE,),
    ),
    "ec2:GetImageAncestry": ({"ImageId": "IMAGE"}, (IMAGE,)),
    "ec2:DescribeImageReferences": ({"ImageIds": ["IMAGE"], "IncludeAllResourceTypes": True}, ()),
    "ec2:CreateImageUsageReport": (
        {"ImageId": "IMAGE", "ResourceTypes": [{"ResourceType": "ec2:Instance"}]},
        (IMAGE, REPORT),
    ),
    "ec2:DescribeImageUsageReports": ({}, ()),
    "ec2:DescribeImageUsageReportEntries": ({}, ()),
    "ec2:DeleteImageUsageReport": ({"ReportId": "REPORT"}, (REPORT,)),
    "ec2:LockSnapshot": (
        {"SnapshotId": "SNAPSHOT", "LockMode": "governance", "LockDuration": 1},
        (SNAPSHOT,),
    ),
    "ec2:UnlockSnapshot": ({"SnapshotId": "SNAPSHOT"}, (SNAPSHOT,)),
    "ec2:DescribeLockedSnapshots": ({}, ()),
    "autoscaling:RollbackInstanceRefresh": ({"AutoScalingGroupName": "web"}, (GROUP,)),
}
"""What each operation is called with, and the resources that it is authorized on; none: all."""
TAGGED = {"StringEquals": {"aws:ResourceTag/team": "platform"}}
DENIED = ("UnauthorizedOperation", "AccessDenied")


@pytest.fixture
def things(sandbox: Sandbox, public: str) -> dict[str, str]:
    """An image, its snapshot, a report and a group, all with a tag."""
    sandbox.pending_s = 0
    ec2 = sandbox.client("ec2")
    launch = {"ImageId": public, "InstanceType": "t3.micro"}
    instance = ec2.run_instances(**launch, MinCount=1, MaxCount=1)["Instances"][0]
    image_id = ec2.create_image(InstanceId=instance["InstanceId"], Name="web")["ImageId"]
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    kinds = [{"ResourceType": "ec2:Instance"}]
    report = ec2.create_image_usage_report(ImageId=image_id, ResourceTypes=kinds)["ReportId"]
    ec2.create_tags(Resources=[image_id, snapshot_id, report], Tags=[TAG])
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=launch)
    scaling = sandbox.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        Tags=[{**TAG, "PropagateAtLaunch": False}],
    )  # fmt: skip
    return {"IMAGE": image_id, "SNAPSHOT": snapshot_id, "REPORT": report}


def code(client: Callable[[str], Any], action: str, things: dict[str, str]) -> str:
    """Return the code of the error that a call ends in; nothing if it does not."""
    service, _, operation = action.partition(":")
    parameters = {
        name: [things[each] for each in value] if name == "ImageIds" else things.get(value, value)
        if isinstance(value, str) else value
        for name, value in CALLS[action][0].items()
    }  # fmt: skip
    try:
        getattr(client(service), xform_name(operation))(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def allow(action: str | list[str], *resources: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resources or "*", **more}


@pytest.mark.parametrize("action", CALLS)
def test_the_action_on_its_resources_is_enough_and_needed(
    user: Any, things: dict[str, str], action: str
) -> None:
    resources = CALLS[action][1]
    others = [each for each in CALLS if each != action]
    assert code(user(allow(others), name="others"), action, things) in DENIED
    for number, one in enumerate(resources):
        rest = [each for each in resources if each != one] or ["arn:aws:s3:::nothing"]
        assert code(user(allow(action, *rest), name=f"rest-{number}"), action, things) in DENIED
    if not resources:
        narrow = user(allow(action, IMAGE, SNAPSHOT), name="narrow")
        assert code(narrow, action, things) in DENIED
    assert code(user(allow(action, *resources), name="own"), action, things) not in DENIED


@pytest.mark.parametrize("action", [each for each, (_, resources) in CALLS.items() if resources])
def test_the_tags_of_the_resource_count(user: Any, things: dict[str, str], action: str) -> None:
    if action == "ec2:CreateImageUsageReport":  # which has none before it is made
        statements = [allow(action, IMAGE, Condition=TAGGED), allow(action, REPORT)]
    else:
        statements = [allow(action, Condition=TAGGED)]
    other = {"StringEquals": {"aws:ResourceTag/team": "web"}}
    wrong = [statement | {"Condition": other} for statement in statements]
    assert code(user(*wrong, name="web"), action, things) in DENIED
    assert code(user(*statements, name="platform"), action, things) not in DENIED


def test_how_long_a_snapshot_is_locked_can_be_limited(user: Any, things: dict[str, str]) -> None:
    longer = {"NumericGreaterThan": {"ec2:SnapshotLockDuration": "7"}}
    deny = {"Effect": "Deny", "Action": "ec2:LockSnapshot", "Resource": "*", "Condition": longer}
    ec2 = user(allow("ec2:*"), deny)("ec2")
    lock = {"SnapshotId": things["SNAPSHOT"], "LockMode": "governance"}
    ec2.lock_snapshot(**lock, LockDuration=7)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.lock_snapshot(**lock, LockDuration=8)


def test_a_report_that_is_not_there_is_not_found(user: Any, things: dict[str, str]) -> None:
    things["REPORT"] = "amiur-0123456789abcdef0"
    client = user(allow("ec2:DeleteImageUsageReport", REPORT))
    action = "ec2:DeleteImageUsageReport"
    assert code(client, action, things) == "InvalidImageUsageReportId.NotFound"
