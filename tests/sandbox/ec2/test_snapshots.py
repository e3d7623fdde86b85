from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
ACCOUNT = "111122223333"


@pytest.fixture
def snapshot_id(ec2: Any, bake: Make) -> str:
    bake(TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "1"}]}])
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    return str(snapshot["SnapshotId"])


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, 1),
        ({"OwnerIds": ["123456789012"]}, 1),
        ({"OwnerIds": [ACCOUNT]}, 0),
        ({"Filters": [{"Name": "tag:a", "Values": ["1"]}]}, 1),
        ({"Filters": [{"Name": "tag:a", "Values": ["2"]}]}, 0),
        ({"Filters": [{"Name": "encrypted", "Values": ["false"]}]}, 1),
        ({"Filters": [{"Name": "description", "Values": ["Created by CreateImage*"]}]}, 1),
    ],
    ids=str,
)
def test_snapshots_are_found(ec2: Any, snapshot_id: str, wish: dict[str, Any], found: int) -> None:
    assert len(ec2.describe_snapshots(**wish)["Snapshots"]) == found


def test_a_snapshot_is_pending_as_long_as_its_image(sandbox: Sandbox, ec2: Any, bake: Make) -> None:
    def told() -> list[Any]:
        (one,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return [one["State"], one["Progress"], "CompletionTime" in one]

    instance_id = ec2.run_instances(
        ImageId=catalogue.IMAGES[0].id_in("us-east-1"), InstanceType="t3.micro",
        MinCount=1, MaxCount=1,
    )["Instances"][0]["InstanceId"]  # fmt: skip
    sandbox.pending_s = 36_000
    image_id = bake(InstanceId=instance_id)
    assert told() == ["pending", "0%", False]
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    sandbox.pending_s = 0
    bake(InstanceId=instance_id)
    assert told() == ["completed", "100%", True]


def test_an_unknown_snapshot_is_refused(ec2: Any, refused: Any) -> None:
    with refused("InvalidSnapshot.NotFound", "snap-0123456789abcdef0"):
        ec2.describe_snapshots(SnapshotIds=["snap-0123456789abcdef0"])


def test_the_snapshot_of_an_image_is_in_use(ec2: Any, snapshot_id: str, refused: Any) -> None:
    with refused("InvalidSnapshot.InUse"):
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    (image,) = ec2.describe_images(Owners=["self"])["Images"]
    ec2.deregister_image(ImageId=image["ImageId"])
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    assert ec2.describe_snapshots()["Snapshots"] == []


@pytest.mark.parametrize(
    "way",
    [
        lambda kind: {"CreateVolumePermission": {kind.capitalize(): [{"UserId": ACCOUNT}]}},
        lambda kind: {"OperationType": kind, "UserIds": [ACCOUNT]},
        lambda kind: {
            "UserIds": [ACCOUNT],
            "CreateVolumePermission": {kind.capitalize(): [{"UserId": ACCOUNT}]},
        },
    ],
    ids=["as a structure", "as lists", "twice, as Packer does"],
)
def test_who_may_use_it_is_added_and_removed(
    ec2: Any, snapshot_id: str, way: Callable[[str], dict[str, Any]]
) -> None:
    def allowed() -> Any:
        return ec2.describe_snapshot_attribute(
            SnapshotId=snapshot_id, Attribute="createVolumePermission"
        )["CreateVolumePermissions"]

    ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, **way("add"))
    assert allowed() == [{"UserId": ACCOUNT}]
    ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, **way("remove"))
    assert allowed() == []


def test_users_without_an_operation_are_refused(ec2: Any, snapshot_id: str, refused: Any) -> None:
    with refused("InvalidParameterCombination"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, UserIds=[ACCOUNT])


def test_dry_runs_change_nothing(ec2: Any, snapshot_id: str, refused: Any) -> None:
    with refused("DryRunOperation"):
        ec2.modify_snapshot_attribute(
            SnapshotId=snapshot_id, OperationType="add", UserIds=[ACCOUNT], DryRun=True
        )
    answer = ec2.describe_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission"
    )
    assert answer["CreateVolumePermissions"] == []


def test_a_copy_is_encrypted_if_it_is_asked_for_by_default_or_if_it_was(
    ec2: Any, refused: Any
) -> None:
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    plain = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]

    def copied(source: str, **wish: Any) -> Any:
        where = {"SourceRegion": "us-east-1", "SourceSnapshotId": source}
        copy = ec2.copy_snapshot(**where, **wish)["SnapshotId"]
        (snapshot,) = ec2.describe_snapshots(SnapshotIds=[copy])["Snapshots"]
        return snapshot

    assert not copied(plain)["Encrypted"]
    asked = copied(plain, Encrypted=True)
    assert asked["Encrypted"]
    assert ":key/" in asked["KmsKeyId"]
    assert copied(asked["SnapshotId"])["Encrypted"]
    with refused("InvalidParameterDependency", "KmsKeyId"):
        copied(plain, KmsKeyId=asked["KmsKeyId"])
    ec2.enable_ebs_encryption_by_default()
    assert copied(plain)["Encrypted"]


def test_a_snapshot_has_two_attributes_of_which_one_can_be_changed(ec2: Any, refused: Any) -> None:
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    named = {"SnapshotId": ec2.create_snapshot(VolumeId=volume)["SnapshotId"]}
    codes = ec2.describe_snapshot_attribute(**named, Attribute="productCodes")
    assert codes["ProductCodes"] == []
    assert "CreateVolumePermissions" not in codes
    with refused("InvalidParameterValue", "Unknown attribute"):
        ec2.describe_snapshot_attribute(**named, Attribute="none")
    with refused("InvalidParameterValue", "createVolumePermission"):
        ec2.modify_snapshot_attribute(**named, Attribute="productCodes", UserIds=["111122223333"])
