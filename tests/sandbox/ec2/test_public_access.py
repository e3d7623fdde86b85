from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox import seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
ALL = {"LaunchPermission": {"Add": [{"Group": "all"}]}}


def shared(ec2: Any, snapshot_id: str) -> Any:
    return ec2.describe_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission"
    )["CreateVolumePermissions"]


@pytest.fixture
def snapshot_id(ec2: Any, bake: Make) -> str:
    (image,) = ec2.describe_images(ImageIds=[bake()])["Images"]
    return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


def test_a_new_account_shares_no_image_with_everybody_before_it_says_so(
    ec2: Any, bake: Make, refused: Any
) -> None:
    image_id = bake()
    setting = ec2.get_image_block_public_access_state()
    assert setting["ImageBlockPublicAccessState"] == "block-new-sharing"
    assert setting["ManagedBy"] == "account"
    with refused("OperationNotPermitted", "DisableImageBlockPublicAccess"):
        ec2.modify_image_attribute(ImageId=image_id, **ALL)
    ec2.modify_image_attribute(
        ImageId=image_id, LaunchPermission={"Add": [{"UserId": "111122223333"}]}
    )
    answer = ec2.disable_image_block_public_access()
    assert answer["ImageBlockPublicAccessState"] == "unblocked"
    ec2.modify_image_attribute(ImageId=image_id, **ALL)
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    ec2.modify_image_attribute(ImageId=image_id, **ALL)  # which it has already
    with refused("InvalidParameterValue"):
        ec2.enable_image_block_public_access(ImageBlockPublicAccessState="unblocked")


def test_five_images_are_public_at_most(ec2: Any, bake: Make, refused: Any) -> None:
    ec2.disable_image_block_public_access()
    for number in range(5):
        ec2.modify_image_attribute(ImageId=bake(f"web-{number}"), **ALL)
    with refused("ResourceLimitExceeded", "quota of 5 for the number of public images"):
        ec2.modify_image_attribute(ImageId=bake("one-more"), **ALL)


def test_snapshots_are_shared_with_everybody_unless_that_is_blocked(
    ec2: Any, snapshot_id: str, refused: Any
) -> None:
    everybody = {"SnapshotId": snapshot_id, "GroupNames": ["all"]}
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.modify_snapshot_attribute(**everybody, OperationType="add")
    assert shared(ec2, snapshot_id) == [{"Group": "all"}]
    ec2.modify_snapshot_attribute(**everybody, OperationType="remove")
    assert shared(ec2, snapshot_id) == []
    for state in ("block-new-sharing", "block-all-sharing"):
        assert ec2.enable_snapshot_block_public_access(State=state)["State"] == state
        with refused("OperationNotPermitted", "blocked"):
            ec2.modify_snapshot_attribute(**everybody, OperationType="add")
    assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"
    with refused("InvalidParameterValue"):
        ec2.enable_snapshot_block_public_access(State="unblocked")


def test_a_declarative_policy_goes_before_the_account(
    sandbox: Sandbox, ec2: Any, refused: Any
) -> None:
    organization = seed.organization(sandbox)
    client = sandbox.client("organizations")
    client.enable_policy_type(RootId=organization.root_id, PolicyType="DECLARATIVE_POLICY_EC2")
    content = (
        '{"ec2_attributes": {"image_block_public_access": {"state": {"@@assign": "unblocked"}}}}'
    )
    policy = client.create_policy(
        Name="p", Description="d", Type="DECLARATIVE_POLICY_EC2", Content=content
    )["Policy"]["PolicySummary"]["Id"]
    client.attach_policy(PolicyId=policy, TargetId=ACCOUNT_ID)
    setting = ec2.get_image_block_public_access_state()
    assert setting["ImageBlockPublicAccessState"] == "unblocked"
    assert setting["ManagedBy"] == "declarative-policy"
    with refused("DeclarativePolicyViolation"):
        ec2.disable_image_block_public_access()


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"OperationType": "add", "UserIds": ["123"]}, "InvalidAMIAttributeItemValue", "123"),
        ({"OperationType": "add", "GroupNames": ["some"]}, "InvalidAMIAttributeItemValue", "some"),
        ({"CreateVolumePermission": {"Add": [{"UserId": "x"}]}}, "InvalidAMIAttributeItemValue",
         "x"),
        ({"CreateVolumePermission": {"Add": [{"UserId": "1" * 12}], "Remove": [{"Group": "all"}]}},
         "InvalidParameterCombination", "One and only one"),
        ({}, "InvalidParameterCombination", "No attributes specified"),
        ({"OperationType": "add", "UserIds": [f"{n:012}" for n in range(501)]},
         "InvalidParameterValue", "500"),
    ],
)  # fmt: skip
def test_a_snapshot_is_shared_with_accounts_and_everybody_alone(
    ec2: Any, snapshot_id: str, refused: Any, change: dict[str, Any], code: str, says: str
) -> None:
    with refused(code, says):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot_id, **change)
    assert shared(ec2, snapshot_id) == []


def test_an_encrypted_snapshot_is_not_shared_with_everybody(
    sandbox: Sandbox, ec2: Any, launch: Make, bake: Make, refused: Any
) -> None:
    key = sandbox.client("kms").create_key()["KeyMetadata"]["KeyId"]
    ebs = {"Encrypted": True, "KmsKeyId": key}
    image_id = bake(
        InstanceId=launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])
    )
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    with refused("OperationNotPermitted", "Encrypted"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, OperationType="add", GroupNames=["all"])
