from collections.abc import Callable
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

HOME, AWAY = "us-east-1", "eu-west-1"
Make = Callable[..., str]


def only(ec2: Any, image_id: str) -> Any:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    return image


def tags_of(resource: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


def tagged(kind: str, **tags: str) -> Any:
    return {"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}


class TestCreateImage:
    def test_image_and_snapshots_are_tagged_in_the_same_call(self, ec2: Any, bake: Make) -> None:
        image_id = bake(TagSpecifications=[tagged("image", a="1"), tagged("snapshot", b="2")])
        (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        assert tags_of(only(ec2, image_id)) == {"a": "1"}
        assert tags_of(snapshot) == {"b": "2"}

    def test_other_resources_cannot_be_tagged(self, bake: Make, refused: Any) -> None:
        with refused("InvalidParameterValue", "taggable"):
            bake(TagSpecifications=[tagged("instance", a="1")])

    def test_it_tells_where_it_comes_from(
        self, ec2: Any, launch: Make, bake: Make, source_id: str
    ) -> None:
        instance_id = launch()
        image = only(ec2, bake("web-1", InstanceId=instance_id, Description="a web server"))
        expected = {
            "SourceInstanceId": instance_id,
            "SourceImageId": source_id,
            "SourceImageRegion": HOME,
            "OwnerId": "123456789012",
            "ImageLocation": "123456789012/web-1",
            "Description": "a web server",
            "RootDeviceName": "/dev/xvda",
            "RootDeviceType": "ebs",
            "Architecture": "x86_64",
            "Public": False,
            "State": "available",
        }
        assert image.items() >= expected.items()
        assert "DeprecationTime" not in image

    def test_it_has_one_snapshot_for_each_volume(self, ec2: Any, launch: Make, bake: Make) -> None:
        instance_id = launch(
            BlockDeviceMappings=[
                {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}},
                {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5, "Encrypted": True}},
            ]
        )
        image = only(ec2, bake(InstanceId=instance_id))
        devices = {one["DeviceName"]: one["Ebs"] for one in image["BlockDeviceMappings"]}
        assert {name: ebs["VolumeSize"] for name, ebs in devices.items()} == {
            "/dev/xvda": 20,
            "/dev/sdf": 5,
        }
        assert [ebs["Encrypted"] for ebs in devices.values()] == [False, True]
        snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        assert {one["SnapshotId"] for one in snapshots} == {
            ebs["SnapshotId"] for ebs in devices.values()
        }
        assert {one["VolumeSize"] for one in snapshots} == {20, 5}
        assert all(image["ImageId"] in one["Description"] for one in snapshots)

    def test_device_mappings_change_the_devices(self, ec2: Any, launch: Make, bake: Make) -> None:
        instance_id = launch(
            BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5}}]
        )
        wishes = [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50}},
            {"DeviceName": "/dev/sdf", "NoDevice": ""},
        ]
        image = only(ec2, bake(InstanceId=instance_id, BlockDeviceMappings=wishes))
        (device,) = image["BlockDeviceMappings"]
        assert (device["DeviceName"], device["Ebs"]["VolumeSize"]) == ("/dev/xvda", 50)

    @pytest.mark.parametrize(
        ("no_reboot", "times"),
        [({}, 1), ({"NoReboot": False}, 1), ({"NoReboot": True}, 0)],
        ids=["by default", "if told so", "not if told otherwise"],
    )
    def test_the_instance_is_rebooted(
        self, ec2: Any, launch: Make, bake: Make, no_reboot: dict[str, bool], times: int
    ) -> None:
        instance_id = launch()
        bake(InstanceId=instance_id, **no_reboot)
        (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        assert reservation["Instances"][0]["StateTransitionReason"] == ""
        inside: Any = ec2_backends[ACCOUNT_ID]["us-east-1"].get_instance(instance_id)
        assert inside.reboots == times

    def test_it_is_pending_first(self, sandbox: Sandbox, ec2: Any, bake: Make) -> None:
        bake("quick")
        sandbox.pending_s = 3600
        instance_id = only_instance(ec2)
        image_id = bake("slow", InstanceId=instance_id)
        assert only(ec2, image_id)["State"] == "pending"

    @pytest.mark.parametrize(
        "name",
        ["web", "Web (2026.11) [a]/b-c'd@e_f", "x" * 128],
        ids=["three characters", "every kind of character", "128 characters"],
    )
    def test_a_legal_name_is_taken(self, ec2: Any, bake: Make, name: str) -> None:
        assert only(ec2, bake(name))["Name"] == name

    @pytest.mark.parametrize(
        "name",
        ["x" * 129, "web:1", "wéb-1", "web\n1"],
        ids=["too long", "a colon", "an accent", "a line break"],
    )
    def test_another_name_is_refused(self, bake: Make, refused: Any, name: str) -> None:
        with refused("InvalidAMIName.Malformed"):
            bake(name)

    def test_a_name_is_unique_in_its_region(self, ec2: Any, bake: Make, refused: Any) -> None:
        first = bake("web-1")
        with refused("InvalidAMIName.Duplicate", f"web-1 is already in use by AMI {first}"):
            bake("web-1")
        ec2.deregister_image(ImageId=first)
        assert bake("web-1") != first

    def test_a_dry_run_makes_nothing(self, ec2: Any, bake: Make, refused: Any) -> None:
        with refused("DryRunOperation"):
            bake(DryRun=True)
        assert ec2.describe_images(Owners=["self"])["Images"] == []

    def test_an_unknown_instance_is_refused(self, bake: Make, refused: Any) -> None:
        with refused("InvalidInstanceID.NotFound"):
            bake(InstanceId="i-0123456789abcdef0")

    def test_a_terminated_instance_is_refused(
        self, ec2: Any, launch: Make, bake: Make, refused: Any
    ) -> None:
        instance_id = launch()
        ec2.terminate_instances(InstanceIds=[instance_id])
        with refused("IncorrectState"):
            bake(InstanceId=instance_id)


def only_instance(ec2: Any) -> str:
    (reservation,) = ec2.describe_instances()["Reservations"]
    return str(reservation["Instances"][0]["InstanceId"])


class TestCopyImage:
    @pytest.fixture
    def copy(self, ec2_away: Any, bake: Make) -> Make:
        def copy(image_id: str | None = None, **parameters: Any) -> str:
            asked = {"Name": "web-1", "SourceRegion": HOME} | parameters
            source = image_id or bake()
            return str(ec2_away.copy_image(SourceImageId=source, **asked)["ImageId"])

        return copy

    def test_it_is_in_the_region_of_the_call(
        self, ec2: Any, ec2_away: Any, bake: Make, copy: Make, refused: Any
    ) -> None:
        source = bake()
        copied = copy(source)
        image = only(ec2_away, copied)
        assert (image["SourceImageId"], image["SourceImageRegion"]) == (source, HOME)
        assert "SourceInstanceId" not in image
        assert image["State"] == "available"
        with refused("InvalidAMIID.NotFound"):
            only(ec2, copied)

    def test_tags_come_from_the_request_and_from_the_source_if_asked_for(
        self, ec2_away: Any, bake: Make, copy: Make
    ) -> None:
        source = bake(TagSpecifications=[tagged("image", a="source", b="source")])
        own = [tagged("image", b="own"), tagged("snapshot", c="own")]
        plain = copy(source, Name="plain")
        both = copy(source, CopyImageTags=True, TagSpecifications=own)
        assert tags_of(only(ec2_away, plain)) == {}
        image = only(ec2_away, both)
        assert tags_of(image) == {"a": "source", "b": "own"}
        snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        (snapshot,) = ec2_away.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
        assert tags_of(snapshot) == {"c": "own"}

    def test_the_same_token_gives_the_same_image(
        self, ec2_away: Any, bake: Make, copy: Make, refused: Any
    ) -> None:
        source = bake()
        first = copy(source, ClientToken="t")
        assert copy(source, ClientToken="t") == first
        assert len(ec2_away.describe_images(Owners=["self"])["Images"]) == 1
        with refused("IdempotentParameterMismatch"):
            copy(source, ClientToken="t", Name="web-2")

    def test_a_name_is_unique_in_the_destination(
        self, bake: Make, copy: Make, refused: Any
    ) -> None:
        source = bake()
        copy(source)
        with refused("InvalidAMIName.Duplicate"):
            copy(source)

    def test_permissions_deprecation_and_protection_stay_behind(
        self, ec2: Any, ec2_away: Any, bake: Make, copy: Make
    ) -> None:
        source = bake()
        ec2.modify_image_attribute(
            ImageId=source, LaunchPermission={"Add": [{"UserId": "111122223333"}]}
        )
        ec2.enable_image_deprecation(ImageId=source, DeprecateAt="2030-01-01T00:00:00Z")
        ec2.enable_image_deregistration_protection(ImageId=source)
        copied = copy(source)
        answer = ec2_away.describe_image_attribute(ImageId=copied, Attribute="launchPermission")
        assert answer["LaunchPermissions"] == []
        assert "DeprecationTime" not in only(ec2_away, copied)
        ec2_away.deregister_image(ImageId=copied)

    def test_it_is_encrypted_with_the_key_of_its_region(
        self, sandbox: Sandbox, ec2_away: Any, copy: Make
    ) -> None:
        kms = sandbox.client("kms", AWAY)
        key = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/golden", TargetKeyId=key["KeyId"])
        image = only(ec2_away, copy(Encrypted=True, KmsKeyId="alias/golden"))
        ebs = image["BlockDeviceMappings"][0]["Ebs"]
        (snapshot,) = ec2_away.describe_snapshots(SnapshotIds=[ebs["SnapshotId"]])["Snapshots"]
        assert ebs["Encrypted"]
        assert (snapshot["Encrypted"], snapshot["KmsKeyId"]) == (True, key["Arn"])

    @pytest.mark.parametrize(
        "key",
        ["alias/nowhere", f"arn:aws:kms:{HOME}:123456789012:key/1234abcd-12ab-34cd-56ef-12345678"],
        ids=["an unknown alias", "a key of another region"],
    )
    def test_a_key_that_is_not_there_fails_the_image_later(
        self, sandbox: Sandbox, ec2_away: Any, bake: Make, copy: Make, key: str
    ) -> None:
        source = bake()
        failed = copy(source, Encrypted=True, KmsKeyId=key)
        sandbox.pending_s = 3600
        pending = copy(source, Name="web-2", Encrypted=True, KmsKeyId=key)
        assert only(ec2_away, pending)["State"] == "pending"
        image = only(ec2_away, failed)
        assert image["State"] == "failed"
        assert "key ID is not accessible" in image["StateReason"]["Message"]

    def test_a_key_without_encryption_is_refused(self, copy: Make, refused: Any) -> None:
        with refused("InvalidParameterDependency"):
            copy(KmsKeyId="alias/golden")

    def test_a_pending_source_is_refused(
        self, sandbox: Sandbox, ec2: Any, launch: Make, bake: Make, copy: Make, refused: Any
    ) -> None:
        instance_id = launch()
        sandbox.pending_s = 3600
        source = bake(InstanceId=instance_id)
        with refused("InvalidAMIID.Unavailable"):
            copy(source)

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            ({"SourceImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
            ({"SourceRegion": "eu-nowhere-1"}, "InvalidParameterValue"),
        ],
        ids=["an unknown image", "an unknown region"],
    )
    def test_a_source_that_is_nowhere_is_refused(
        self, ec2_away: Any, bake: Make, refused: Any, wish: dict[str, str], code: str
    ) -> None:
        asked = {"Name": "web-1", "SourceRegion": HOME, "SourceImageId": bake()} | wish
        with refused(code):
            ec2_away.copy_image(**asked)

    def test_a_dry_run_copies_nothing(self, ec2_away: Any, copy: Make, refused: Any) -> None:
        with refused("DryRunOperation"):
            copy(DryRun=True, ClientToken="t")
        assert ec2_away.describe_images(Owners=["self"])["Images"] == []


def test_register_image_makes_an_image_of_a_snapshot(ec2: Any, bake: Make) -> None:
    mapping = only(ec2, bake())["BlockDeviceMappings"][0]
    image_id = ec2.register_image(
        Name="registered",
        Architecture="x86_64",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": mapping["Ebs"]["SnapshotId"]}}
        ],
        TagSpecifications=[tagged("image", a="1")],
    )["ImageId"]
    image = only(ec2, image_id)
    assert image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == mapping["Ebs"]["SnapshotId"]
    assert tags_of(image) == {"a": "1"}


@pytest.mark.parametrize(
    ("ebs", "size_gib", "code"),
    [
        ({}, 50, ""), ({"VolumeSize": 60}, 60, ""),
        ({"VolumeSize": 49}, 0, "InvalidBlockDeviceMapping"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, 0, "InvalidSnapshot.NotFound"),
    ],
)  # fmt: skip
def test_a_registered_device_is_as_its_snapshot(
    ec2: Any, refused: Any, ebs: dict[str, Any], size_gib: int, code: str
) -> None:
    volume = ec2.create_volume(AvailabilityZone=f"{HOME}a", Size=50, Encrypted=True)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    mapping = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, **ebs}}
    registering = {
        "Name": "registered", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [mapping],
    }  # fmt: skip
    if code:
        with refused(code):
            ec2.register_image(**registering)
        return
    (device,) = only(ec2, ec2.register_image(**registering)["ImageId"])["BlockDeviceMappings"]
    assert (device["Ebs"]["VolumeSize"], device["Ebs"]["Encrypted"]) == (size_gib, True)
