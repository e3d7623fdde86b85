from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

Launch = Callable[..., str]
TAGS = [{"Key": "team", "Value": "web"}]


def root_of(ec2: Any, instance_id: str) -> dict[str, Any]:
    """Return the root volume of an instance."""
    (told,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    (instance,) = told["Instances"]
    (mapping,) = (
        one
        for one in instance["BlockDeviceMappings"]
        if one["DeviceName"] == instance["RootDeviceName"]
    )
    (volume,) = ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    return dict(volume)


def snapshot_of(ec2: Any, image_id: str) -> str:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


@pytest.mark.parametrize("source", ["image", "snapshot", "launch state"])
def test_the_root_volume_is_another_one(
    ec2: Any, launch: Launch, bake: Any, source_id: str, source: str
) -> None:
    instance = launch()
    before = root_of(ec2, instance)
    image = bake()
    wish = {
        "image": {"ImageId": image},
        "snapshot": {"SnapshotId": snapshot_of(ec2, image)},
        "launch state": {},
    }[source]
    task = ec2.create_replace_root_volume_task(InstanceId=instance, **wish)["ReplaceRootVolumeTask"]
    assert task["ReplaceRootVolumeTaskId"].startswith("replacevol-")
    assert task["InstanceId"] == instance
    after = root_of(ec2, instance)
    assert after["VolumeId"] != before["VolumeId"]
    expected = snapshot_of(ec2, source_id if source == "launch state" else image)
    assert after["SnapshotId"] == expected
    assert after["Attachments"][0]["InstanceId"] == instance
    (old,) = ec2.describe_volumes(VolumeIds=[before["VolumeId"]])["Volumes"]
    assert old["State"] == "available"


def test_a_task_and_its_volume_have_their_tags(ec2: Any, launch: Launch) -> None:
    instance = launch()
    kinds = ("replace-root-volume-task", "volume")
    made = ec2.create_replace_root_volume_task(
        InstanceId=instance,
        TagSpecifications=[{"ResourceType": one, "Tags": TAGS} for one in kinds],
    )["ReplaceRootVolumeTask"]
    assert made["Tags"] == TAGS
    assert root_of(ec2, instance)["Tags"] == TAGS


def test_tasks_are_listed(ec2: Any, launch: Launch) -> None:
    made = [
        ec2.create_replace_root_volume_task(InstanceId=launch())["ReplaceRootVolumeTask"]
        for _ in range(2)
    ]
    ids = [one["ReplaceRootVolumeTaskId"] for one in made]

    def listed(**wish: Any) -> list[str]:
        told = ec2.describe_replace_root_volume_tasks(**wish)["ReplaceRootVolumeTasks"]
        assert {one["TaskState"] for one in told} == {"succeeded"}
        return [one["ReplaceRootVolumeTaskId"] for one in told]

    assert listed() == ids
    assert listed(ReplaceRootVolumeTaskIds=ids[1:]) == ids[1:]


def test_a_dry_run_replaces_nothing(ec2: Any, launch: Launch, refused: Any) -> None:
    instance = launch()
    before = root_of(ec2, instance)
    with refused("DryRunOperation"):
        ec2.create_replace_root_volume_task(InstanceId=instance, DryRun=True)
    assert root_of(ec2, instance) == before
    assert ec2.describe_replace_root_volume_tasks()["ReplaceRootVolumeTasks"] == []


def test_an_instance_that_does_not_run_keeps_its_volume(
    ec2: Any, launch: Launch, refused: Any
) -> None:
    instance = launch()
    ec2.stop_instances(InstanceIds=[instance])
    with refused("IncorrectState", instance):
        ec2.create_replace_root_volume_task(InstanceId=instance)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"InstanceId": "i-0123456789abcdef0"}, "InvalidInstanceID.NotFound"),
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
        (
            {"ImageId": "ami-0123456789abcdef0", "SnapshotId": "snap-0123456789abcdef0"},
            "InvalidParameterCombination",
        ),
    ],
    ids=["an instance", "an image", "a snapshot", "an image and a snapshot at once"],
)
def test_what_is_not_there_is_refused(
    ec2: Any, launch: Launch, refused: Any, wish: dict[str, str], code: str
) -> None:
    with refused(code):
        ec2.create_replace_root_volume_task(**{"InstanceId": launch(), **wish})


def test_an_image_that_is_not_ready_is_refused(
    sandbox: Sandbox, ec2: Any, launch: Launch, bake: Any, refused: Any
) -> None:
    instance = launch()
    sandbox.pending_s = 3600
    image = bake(InstanceId=instance)
    with refused("InvalidAMIID.Unavailable", "pending"):
        ec2.create_replace_root_volume_task(InstanceId=instance, ImageId=image)
