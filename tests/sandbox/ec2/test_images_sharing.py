from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., str]
ACCOUNTS = ["111122223333", "444455556666"]
ORG = "arn:aws:organizations::111122223333:organization/o-abcdefghij"
OTHER_ORG = "arn:aws:organizations::111122223333:organization/o-klmnopqrst"
UNIT = "arn:aws:organizations::111122223333:ou/o-abcdefghij/ou-ab12-12345678"


def permissions(ec2: Any, image_id: str) -> list[dict[str, str]]:
    answer = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    found: list[dict[str, str]] = answer["LaunchPermissions"]
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"LaunchPermission": {"Add": [{"UserId": ACCOUNTS[0]}, {"OrganizationArn": ORG}]}},
            [{"UserId": ACCOUNTS[0]}, {"OrganizationArn": ORG}],
        ),
        (
            {
                "Attribute": "launchPermission",
                "OperationType": "add",
                "UserIds": ACCOUNTS,
                "OrganizationArns": [ORG, OTHER_ORG],
                "OrganizationalUnitArns": [UNIT],
            },
            [
                *({"UserId": account} for account in ACCOUNTS),
                {"OrganizationArn": ORG},
                {"OrganizationArn": OTHER_ORG},
                {"OrganizationalUnitArn": UNIT},
            ],
        ),
        (
            {
                "UserIds": ACCOUNTS[:1],
                "LaunchPermission": {"Add": [{"UserId": ACCOUNTS[0]}]},
            },
            [{"UserId": ACCOUNTS[0]}],
        ),
    ],
    ids=["as a structure", "as lists, each of which counts in full", "twice, as Packer does"],
)
def test_targets_are_added_and_removed(
    ec2: Any, bake: Make, change: dict[str, Any], expected: list[dict[str, str]]
) -> None:
    image_id = bake()
    ec2.modify_image_attribute(ImageId=image_id, **change)
    assert permissions(ec2, image_id) == expected
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Remove": expected})
    assert permissions(ec2, image_id) == []


def test_a_public_image_can_be_launched_by_all(ec2: Any, bake: Make) -> None:
    image_id = bake()
    ec2.disable_image_block_public_access()
    ec2.modify_image_attribute(
        ImageId=image_id, OperationType="add", UserGroups=["all"], Attribute="launchPermission"
    )
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["Public"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {
                "Description": {"Value": "d"},
                "LaunchPermission": {"Add": [{"UserId": ACCOUNTS[0]}]},
            },
            "InvalidParameterCombination",
        ),
        ({}, "MissingParameter"),
        ({"UserIds": ACCOUNTS, "OperationType": "replace"}, "InvalidParameterValue"),
        ({"UserIds": ACCOUNTS}, "InvalidParameterValue"),
        ({"UserIds": ["1234"], "OperationType": "add"}, "InvalidAMIAttributeItemValue"),
        ({"UserGroups": ["some"], "OperationType": "add"}, "InvalidAMIAttributeItemValue"),
        ({"OrganizationArns": ["o-abc"], "OperationType": "add"}, "InvalidParameter"),
    ],
    ids=[
        "two attributes in one call",
        "no attribute",
        "an unknown operation",
        "no operation",
        "an account id that is none",
        "a group other than all",
        "an organization that is no ARN",
    ],
)
def test_a_wrong_change_is_refused(
    ec2: Any, bake: Make, refused: Any, change: dict[str, Any], code: str
) -> None:
    image_id = bake()
    with refused(code):
        ec2.modify_image_attribute(ImageId=image_id, **change)
    assert permissions(ec2, image_id) == []


def test_what_the_default_key_encrypts_cannot_be_shared(
    ec2: Any, launch: Make, bake: Make, refused: Any
) -> None:
    device = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}
    image_id = bake(InstanceId=launch(BlockDeviceMappings=[device]))
    shared = {"Add": [{"UserId": ACCOUNTS[0]}]}
    with refused("InvalidParameter", "AWS Managed CMK"):
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=shared)
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    with refused("InvalidParameter", "AWS Managed CMK"):
        ec2.modify_snapshot_attribute(
            SnapshotId=snapshot["SnapshotId"], CreateVolumePermission=shared
        )


def test_the_description_is_an_attribute_of_its_own(ec2: Any, bake: Make) -> None:
    image_id = bake()
    ec2.modify_image_attribute(ImageId=image_id, Description={"Value": "new"})
    answer = ec2.describe_image_attribute(ImageId=image_id, Attribute="description")
    assert answer["Description"] == {"Value": "new"}
