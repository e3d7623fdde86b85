from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
IMAGE, SNAPSHOT = "EC2_IMAGE", "EBS_SNAPSHOT"
IN_BIN = "aws:recycle-bin:resource-in-bin"
SHARED = {"LaunchPermission": {"Add": [{"UserId": "111122223333"}]}}


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"ResourceTagKey": key, "ResourceTagValue": value}


@pytest.fixture
def rule(sandbox: Sandbox) -> Callable[..., str]:
    def rule(days: int, kind: str = IMAGE, **more: Any) -> str:
        period = {"RetentionPeriodValue": days, "RetentionPeriodUnit": "DAYS"}
        made = sandbox.client("rbin").create_rule(RetentionPeriod=period, ResourceType=kind, **more)
        return str(made["Identifier"])

    return rule


@pytest.fixture
def tagged(bake: Make) -> Callable[..., str]:
    def tagged(name: str = "web-1", **tags: str) -> str:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        specifications = [
            {"ResourceType": kind, "Tags": listed} for kind in ("image", "snapshot") if tags
        ]
        return bake(name, TagSpecifications=specifications)

    return tagged


def snapshot_of(ec2: Any, image_id: str) -> str:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


def tags_of(ec2: Any, thing_id: str) -> dict[str, str]:
    wish = [{"Name": "resource-id", "Values": [thing_id]}]
    return {each["Key"]: each["Value"] for each in ec2.describe_tags(Filters=wish)["Tags"]}


def stay(ec2: Any, image_id: str) -> int | None:
    """Return for how many days the bin keeps an image; None if it does not."""
    ec2.deregister_image(ImageId=image_id)
    images = ec2.list_images_in_recycle_bin()["Images"]
    times = {image["ImageId"]: image for image in images}
    if image_id not in times:
        return None
    time = times[image_id]
    return int((time["RecycleBinExitTime"] - time["RecycleBinEnterTime"]).days)


@pytest.mark.parametrize(
    ("rules", "tags", "days"),
    [
        ([], {}, None),
        ([{"days": 7}], {}, 7),
        ([{"days": 7}, {"days": 30}, {"days": 14}], {}, 30),
        ([{"days": 7, "kind": SNAPSHOT}], {}, None),
        ([{"days": 7, "ResourceTags": [tag("Team", "web")]}], {"Team": "web"}, 7),
        ([{"days": 7, "ResourceTags": [tag("Team", "web")]}], {"Team": "db"}, None),
        ([{"days": 7, "ResourceTags": [tag("A", "1"), tag("B", "2")]}], {"B": "2"}, 7),
        ([{"days": 7, "ResourceTags": [{"ResourceTagKey": "Team"}]}], {"Team": "db"}, 7),
        ([{"days": 7, "ExcludeResourceTags": [tag("Keep", "no")]}], {"Keep": "no"}, None),
        ([{"days": 7, "ExcludeResourceTags": [tag("Keep", "no")]}], {"Keep": "yes"}, 7),
        (
            [
                {"days": 30, "ExcludeResourceTags": [tag("Keep", "no")]},
                {"days": 3, "ResourceTags": [tag("Keep", "no")]},
            ],
            {"Keep": "no"},
            3,
        ),
    ],
    ids=[
        "no rule", "a region's rule", "the longest", "another kind", "a tag", "another value",
        "one of two tags", "any value", "excluded", "not excluded", "excluded, and tagged",
    ],
)  # fmt: skip
def test_the_longest_matching_rule_keeps_a_deregistered_image(
    ec2: Any, rule: Any, tagged: Any, rules: Any, tags: dict[str, str], days: int | None
) -> None:
    for each in rules:
        rule(**each)
    assert stay(ec2, tagged(**tags)) == days


def test_a_pending_rule_keeps_nothing(sandbox: Sandbox, ec2: Any, rule: Any, bake: Make) -> None:
    image_id = bake()
    sandbox.pending_s = 3600
    rule(7)
    assert stay(ec2, image_id) is None


def test_what_is_in_the_bin_is_only_listed_and_tagged(
    ec2: Any, rule: Any, tagged: Any, launch: Any, refused: Any
) -> None:
    rule(7)
    image_id = tagged(Team="web")
    ec2.deregister_image(ImageId=image_id)
    assert ec2.describe_images(ImageIds=[image_id])["Images"] == []
    with refused("InvalidAMIID.Unavailable"):
        launch(image_id)
    with refused("InvalidAMIID.Unavailable"):
        ec2.modify_image_attribute(ImageId=image_id, **SHARED)
    ec2.create_tags(Resources=[image_id], Tags=[{"Key": "why", "Value": "old"}])
    ec2.delete_tags(Resources=[image_id])
    ec2.create_tags(Resources=[image_id], Tags=[{"Key": "why", "Value": "old"}])
    assert tags_of(ec2, image_id) == {IN_BIN: "true", "why": "old"}
    (image,) = ec2.list_images_in_recycle_bin(ImageIds=[image_id])["Images"]
    assert image["Name"] == "web-1"
    with refused("InvalidAMIID.NotFound"):
        ec2.list_images_in_recycle_bin(ImageIds=[image_id, "ami-0123456789abcdef0"])
    with refused("InvalidParameterValue", "At most 20"):
        ec2.list_images_in_recycle_bin(ImageIds=[f"ami-000000{n:02}" for n in range(21)])


def test_an_image_comes_back_as_it_was_once_its_snapshots_are_there(
    sandbox: Sandbox, ec2: Any, rule: Any, tagged: Any, launch: Any, refused: Any
) -> None:
    for kind in (IMAGE, SNAPSHOT):
        rule(7, kind)
    image_id = tagged(Team="web")
    snapshot_id = snapshot_of(ec2, image_id)
    ec2.modify_image_attribute(ImageId=image_id, **SHARED)
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot_id, OperationType="add", UserIds=["111122223333"]
    )
    (result,) = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)[
        "DeleteSnapshotResults"
    ]
    assert result == {"SnapshotId": snapshot_id, "ReturnCode": "success"}
    consumer = sandbox.client("ec2", account="111122223333")
    with refused("InvalidAMIID.NotFound"):
        consumer.describe_images(ImageIds=[image_id])
    with refused("InvalidSnapshot.NotFound", snapshot_id):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)
    with refused("InvalidSnapshot.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[snapshot_id])
    with refused("InvalidSnapshot.NotFound"):
        ec2.list_snapshots_in_recycle_bin(SnapshotIds=["snap-0123456789abcdef0"])
    (kept,) = ec2.list_snapshots_in_recycle_bin(SnapshotIds=[snapshot_id])["Snapshots"]
    assert image_id in kept["Description"]
    sandbox.pending_s = 3600
    restored = ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot_id)
    assert (restored["State"], restored["Progress"]) == ("recovering", "99%")
    with refused("IncorrectState", "recovering"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)
    sandbox.advance(timedelta(hours=1))
    sandbox.pending_s = 0
    with refused("DryRunOperation"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id, DryRun=True)
    assert ec2.restore_image_from_recycle_bin(ImageId=image_id)["Return"] is True
    assert ec2.list_images_in_recycle_bin()["Images"] == []
    assert (tags_of(ec2, image_id), tags_of(ec2, snapshot_id)) == ({"Team": "web"},) * 2
    assert consumer.describe_images(ImageIds=[image_id])["Images"][0]["Name"] == "web-1"
    permissions = ec2.describe_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission"
    )
    assert permissions["CreateVolumePermissions"] == [{"UserId": "111122223333"}]
    assert launch(image_id)
    with refused("InvalidAMIID.NotFound"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)
    with refused("InvalidSnapshot.NotFound"):
        ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot_id)


def test_an_image_whose_snapshots_stayed_comes_back_at_once(
    ec2: Any, rule: Any, bake: Make
) -> None:
    rule(7)
    image_id = bake()
    ec2.disable_image(ImageId=image_id)
    ec2.deregister_image(ImageId=image_id)
    ec2.restore_image_from_recycle_bin(ImageId=image_id)
    (image,) = ec2.describe_images(ImageIds=[image_id], IncludeDisabled=True)["Images"]
    assert image["State"] == "disabled"


def test_a_name_that_is_taken_meanwhile_stays_the_other_image_s(
    ec2: Any, rule: Any, bake: Make, refused: Any
) -> None:
    rule(7)
    image_id = bake()
    ec2.deregister_image(ImageId=image_id)
    bake()
    with refused("InvalidAMIName.Duplicate"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)


def test_what_reaches_its_exit_time_is_gone_for_good_with_its_tags(
    sandbox: Sandbox, ec2: Any, rule: Any, tagged: Any, refused: Any
) -> None:
    rule(2, SNAPSHOT)
    longer = rule(3)
    image_id = tagged(Team="web")
    snapshot_id = snapshot_of(ec2, image_id)
    ec2.deregister_image(ImageId=image_id)
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    sandbox.client("rbin").delete_rule(Identifier=longer)
    sandbox.advance(timedelta(days=2))
    assert ec2.list_snapshots_in_recycle_bin()["Snapshots"] == []
    with refused("InvalidSnapshot.NotFound"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)
    assert len(ec2.list_images_in_recycle_bin()["Images"]) == 1
    sandbox.advance(timedelta(days=1))
    with refused("InvalidAMIID.NotFound"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)
    assert tags_of(ec2, image_id) == {}


def test_images_in_the_bin_come_in_pages(ec2: Any, rule: Any, bake: Make) -> None:
    rule(7)
    for number in range(3):
        ec2.deregister_image(ImageId=bake(f"web-{number}"))
    pages = ec2.get_paginator("list_images_in_recycle_bin").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Images"]) for page in pages] == [2, 1]
