"""`goldenami bake --method packer` with the real Packer against the embedded AWS."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.server import Sandbox

FAST = {"iops": 3_000, "throughput": 200, "delete_on_termination": False}


@pytest.fixture
def _real_packer() -> None:
    if shutil.which("packer") is None:
        if os.environ.get("CI"):
            pytest.fail("no packer on PATH, and this is CI")
        pytest.skip("no packer on PATH (Debian: apt-get install packer)")


@pytest.mark.usefixtures("_real_packer")
def test_packer_bakes_the_same_release(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any, tmp_path: Path
) -> None:
    ec2 = sandbox.client("ec2", "us-east-1")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=5, VolumeType="gp3")
    snapshot = ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"]
    ec2.delete_volume(VolumeId=volume["VolumeId"])
    release = write(
        bake={"method": "packer", "vars": {"communicator": "none"}},
        base__volumes=[
            {"device": "/dev/xvda", "size_gib": 11, "encrypted": False},
            {"device": "/dev/sdf", "snapshot": snapshot, "encrypted": False, **FAST},
        ],
    )
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        written = tags.from_aws(image["Tags"])
        assert image["Name"] == "web-base-1.0"
        assert written[tags.STATUS] == "approved"
        assert written["Team"] == "platform"
        devices = {one["DeviceName"]: one["Ebs"] for one in image["BlockDeviceMappings"]}
        assert {
            name: (ebs["VolumeSize"], ebs["DeleteOnTermination"]) for name, ebs in devices.items()
        } == {"/dev/xvda": (11, True), "/dev/sdf": (5, False)}
        ssm = sandbox.client("ssm", region)
        assert (
            ssm.get_parameter(Name="/golden-ami/web-base")["Parameter"]["Value"]
            == (image["ImageId"])
        )
    assert living() == []
    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.usefixtures("_real_packer")
def test_packer_bakes_an_image_of_each_architecture(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    bake = {"method": "packer", "vars": {"communicator": "none"}}
    ran = cli("bake", several(bake=bake, regions=["us-east-1"]), "--yes")
    assert ran.code == 0, ran.err
    assert {(one["Name"], one["Architecture"]) for one in own_images("us-east-1")} == {
        (f"web-base-1.0-{name}", name) for name in ("x86_64", "arm64")
    }
    assert living() == []


@pytest.mark.usefixtures("_real_packer")
def test_a_packer_build_that_fails_ends_in_its_own_words_and_leaves_nothing(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any, tmp_path: Path
) -> None:
    template = tmp_path / "broken.pkr.hcl"
    variables = ("region", "source_ami", "ami_name", "manifest_path")
    declared = "".join(f'variable "{name}" {{ default = "" }}\n' for name in variables)
    template.write_text(
        f'{declared}source "amazon-ebs" "golden" {{\n  nonsense = 1\n}}\n'
        'build {\n  sources = ["source.amazon-ebs.golden"]\n}\n'
    )
    release = write(bake={"method": "packer", "template": "broken.pkr.hcl"}, regions=["us-east-1"])
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert "nonsense" in ran.err
    assert own_images("us-east-1") == []
    assert living() == []


@pytest.mark.usefixtures("_real_packer")
def test_what_packer_cannot_do_is_told_before_it_starts(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    sandbox.client("ec2").create_key_pair(KeyName="ssh-key")
    release = write(
        bake={"method": "packer", "vars": {"communicator": "none"}},
        base__key_name="ssh-key",
        validate=[{"run": "true"}],
    )
    before = mutating()
    ran = cli("bake", release, "--instance", "i-0123456789abcdef0", "--yes")
    assert ran.code == 1
    for says in ("--instance goes with create-image", "base.key_name", "communicator: none"):
        assert says in ran.err
    assert mutating() == before


def test_a_missing_packer_is_one_clear_error(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, mutating: Any
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ran = cli("bake", write(), "--method", "packer", "--yes")
    assert ran.code == 1
    assert "apt-get install packer" in ran.err
    assert mutating() == []
