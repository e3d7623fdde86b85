"""Volumes as EBS makes and refuses them: at a launch, in a dry run of it, and by themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
ZONE = "us-east-1a"
ROOT = "/dev/xvda"
REFUSED = [
    ({"VolumeSize": 1, "VolumeType": "gp9"}, "InvalidParameterValue", "gp9"),
    ({"VolumeSize": 65_537, "VolumeType": "gp3"}, "InvalidParameterValue", "maximum is 65536"),
    ({"VolumeSize": 16_385}, "InvalidParameterValue", "for volume type gp2; maximum is 16384"),
    ({"VolumeSize": 124, "VolumeType": "st1"}, "InvalidParameterValue", "minimum is 125"),
    ({"VolumeSize": 124, "VolumeType": "sc1"}, "InvalidParameterValue", "minimum is 125"),
    ({"VolumeSize": 3, "VolumeType": "io1", "Iops": 100}, "InvalidParameterValue", "minimum is 4"),
    ({"VolumeSize": 1_025, "VolumeType": "standard"}, "InvalidParameterValue", "maximum is 1024"),
    (
        {"VolumeSize": 8, "VolumeType": "io1"},
        "InvalidParameterCombination",
        "The parameter iops must be specified for io1 volumes.",
    ),
    (
        {"VolumeSize": 8, "VolumeType": "io2"},
        "InvalidParameterCombination",
        "The parameter iops must be specified for io2 volumes.",
    ),
    (
        {"VolumeSize": 8, "Iops": 300},
        "InvalidParameterCombination",
        "The parameter iops is not supported for gp2 volumes.",
    ),
    ({"VolumeSize": 8, "VolumeType": "gp3", "Iops": 100}, "InvalidParameterValue", "3000"),
    ({"VolumeSize": 8, "VolumeType": "io2", "Iops": 256_001}, "InvalidParameterValue", "256000"),
    (
        {"VolumeSize": 20, "VolumeType": "gp3", "Iops": 15_000},
        "InvalidParameterValue",
        "Iops to volume size ratio of 750.000000 is too high; maximum is 500",
    ),
    ({"VolumeSize": 8, "VolumeType": "io1", "Iops": 401}, "InvalidParameterValue", "maximum is 50"),
    (
        {"VolumeSize": 8, "VolumeType": "io2", "Iops": 400, "Throughput": 125},
        "InvalidParameterCombination",
        "throughput",
    ),
    ({"VolumeSize": 8, "VolumeType": "gp3", "Throughput": 124}, "InvalidParameterValue", "125"),
    (
        {"VolumeSize": 8, "VolumeType": "gp3", "Throughput": 1_000},
        "InvalidParameterValue",
        "maximum is 0.250000 MiBps per iops",
    ),
    (
        {"SnapshotId": "snap-0123456789abcdef0"},
        "InvalidSnapshot.NotFound",
        "snap-0123456789abcdef0",
    ),
]


def devices(*mappings: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"DeviceName": name, "Ebs": ebs} for name, ebs in mappings]


def as_volume(ebs: dict[str, Any]) -> dict[str, Any]:
    return {{"VolumeSize": "Size"}.get(name, name): value for name, value in ebs.items()}


def volumes(ec2: Any, instance_id: str) -> dict[str, Any]:
    wish = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
    told = ec2.describe_volumes(Filters=wish)["Volumes"]
    return {one["Attachments"][0]["Device"]: one for one in told}


def snapshot_of(ec2: Any, **parameters: Any) -> str:
    volume = ec2.create_volume(AvailabilityZone=ZONE, **{"Size": 20} | parameters)
    return str(ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"])


@pytest.mark.parametrize(("ebs", "code", "says"), REFUSED)
def test_what_ebs_does_not_make_is_refused_and_leaves_nothing(
    ec2: Any, launch: Make, refused: Any, ebs: dict[str, Any], code: str, says: str
) -> None:
    wish = devices(("/dev/sdf", ebs))
    for dry_run in (True, False):
        with refused(code, says):
            launch(BlockDeviceMappings=wish, DryRun=dry_run)
    with refused(code, says):
        ec2.create_volume(AvailabilityZone=ZONE, **as_volume(ebs))
    assert ec2.describe_instances()["Reservations"] == []
    assert ec2.describe_volumes()["Volumes"] == []


def test_what_ebs_makes_is_there_with_its_iops(ec2: Any, launch: Make) -> None:
    wishes = {
        "/dev/sdf": {"VolumeSize": 200, "VolumeType": "gp3", "Iops": 80_000, "Throughput": 2_000},
        "/dev/sdg": {"VolumeSize": 4, "VolumeType": "io2", "Iops": 4_000},
        "/dev/sdh": {"VolumeSize": 125, "VolumeType": "st1"},
        "/dev/sdi": {"VolumeSize": 1, "VolumeType": "gp3", "Iops": 3_000},
    }
    there = volumes(ec2, launch(BlockDeviceMappings=devices(*wishes.items())))
    for name, ebs in wishes.items():
        assert there[name].items() >= as_volume(ebs).items()
        assert ec2.create_volume(AvailabilityZone=ZONE, **as_volume(ebs))["VolumeId"]
    assert (there[ROOT]["VolumeType"], there[ROOT]["Iops"]) == ("gp3", 3_000)


def test_a_volume_is_at_least_as_large_as_its_snapshot(
    ec2: Any, launch: Make, bake: Make, refused: Any
) -> None:
    snapshot_id = snapshot_of(ec2)
    small = (
        {"BlockDeviceMappings": devices((ROOT, {"VolumeSize": 7}))},
        {
            "BlockDeviceMappings": devices(
                ("/dev/sdf", {"SnapshotId": snapshot_id, "VolumeSize": 19})
            )
        },
    )
    for parameters, least in zip(small, (8, 20), strict=True):
        with refused("InvalidBlockDeviceMapping", f"expect size >= {least}GB"):
            launch(DryRun=True, **parameters)
    with refused("InvalidBlockDeviceMapping"):
        ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot_id, Size=19)
    with refused("MissingParameter"):
        ec2.create_volume(AvailabilityZone=ZONE)
    there = volumes(
        ec2, launch(BlockDeviceMappings=devices(("/dev/sdf", {"SnapshotId": snapshot_id})))
    )
    assert (there["/dev/sdf"]["Size"], there["/dev/sdf"]["SnapshotId"]) == (20, snapshot_id)
    with refused("InvalidBlockDeviceMapping", "expect size >= 8GB"):
        bake(BlockDeviceMappings=devices((ROOT, {"VolumeSize": 1})))


def test_a_root_is_no_hard_disk_and_keeps_its_snapshot(
    ec2: Any, launch: Make, refused: Any
) -> None:
    for kind in ("st1", "sc1"):
        with refused("InvalidParameterValue", "root device"):
            launch(BlockDeviceMappings=devices((ROOT, {"VolumeSize": 125, "VolumeType": kind})))
    with refused("InvalidBlockDeviceMapping", "snapshotId cannot be modified on root device"):
        launch(BlockDeviceMappings=devices((ROOT, {"SnapshotId": snapshot_of(ec2)})))


def test_a_snapshot_of_somebody_else_is_none_but_for_the_image_s_own(
    ec2: Any, sandbox: Sandbox, launch: Make, source_id: str, refused: Any
) -> None:
    (image,) = ec2.describe_images(ImageIds=[source_id])["Images"]
    own = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert launch(BlockDeviceMappings=devices((ROOT, {"SnapshotId": own, "VolumeSize": 9})))
    (other,) = (
        one["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        for one in ec2.describe_images(Owners=["amazon"])["Images"][:2]
        if one["ImageId"] != source_id
    )
    with refused("InvalidSnapshot.NotFound"):
        launch(BlockDeviceMappings=devices(("/dev/sdf", {"SnapshotId": other})))


def test_an_instance_store_is_no_volume(ec2: Any, launch: Make) -> None:
    wish = [{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}]
    instance_id = launch(BlockDeviceMappings=wish)
    assert set(volumes(ec2, instance_id)) == {ROOT}
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1", BlockDeviceMappings=wish)
    (image,) = ec2.describe_images(ImageIds=[image_id["ImageId"]])["Images"]
    assert [one["DeviceName"] for one in image["BlockDeviceMappings"]] == [ROOT]


class TestEncryption:
    def test_by_default_everything_is_encrypted_with_the_default_key(
        self, sandbox: Sandbox, ec2: Any, launch: Make, bake: Make, refused: Any
    ) -> None:
        own = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
        ec2.enable_ebs_encryption_by_default()
        before = launch(BlockDeviceMappings=devices(("/dev/sdf", {"VolumeSize": 1})))
        assert all(one["Encrypted"] for one in volumes(ec2, before).values())
        image_id = bake(InstanceId=before)
        with refused("InvalidParameter", "AWS Managed CMK"):
            ec2.modify_image_attribute(
                ImageId=image_id, LaunchPermission={"Add": [{"UserId": "111122223333"}]}
            )
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=own)
        assert volumes(ec2, launch())[ROOT]["KmsKeyId"] == own
        made = ec2.create_volume(AvailabilityZone=ZONE, Size=1)
        assert (made["Encrypted"], made["KmsKeyId"]) == (True, own)

    def test_a_volume_keeps_the_key_of_the_account_s_own_snapshot(
        self, sandbox: Sandbox, ec2: Any, launch: Make
    ) -> None:
        own = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
        snapshot_id = snapshot_of(ec2, Encrypted=True, KmsKeyId=own)
        wish = devices(("/dev/sdf", {"SnapshotId": snapshot_id}))
        assert volumes(ec2, launch(BlockDeviceMappings=wish))["/dev/sdf"]["KmsKeyId"] == own
        made = ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot_id)
        assert (made["Encrypted"], made["KmsKeyId"]) == (True, own)

    def test_a_copy_leaves_what_is_not_encrypted_as_it_is(
        self, ec2: Any, ec2_away: Any, bake: Make, launch: Make
    ) -> None:
        wish = devices(("/dev/sdf", {"VolumeSize": 1, "Encrypted": True}))
        image_id = bake(InstanceId=launch(BlockDeviceMappings=wish))
        for name, further, encrypted in (("a", {}, False), ("b", {"Encrypted": True}, True)):
            copy = ec2_away.copy_image(
                Name=f"web-{name}", SourceImageId=image_id, SourceRegion="us-east-1", **further
            )
            (image,) = ec2_away.describe_images(ImageIds=[copy["ImageId"]])["Images"]
            there = {
                one["DeviceName"]: one["Ebs"]["Encrypted"] for one in image["BlockDeviceMappings"]
            }
            assert there == {ROOT: encrypted, "/dev/sdf": True}


def test_a_launch_without_any_network_is_refused_even_in_a_dry_run(
    ec2: Any, launch: Make, refused: Any
) -> None:
    subnets = ec2.describe_subnets()["Subnets"]
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for dry_run in (True, False):
        with refused("MissingInput", "No subnets found for the default VPC"):
            launch(DryRun=dry_run)
    ec2.delete_vpc(VpcId=subnets[0]["VpcId"])
    for dry_run in (True, False):
        with refused("VPCIdNotSpecified", "No default VPC"):
            launch(DryRun=dry_run)


def test_a_description_is_ascii_wherever_an_image_gets_one(
    ec2: Any, ec2_away: Any, bake: Make, refused: Any
) -> None:
    image_id, text = bake(), "Web base — gehärtet"
    says = "Character sets beyond ASCII are not supported"
    with refused("InvalidParameterValue", says):
        bake("web-2", Description=text)
    with refused("InvalidParameterValue", says):
        ec2_away.copy_image(
            Name="web-2", SourceImageId=image_id, SourceRegion="us-east-1", Description=text
        )
    with refused("InvalidParameterValue", says):
        ec2.register_image(Name="web-2", Description=text)
    with refused("InvalidParameterValue", says):
        ec2.modify_image_attribute(ImageId=image_id, Description={"Value": text})


def test_a_device_stands_once_in_a_launch(launch: Any, refused: Any) -> None:
    disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}
    with refused("InvalidBlockDeviceMapping", "'/dev/sdf' is used in more than one"):
        launch(BlockDeviceMappings=[disk, disk])


def test_a_registered_image_and_a_changed_volume_are_what_ebs_makes(
    ec2: Any, bake: Any, refused: Any
) -> None:
    snapshot = ec2.describe_images(ImageIds=[bake()])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]

    def register(**ebs: Any) -> Any:
        root = {"DeviceName": "/dev/xvda", "Ebs": ebs}
        named = {"Name": "registered", "RootDeviceName": "/dev/xvda"}
        image_id = ec2.register_image(**named, BlockDeviceMappings=[root])["ImageId"]
        (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
        return image["BlockDeviceMappings"][0]["Ebs"]

    with refused("InvalidBlockDeviceMapping", "Volume of size 7GB is smaller than snapshot"):
        register(SnapshotId=snapshot["SnapshotId"], VolumeSize=7)
    with refused("InvalidSnapshot.NotFound"):
        register(SnapshotId="snap-0123456789abcdef0")
    with refused("MissingParameter", "size or snapshotId"):
        register(VolumeType="gp3")
    assert register(SnapshotId=snapshot["SnapshotId"])["VolumeSize"] == 8

    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, VolumeType="io1", Iops=100)
    change = {"VolumeId": volume["VolumeId"]}
    with refused("InvalidParameterValue", "New size cannot be smaller than existing size"):
        ec2.modify_volume(**change, Size=7)
    with refused("InvalidParameterValue", "is too high"):
        ec2.modify_volume(**change, Iops=5_000)
    assert ec2.modify_volume(**change, Size=9)["VolumeModification"]["TargetSize"] == 9
