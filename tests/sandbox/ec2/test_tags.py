from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., str]
UNKNOWN = "0123456789abcdef0"


def tags_of(ec2: Any, resource_id: str) -> dict[str, str]:
    wish = [{"Name": "resource-id", "Values": [resource_id]}]
    return {tag["Key"]: tag["Value"] for tag in ec2.describe_tags(Filters=wish)["Tags"]}


def as_aws(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def resources(ec2: Any, bake: Make) -> list[str]:
    """An image and its snapshot."""
    image_id = bake()
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    return [image_id, snapshot["SnapshotId"]]


def test_image_and_snapshot_are_tagged_in_one_call(ec2: Any, resources: list[str]) -> None:
    ec2.create_tags(Resources=resources, Tags=as_aws({"a": "1", "b": ""}))
    assert [tags_of(ec2, one) for one in resources] == [{"a": "1", "b": ""}] * 2
    ec2.create_tags(Resources=resources, Tags=as_aws({"a": "2"}))
    assert tags_of(ec2, resources[0]) == {"a": "2", "b": ""}


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        ([{"Key": "a"}], {"b": "2"}),
        ([{"Key": "a", "Value": "1"}], {"b": "2"}),
        ([{"Key": "a", "Value": "other"}], {"a": "1", "b": "2"}),
        ([], {}),
    ],
    ids=["by key", "by key and value", "not with another value", "all, if none is named"],
)
def test_tags_are_deleted(
    ec2: Any, resources: list[str], wish: list[dict[str, str]], left: dict[str, str]
) -> None:
    ec2.create_tags(Resources=resources, Tags=as_aws({"a": "1", "b": "2"}))
    ec2.delete_tags(Resources=resources, Tags=wish)
    assert [tags_of(ec2, one) for one in resources] == [left] * 2


@pytest.mark.parametrize(
    "tags",
    [{"k" * 127: "v" * 256}, {f"key-{number}": "" for number in range(50)}],
    ids=["127 and 256 characters", "50 tags"],
)
def test_tags_within_the_limits_are_taken(
    ec2: Any, resources: list[str], tags: dict[str, str]
) -> None:
    ec2.create_tags(Resources=resources, Tags=as_aws(tags))
    assert tags_of(ec2, resources[0]) == tags


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"k" * 128: ""}, "InvalidParameterValue"),
        ({"": "v"}, "InvalidParameterValue"),
        ({"k": "v" * 257}, "InvalidParameterValue"),
        ({"aws:k": "v"}, "InvalidParameterValue"),
        ({"AWS:k": "v"}, "InvalidParameterValue"),
        ({f"key-{number}": "" for number in range(51)}, "TagLimitExceeded"),
    ],
    ids=[
        "a key of 128 characters",
        "an empty key",
        "a value of 257 characters",
        "a reserved key",
        "a reserved key in capitals",
        "51 tags",
    ],
)
def test_tags_that_break_a_rule_are_refused_wherever_they_are_given(
    ec2: Any, resources: list[str], bake: Make, refused: Any, tags: dict[str, str], code: str
) -> None:
    with refused(code):
        ec2.create_tags(Resources=resources, Tags=as_aws(tags))
    assert tags_of(ec2, resources[0]) == {}
    with refused(code):
        bake("web-2", TagSpecifications=[{"ResourceType": "image", "Tags": as_aws(tags)}])


def test_the_fifty_first_tag_is_refused(ec2: Any, resources: list[str], refused: Any) -> None:
    ec2.create_tags(Resources=resources, Tags=as_aws({f"k{n}": "" for n in range(50)}))
    with refused("TagLimitExceeded"):
        ec2.create_tags(Resources=resources, Tags=as_aws({"one-more": ""}))
    ec2.create_tags(Resources=resources, Tags=as_aws({"k0": "changed"}))
    assert tags_of(ec2, resources[1])["k0"] == "changed"


def test_a_reserved_tag_cannot_be_deleted(ec2: Any, resources: list[str], refused: Any) -> None:
    with refused("InvalidParameterValue", "aws:"):
        ec2.delete_tags(Resources=resources, Tags=[{"Key": "aws:k"}])


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("i", "InvalidInstanceID.NotFound"),
        ("ami", "InvalidAMIID.NotFound"),
        ("snap", "InvalidSnapshot.NotFound"),
        ("vol", "InvalidVolume.NotFound"),
    ],
)
@pytest.mark.parametrize("call", ["create_tags", "delete_tags"])
def test_nothing_is_tagged_if_one_id_is_unknown(
    ec2: Any, resources: list[str], refused: Any, call: str, prefix: str, code: str
) -> None:
    ec2.create_tags(Resources=resources, Tags=as_aws({"a": "1"}))
    with refused(code):
        getattr(ec2, call)(Resources=[*resources, f"{prefix}-{UNKNOWN}"], Tags=as_aws({"b": "2"}))
    assert tags_of(ec2, resources[0]) == {"a": "1"}


@pytest.mark.parametrize("call", ["create_tags", "delete_tags"])
def test_a_dry_run_changes_nothing(ec2: Any, resources: list[str], refused: Any, call: str) -> None:
    ec2.create_tags(Resources=resources, Tags=as_aws({"a": "1"}))
    with refused("DryRunOperation"):
        getattr(ec2, call)(Resources=resources, Tags=as_aws({"a": "1", "b": "2"}), DryRun=True)
    assert tags_of(ec2, resources[0]) == {"a": "1"}
