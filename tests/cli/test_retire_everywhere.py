"""A retirement from end to end: two regions, two accounts, shared with a third that may copy it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from goldenami.domain import manifest, tags
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account, users

OTHER = "444455556666"
ROLE = "golden-ami-copies"
COPIES = [{"account": OTHER, "role": ROLE, "regions": list(account.REGIONS)}]
SHARE = {"accounts": [users.CONSUMER], "snapshots": True}
PLACES = [(owner, region) for owner in (ACCOUNT_ID, OTHER) for region in account.REGIONS]
Scene = Mapping[tuple[str, str], str]


@pytest.fixture
def old(cli: Any, write: Any, sandbox: Sandbox) -> Scene:
    """Bake two versions, and return the images of the older one by account and region."""
    sandbox.pending_s = 0.0
    iam = sandbox.client("iam", account=OTHER)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=account.trust({"AWS": "*"}))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    for version in ("1.0", "2.0"):
        ran = cli("bake", write(version=version, copies=COPIES, share=SHARE), "--yes")
        assert ran.code == 0, ran.err
    return {
        (owner, region): image["ImageId"]
        for owner, region, image in images(sandbox)
        if image["Name"] == "web-base-1.0"
    }


def images(sandbox: Sandbox) -> Iterator[tuple[str, str, Any]]:
    for owner, region in PLACES:
        ec2 = sandbox.client("ec2", region, account=owner)
        for image in ec2.describe_images(
            Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
        )["Images"]:
            yield owner, region, image


def states(sandbox: Sandbox, old: Scene) -> set[tuple[str, str]]:
    """Return what the images of the older version are, by EC2 and by their tags."""
    return {
        (image["State"], tags.from_aws(image["Tags"])[tags.STATUS])
        for _, _, image in images(sandbox)
        if image["ImageId"] in old.values()
    }


READS = {"AssumeRole", "CreateImageUsageReport", "DecodeAuthorizationMessage"}
UNREADABLE = (
    "ec2:DescribeImageReferences", "ec2:DescribeInstances", "ec2:DescribeLockedSnapshots",
    "ec2:DescribeLaunchTemplateVersions", "autoscaling:DescribeAutoScalingGroups",
)  # fmt: skip


def test_a_release_goes_in_every_account_or_in_none(
    cli: Any, sandbox: Sandbox, old: Scene, mutating: Any
) -> None:
    retire = ("retire", "web-base", "1.0", "--now", "--launched-within", "0d", "--yes")
    assert [*old] == PLACES
    theirs = sandbox.client("ec2", "eu-west-1", account=OTHER)
    away = sandbox.client("ec2", "us-east-1", account=OTHER)
    copy = old[OTHER, "eu-west-1"]

    def refused(code: int, *reasons: str) -> None:
        before = len(mutating())
        ran = cli(*retire)
        assert ran.code == code, ran.err
        for reason in reasons:
            assert reason in ran.err, ran.err
        assert {*mutating()[before:]} <= READS
        assert states(sandbox, old) == {("available", "approved")}

    instance = account.launch(theirs, copy)
    child = away.copy_image(SourceImageId=copy, SourceRegion="eu-west-1", Name="theirs")["ImageId"]
    (described,) = theirs.describe_images(ImageIds=[copy])["Images"]
    snapshot = described["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    twin = theirs.register_image(
        Name="twin", RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]  # fmt: skip
    theirs.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1)
    refused(
        4,
        f"{copy} is used by instance {instance} in {OTHER}/eu-west-1",
        f"{copy} is used by descendant-image {child} (theirs) in {OTHER}/us-east-1",
        f"{copy}: its snapshot {snapshot} is also {twin}'s",
        f"{copy}: its snapshot {snapshot} is locked (governance)",
    )
    theirs.terminate_instances(InstanceIds=[instance])
    theirs.unlock_snapshot(SnapshotId=snapshot)
    theirs.deregister_image(ImageId=twin)
    away.deregister_image(ImageId=child, DeleteAssociatedSnapshots=True)

    iam = sandbox.client("iam", account=OTHER)
    denied = {"Effect": "Deny", "Action": [*UNREADABLE], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=ROLE, PolicyName="blind", PolicyDocument=document)
    refused(
        3,
        f"could not check: references in {OTHER}/eu-west-1",
        f"could not check: instances in {OTHER}/us-east-1",
        f"could not check: launch templates in {OTHER}/eu-west-1",
        f"could not check: Auto Scaling groups in {OTHER}/eu-west-1",
        f"could not check: locks of {copy}",
    )
    iam.delete_role_policy(RoleName=ROLE, PolicyName="blind")

    for operation in ("EnableImageDeprecation", "DisableImage", "DeregisterImage"):
        unable = {**denied, "Action": [f"ec2:{operation}"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [unable]})
        iam.put_role_policy(RoleName=ROLE, PolicyName="unable", PolicyDocument=document)
        refused(4, f"in {OTHER}/eu-west-1: {operation}: UnauthorizedOperation")
    iam.delete_role_policy(RoleName=ROLE, PolicyName="unable")

    assert cli(*retire).code == 0
    assert [image["Name"] for _, _, image in images(sandbox)] == ["web-base-2.0"] * 4
    for owner, region in PLACES:
        ec2 = sandbox.client("ec2", region, account=owner)
        snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        assert {tags.from_aws(each["Tags"])[tags.VERSION] for each in snapshots} == {"2.0"}
    below = sandbox.client("ssm").get_parameters_by_path(
        Path="/goldenami/manifest/web-base", Recursive=True
    )["Parameters"]
    (kept,) = [
        read for each in below if (read := manifest.read(each["Value"])) and read.version == "1.0"
    ]
    assert [change.status for change in kept.life or ()] == ["deprecated", "disabled", "retired"]
    assert {placed.image_id: placed.shared_with for placed in kept.images} == {
        image: (users.CONSUMER, OTHER) if owner == ACCOUNT_ID else ()
        for (owner, _), image in old.items()
    }
