"""Volumes and their keys: what `goldenami bake` refuses before anything starts, and bakes."""

from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

UBUNTU = {
    "filter": {
        "name": "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-*",
        "owners": ["099720109477"],
        "architecture": "x86_64",
    }
}
SHARED = {"accounts": ["111122223333"]}
HOME = "us-east-1"


@pytest.fixture
def ec2(sandbox: Sandbox) -> Any:
    sandbox.pending_s = 0
    return sandbox.client("ec2", HOME)


@pytest.fixture
def key(sandbox: Sandbox) -> str:
    """A key of the account's own."""
    return str(sandbox.client("kms", HOME).create_key()["KeyMetadata"]["Arn"])


def snapshot(ec2: Any, size_gib: int, **parameters: Any) -> str:
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=size_gib, **parameters)
    made = ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"]
    ec2.delete_volume(VolumeId=volume["VolumeId"])
    return str(made)


def base_image(ec2: Any, **devices: dict[str, Any]) -> str:
    """Make an image of the account's own, of Amazon's with these devices."""
    public = ec2.describe_images(Owners=["amazon"])["Images"][0]
    mappings = [{"DeviceName": f"/dev/{name}", "Ebs": ebs} for name, ebs in devices.items()]
    launched = ec2.run_instances(
        ImageId=public["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1,
        BlockDeviceMappings=mappings,
    )["Instances"][0]["InstanceId"]  # fmt: skip
    image_id = ec2.create_image(InstanceId=launched, Name="base-os")["ImageId"]
    ec2.terminate_instances(InstanceIds=[launched])
    return str(image_id)


def test_what_is_wrong_with_volumes_is_in_one_list_before_anything_starts(
    cli: Any, write: Any, ec2: Any, mutating: Any
) -> None:
    small = snapshot(ec2, 20)
    before = mutating()
    release = write(
        base__source=UBUNTU,
        base__volumes=[
            {"device": "/dev/xvda", "size_gib": 30},
            {"device": "/dev/sdf", "size_gib": 10, "snapshot": small},
            {"device": "/dev/sdg", "snapshot": "snap-0123456789abcdef0"},
            {"device": "/dev/sdh", "snapshot": small, "type": "st1"},
            {"device": "/dev/sdi", "snapshot": small, "type": "io1", "iops": 2_000},
        ],
        base__subnet="subnet-0123456789abcdef0",
    )
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    for told in (
        "base.volumes[0].device: ami-",
        " has its root at /dev/sda1, and /dev/xvda would be one more volume beside it: "
        "write `device: /dev/sda1`",
        f"base.volumes[1].size_gib: 10 GiB are less than its snapshot {small} has: at least 20",
        "base.volumes[2].snapshot: there is no snap-0123456789abcdef0 here",
        "base.volumes[3].size_gib: st1 has 125 to 16,384 GiB, not 20, as its snapshot has",
        "base.volumes[4].iops: io1 has at most 50 IOPS per GiB: 1,000 at this size",
        "subnet-0123456789abcdef0",
    ):
        assert told in ran.err
    assert mutating() == before


@pytest.mark.parametrize(
    ("volume", "told"),
    [
        ({"device": "/dev/sda1", "size_gib": 4}, "[0].size_gib: 4 GiB are less than its snapshot"),
        (
            {"device": "/dev/sda1", "size_gib": 125, "type": "st1"},
            "[0].type: st1 cannot be a root volume, and /dev/sda1 is the root",
        ),
        (
            {"device": "/dev/sda1", "snapshot": "snap-0123456789abcdef0"},
            "[0].snapshot: /dev/sda1 is the root, which is made of ami-",
        ),
        (
            {"device": "/dev/sdf", "size_gib": 8},
            "encryption is asked for, and the root /dev/sda1 of ami-",
        ),
    ],
    ids=["too small", "a hard disk", "another snapshot", "unencrypted beside an encrypted one"],
)
@pytest.mark.usefixtures("sandbox")
def test_a_root_that_is_not_what_the_file_means_is_refused(
    cli: Any, write: Any, volume: dict[str, Any], told: str
) -> None:
    ran = cli("bake", write(base__source=UBUNTU, base__volumes=[volume]), "--plan")
    assert ran.code == 1
    assert told in ran.err


def test_a_root_that_is_encrypted_anyway_need_not_be_named(cli: Any, write: Any, ec2: Any) -> None:
    extra = [{"device": "/dev/sdf", "size_gib": 8}]
    release = write(base__source=UBUNTU, base__volumes=extra, regions=[HOME])
    ec2.enable_ebs_encryption_by_default()
    assert cli("bake", release, "--plan").code == 0
    with_root = [*extra, {"device": "/dev/sda1", "size_gib": 8, "encrypted": False}]
    ec2.disable_ebs_encryption_by_default()
    named = write("named.yaml", base__source=UBUNTU, base__volumes=with_root, regions=[HOME])
    assert cli("bake", named, "--plan").code == 0


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("GetEbsEncryptionByDefault", "looking at the encryption by default in us-east-1"),
        ("DescribeSnapshots", "looking at the snapshots of the volumes in us-east-1"),
    ],
)
def test_what_decides_of_a_root_and_cannot_be_read_stops_the_bake(
    cli: Any, write: Any, sandbox: Sandbox, operation: str, told: str
) -> None:
    release = write(base__source=UBUNTU, base__volumes=[{"device": "/dev/sdf", "size_gib": 8}])
    sandbox.fail(Fault(service="ec2", operation=operation, code="UnauthorizedOperation"))
    ran = cli("bake", release, "--plan")
    assert ran.code == 1
    assert told in ran.err


def test_volumes_are_baked_as_the_file_says_and_none_is_left(
    cli: Any, write: Any, ec2: Any, own_images: Any, sandbox: Sandbox, managed: str
) -> None:
    release = write(
        regions=[HOME],
        base__instance_profile=managed,
        base__volumes=[
            {"device": "/dev/xvda", "size_gib": 20, "iops": 5_000, "throughput": 300},
            {"device": "/dev/sdf", "snapshot": snapshot(ec2, 20), "delete_on_termination": False},
        ],
        test={"steps": [{"run": "true"}]},
    )
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    (image,) = own_images(HOME)
    devices = {one["DeviceName"]: one["Ebs"] for one in image["BlockDeviceMappings"]}
    assert {
        name: (ebs["VolumeSize"], ebs["Encrypted"], ebs["DeleteOnTermination"])
        for name, ebs in devices.items()
    } == {"/dev/xvda": (20, True, True), "/dev/sdf": (20, True, False)}
    launches = [call for call in sandbox.calls if call.operation == "RunInstances"]
    ebs = launches[-2].parameters["BlockDeviceMappings"][0]["Ebs"]
    assert (ebs["Iops"], ebs["Throughput"]) == (5_000, 300)
    assert ec2.describe_volumes()["Volumes"] == []


class TestSharing:
    def planned(self, cli: Any, write: Any, source: str, **changes: Any) -> Any:
        release = write(base__source={"ami": source}, share=SHARED, **changes)
        return cli("bake", release, "--plan")

    def test_an_image_on_a_base_with_a_key_of_the_account_s_own_can_be_shared(
        self, cli: Any, write: Any, ec2: Any, key: str, own_images: Any
    ) -> None:
        source = base_image(ec2, xvda={"Encrypted": True, "KmsKeyId": key})
        release = write(base__source={"ami": source}, share=SHARED, regions=[HOME])
        ran = cli("bake", release, "--yes")
        assert ran.code == 0, ran.err
        baked = next(one for one in own_images(HOME) if one["ImageId"] != source)
        (device,) = baked["BlockDeviceMappings"]
        (there,) = ec2.describe_snapshots(SnapshotIds=[device["Ebs"]["SnapshotId"]])["Snapshots"]
        assert there["KmsKeyId"] == key

    def test_a_copy_of_it_needs_a_key_of_its_region(
        self, cli: Any, write: Any, ec2: Any, key: str, sandbox: Sandbox
    ) -> None:
        source = base_image(ec2, xvda={"Encrypted": True, "KmsKeyId": key})
        refused = self.planned(cli, write, source)
        assert refused.code == 1
        assert "/dev/xvda would be encrypted in eu-west-1 with AWS's own key" in refused.err
        assert "name a key of the account by `distribute.eu-west-1.kms_key`" in refused.err
        away = sandbox.client("kms", "eu-west-1").create_key()["KeyMetadata"]["KeyId"]
        named = {"eu-west-1": {"kms_key": away}}
        assert self.planned(cli, write, source, distribute=named).code == 0
        sandbox.client("ec2", "eu-west-1").modify_ebs_default_kms_key_id(KmsKeyId=away)
        assert self.planned(cli, write, source).code == 0

    def test_one_device_with_a_key_of_aws_is_enough_to_refuse(
        self, cli: Any, write: Any, ec2: Any, key: str
    ) -> None:
        source = base_image(
            ec2, xvda={"Encrypted": True, "KmsKeyId": key},
            sdf={"VolumeSize": 1, "Encrypted": True}, sdg={"VolumeSize": 1},
        )  # fmt: skip
        refused = self.planned(cli, write, source, regions=[HOME])
        assert refused.code == 1
        assert "is AWS's own: what it encrypts cannot be shared" in refused.err
        assert f"the image's /dev/sdf would be encrypted in {HOME} with a key that" in refused.err
        volume = {"device": "/dev/sdf", "size_gib": 1, "kms_key": key}
        allowed = self.planned(cli, write, source, regions=[HOME], base__volumes=[volume])
        assert allowed.code == 0, allowed.err
        assert f"/dev/sdg: not encrypted in {HOME}, and so can be shared" in allowed.out

    def test_a_key_that_cannot_be_read_is_told_as_unknown(
        self, cli: Any, write: Any, ec2: Any, key: str, sandbox: Sandbox
    ) -> None:
        source = base_image(ec2, xvda={"Encrypted": True, "KmsKeyId": key})
        denied = Fault(
            service="kms", operation="DescribeKey", code="AccessDeniedException", status=400
        )
        with sandbox.fail(denied):
            ran = self.planned(cli, write, source, regions=[HOME])
        assert ran.code == 0, ran.err
        assert f"? whether KMS key {key} in {HOME} can be used is not known" in ran.out
        unread = Fault(
            service="ec2", operation="GetEbsDefaultKmsKeyId", code="UnauthorizedOperation"
        )
        with sandbox.fail(unread):
            ran = self.planned(
                cli, write, source, regions=[HOME],
                base__volumes=[{"device": "/dev/sdf", "size_gib": 1}],
            )  # fmt: skip
        assert ran.code == 0, ran.err
        assert "? the image's /dev/sdf: whether it can be shared is not known" in ran.out

    def test_an_instance_of_one_s_own_is_judged_by_its_volumes(
        self, cli: Any, write: Any, ec2: Any, key: str
    ) -> None:
        public = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

        def run(**ebs: Any) -> str:
            mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, **ebs}}]
            launched = ec2.run_instances(
                ImageId=public, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                BlockDeviceMappings=mapping,
            )  # fmt: skip
            return str(launched["Instances"][0]["InstanceId"])

        release = write(share=SHARED, regions=[HOME])
        assert cli("bake", release, "--instance", run(KmsKeyId=key), "--plan").code == 0
        refused = cli("bake", release, "--instance", run(), "--plan")
        assert refused.code == 1
        assert "is AWS's own: what it encrypts cannot be shared" in refused.err
