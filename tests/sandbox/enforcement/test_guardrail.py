"""A group under goldenami's own policies: what its members can do, and which statement says no."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec import Struct

from goldenami.iam.profiles import profile_named
from goldenami.iam.render import render
from goldenami.iam.values import Values
from goldenami_sandbox.fixed_ids import FixedIds
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

HOME = "us-east-1"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
APPROVED = {"Key": "goldenami:status", "Value": "approved"}
LAUNCH = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}


class Scene(Struct, frozen=True):
    """Images, a running golden instance, and the clients of a member of the guarded group."""

    golden: str
    rogue: str
    rogue_snapshot: str
    running: str
    member: Callable[[str], Any]


@pytest.fixture
def scene(sandbox: Sandbox, ec2: Any, iam: Any, launch: Any, bake: Any) -> Scene:
    both = ("image", "snapshot")
    tags = [{"ResourceType": kind, "Tags": [APPROVED]} for kind in both]
    golden, rogue = bake("golden", TagSpecifications=tags), bake("rogue")
    (snapshot,) = snapshots_of(ec2, golden)
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)
    for name in ("guardrail", "untestable-launches", "tag-protection"):
        values = Values(account=ACCOUNT_ID, snapshots=(snapshot,))
        (document,) = render(profile_named(name), values)
        made = iam.create_policy(
            PolicyName=f"goldenami-{name}", PolicyDocument=document.json(minify=True)
        )
        iam.attach_group_policy(GroupName="admins", PolicyArn=made["Policy"]["Arn"])
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="admins", UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return Scene(
        golden,
        rogue,
        snapshots_of(ec2, rogue)[0],
        launch(golden),
        lambda service: sandbox.client(
            service,
            access_key_id=key["AccessKeyId"],
            secret_access_key=key["SecretAccessKey"],
        ),
    )


def snapshots_of(ec2: Any, image_id: str) -> list[str]:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    return [one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"]]


def template(ec2: Any, image_id: str) -> dict[str, str]:
    data = {"ImageId": image_id, "InstanceType": "t3.micro"}
    made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"]}


def fleet(ec2: Any, image_id: str, **override: str) -> Any:
    return ec2.create_fleet(
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {**template(ec2, image_id), "Version": "$Latest"},
                "Overrides": [override],
            }
        ],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 1,
            "DefaultTargetCapacityType": "on-demand",
        },
        Type="instant",
    )


def spot(ec2: Any, image_id: str) -> Any:
    wish = {"ImageId": image_id, "InstanceType": "t3.micro"}
    return ec2.request_spot_instances(InstanceCount=1, LaunchSpecification=wish)


def replaced(ec2: Any, scene: Scene, **source: str) -> Any:
    return ec2.create_replace_root_volume_task(InstanceId=scene.running, **source)


def with_device(ec2: Any, image: str, device: str, **ebs: Any) -> Any:
    return ec2.run_instances(
        ImageId=image, BlockDeviceMappings=[{"DeviceName": device, "Ebs": ebs}], **LAUNCH
    )


ALLOWED = {
    "the golden image": lambda ec2, scene: ec2.run_instances(ImageId=scene.golden, **LAUNCH),
    "the golden image with a blank volume": lambda ec2, scene: with_device(
        ec2, scene.golden, "/dev/sdf", VolumeSize=3
    ),
    "the golden image with tags": lambda ec2, scene: ec2.run_instances(
        ImageId=scene.golden,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
        **LAUNCH,
    ),
    "the golden image by a launch template": lambda ec2, scene: ec2.run_instances(
        LaunchTemplate=template(ec2, scene.golden), MinCount=1, MaxCount=1
    ),
    "the golden image by a fleet": lambda ec2, scene: fleet(ec2, scene.golden),
    "the golden image on a spot instance": lambda ec2, scene: spot(ec2, scene.golden),
    "another tag on an image": lambda ec2, scene: ec2.create_tags(
        Resources=[scene.rogue], Tags=[{"Key": "team", "Value": "web"}]
    ),
    "to make an image without the tag": lambda ec2, scene: ec2.create_image(
        InstanceId=scene.running, Name="mine"
    ),
}


@pytest.mark.parametrize("act", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_member_may_do_what_is_golden(scene: Scene, act: Callable[[Any, Scene], Any]) -> None:
    assert act(scene.member("ec2"), scene)["ResponseMetadata"]["HTTPStatusCode"] == 200


FORBIDDEN = {
    "a public image": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: ec2.run_instances(ImageId=public(ec2), **LAUNCH),
    ),
    "a public image that was tagged here": (
        "DenyLaunchOfOtherOwnersImage",
        lambda ec2, scene: ec2.run_instances(ImageId=tagged(public(ec2)), **LAUNCH),
    ),
    "an own image that nobody approved": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: ec2.run_instances(ImageId=scene.rogue, **LAUNCH),
    ),
    "only to see whether it would work": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: ec2.run_instances(ImageId=scene.rogue, DryRun=True, **LAUNCH),
    ),
    "an image of another account": (
        "DenyLaunchOfOtherOwnersImage",
        lambda ec2, scene: ec2.run_instances(ImageId=foreign(), **LAUNCH),
    ),
    "the golden image with another root volume": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: with_device(
            ec2, scene.golden, "/dev/xvda", SnapshotId=scene.rogue_snapshot
        ),
    ),
    "the golden image with a data volume of a snapshot that has the tag": (
        "DenyLaunchWithOtherSnapshotsVolume",
        lambda ec2, scene: with_device(
            ec2, scene.golden, "/dev/sdf", SnapshotId=tagged(scene.rogue_snapshot)
        ),
    ),
    "another image by a launch template": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: ec2.run_instances(
            LaunchTemplate=template(ec2, scene.rogue), MinCount=1, MaxCount=1
        ),
    ),
    "another image over a golden launch template": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: ec2.run_instances(
            ImageId=scene.rogue, LaunchTemplate=template(ec2, scene.golden), MinCount=1, MaxCount=1
        ),
    ),
    "another image by a fleet": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: fleet(ec2, scene.rogue),
    ),
    "another image by a fleet's override": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: fleet(ec2, scene.golden, ImageId=scene.rogue),
    ),
    "another image on a spot instance": (
        "DenyLaunchWithoutApprovalTag",
        lambda ec2, scene: spot(ec2, scene.rogue),
    ),
    "another root volume, by an image": (
        "DenyUntestableLaunch",
        lambda ec2, scene: replaced(ec2, scene, ImageId=scene.rogue),
    ),
    "another root volume, by a snapshot": (
        "DenyUntestableLaunch",
        lambda ec2, scene: replaced(ec2, scene, SnapshotId=scene.rogue_snapshot),
    ),
    "the launch state of the root volume": (
        "DenyUntestableLaunch",
        lambda ec2, scene: replaced(ec2, scene),
    ),
    "to write the approval tag": (
        "DenyApprovalTag",
        lambda ec2, scene: ec2.create_tags(Resources=[scene.rogue], Tags=[APPROVED]),
    ),
    "to write the approval tag in other letters": (
        "DenyApprovalTag",
        lambda ec2, scene: ec2.create_tags(
            Resources=[scene.rogue], Tags=[{"Key": "GoldenAMI:Status", "Value": "approved"}]
        ),
    ),
    "to make an image with the approval tag": (
        "DenyApprovalTag",
        lambda ec2, scene: ec2.create_image(
            InstanceId=scene.running, Name="mine",
            TagSpecifications=[{"ResourceType": "image", "Tags": [APPROVED]}],
        ),
    ),
    "to copy an image with the approval tag": (
        "DenyApprovalTag",
        lambda ec2, scene: ec2.copy_image(
            SourceImageId=scene.rogue, SourceRegion=HOME, Name="mine",
            TagSpecifications=[{"ResourceType": "image", "Tags": [APPROVED]}],
        ),
    ),
    "to remove the approval tag": (
        "DenyGoldenamiTags",
        lambda ec2, scene: ec2.delete_tags(
            Resources=[scene.golden], Tags=[{"Key": "goldenami:status"}]
        ),
    ),
    "to remove all tags": (
        "DenyTagsWithoutKeys",
        lambda ec2, scene: ec2.delete_tags(Resources=[scene.golden]),
    ),
    "to copy an image with the tags of a build": (
        "DenyGoldenamiTags",
        lambda ec2, scene: ec2.copy_image(
            SourceImageId=scene.rogue, SourceRegion=HOME, Name="mine",
            TagSpecifications=[
                {"ResourceType": "image", "Tags": [{"Key": "goldenami:build", "Value": "x"}]}
            ],
        ),
    ),
    "to copy the golden image with its tags": (
        "DenyTagsWithoutKeys",
        lambda ec2, scene: ec2.copy_image(
            SourceImageId=scene.golden, SourceRegion=HOME, Name="mine", CopyImageTags=True
        ),
    ),
    "to launch the golden image as the base of a build": (
        "DenyGoldenamiTags",
        lambda ec2, scene: ec2.run_instances(
            ImageId=scene.golden,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "goldenami:role", "Value": "base"}]}
            ],
            **LAUNCH,
        ),
    ),
    "to tag a volume for its snapshots": (
        "DenyApprovalTagToCopy",
        lambda ec2, scene: ec2.create_volume(
            AvailabilityZone=f"{HOME}a", Size=1,
            TagSpecifications=[
                {
                    "ResourceType": "volume",
                    "Tags": [{"Key": "GOLDENAMI:status", "Value": "approved"}],
                }
            ],
        ),
    ),
    "to change a fleet's template": (
        "DenyFleetOfUntestableTemplate",
        lambda ec2, scene: ec2.modify_fleet(
            FleetId=fleet(ec2, scene.golden)["FleetId"],
            LaunchTemplateConfigs=[
                {
                    "LaunchTemplateSpecification": {
                        "LaunchTemplateName": "web", "Version": "$Latest",
                    }
                }
            ],
        ),
    ),
    "to make an image of a build's base instance": (
        "DenyTouchingBuildInstances",
        lambda ec2, scene: ec2.create_image(InstanceId=based(scene.running), Name="mine"),
    ),
    "to change the user data of a build's base instance": (
        "DenyTouchingBuildInstances",
        lambda ec2, scene: ec2.modify_instance_attribute(
            InstanceId=based(scene.running), UserData={"Value": "x"}
        ),
    ),
    "to share the snapshot of the golden image": (
        "DenyLifecycleOfGoldenImage",
        lambda ec2, scene: ec2.modify_snapshot_attribute(
            SnapshotId=snapshots_of(ec2, scene.golden)[0],
            Attribute="createVolumePermission", OperationType="add", GroupNames=["all"],
        ),
    ),
    "to deregister the golden image": (
        "DenyLifecycleOfGoldenImage",
        lambda ec2, scene: ec2.deregister_image(ImageId=scene.golden),
    ),
    "to disable the golden image": (
        "DenyLifecycleOfGoldenImage",
        lambda ec2, scene: ec2.disable_image(ImageId=scene.golden),
    ),
}  # fmt: skip


def public(ec2: Any) -> str:
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]
    return str(image["ImageId"])


def foreign() -> str:
    """An approved image of another account, the tag being the viewer's own."""
    return tagged(FixedIds(ACCOUNT_ID, HOME).image(None, None, "111122223333", "x86_64"))


def tagged(resource_id: str) -> str:
    """Write the approval tag as nobody under the guardrail could."""
    store = FixedIds(ACCOUNT_ID, HOME)._store
    store.create_tags([resource_id], {APPROVED["Key"]: APPROVED["Value"]})
    return resource_id


def based(instance_id: str) -> str:
    """Make an instance the base of a build, as the pipeline does."""
    FixedIds(ACCOUNT_ID, HOME)._store.create_tags([instance_id], {"goldenami:role": "base"})
    return instance_id


@pytest.mark.parametrize(
    ("statement", "act"), FORBIDDEN.values(), ids=[f"not {one}" for one in FORBIDDEN]
)
def test_a_member_may_not_do_what_is_not(
    scene: Scene, statement: str, act: Callable[[Any, Scene], Any]
) -> None:
    with pytest.raises(ClientError) as caught:
        act(scene.member("ec2"), scene)
    error = caught.value.response["Error"]
    assert error["Code"] == "UnauthorizedOperation"
    denied_by = f"identity-based policy: arn:aws:iam::{ACCOUNT_ID}:policy/goldenami-"
    assert denied_by in error["Message"]
    told = scene.member("sts").decode_authorization_message(
        EncodedMessage=error["Message"].rpartition(" ")[2]
    )
    matched = json.loads(told["DecodedMessage"])["matchedStatements"]["items"]
    assert statement in [one["statementId"] for one in matched]


def test_what_the_member_was_refused_did_not_happen(scene: Scene, ec2: Any) -> None:
    before = ec2.describe_instances()["Reservations"]
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        scene.member("ec2").run_instances(ImageId=scene.rogue, **LAUNCH)
    assert ec2.describe_instances()["Reservations"] == before


@pytest.mark.parametrize(
    "name", ["/golden-ami/web-base", "/goldenami/bake/web-base", "/goldenami/manifest/web-base/b"]
)
def test_a_member_may_not_write_what_is_published_or_recorded(scene: Scene, name: str) -> None:
    ssm = scene.member("ssm")
    with pytest.raises(ClientError, match="explicit deny") as caught:
        ssm.put_parameter(Name=name, Value="ami-public", Type="String")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    ssm.put_parameter(Name="/team/setting", Value="x", Type="String")
