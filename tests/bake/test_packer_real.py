"""Packer itself, on the shipped templates and against the embedded AWS."""

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from goldenami.bake.launch import packer_variables
from goldenami.bake.packer import PERMISSIONS, PackerBuild, PackerRun
from goldenami.bake.packer_cli import Packer, find_packer
from goldenami.bake.packer_output import PackerEvent, declared_variables
from goldenami.bake.packer_template import place_template, write_private
from goldenami.bake.variable_file import Variables
from goldenami.bake.volumes import block_device
from goldenami.errors import BakeError, InterruptedRunError
from goldenami.spec.model import Base, BaseSource, BaseVolume
from goldenami_sandbox.server import Sandbox

REGION = "us-east-1"
HOSTILE = 'it\'s "x", ${path.root} %{if true}\n}\\'


@pytest.fixture(scope="module")
def packer() -> Packer:
    if shutil.which("packer") is None and "CI" not in os.environ:
        pytest.skip("packer is not installed")
    return find_packer()


def run_packer(
    packer: Packer,
    request: PackerBuild,
    sandbox: Sandbox,
    *,
    events: list[PackerEvent] | None = None,
) -> str:
    heard: list[PackerEvent] = [] if events is None else events
    environment = sandbox.environment(REGION, os.environ)
    (image,) = PackerRun(packer, environment, heard.append).build(request)
    return image.image_id


@pytest.fixture
def request_(sandbox: Sandbox) -> PackerBuild:
    """A build on the embedded AWS, whose instances nobody can connect to."""
    sandbox.pending_s = 0
    ec2 = sandbox.client("ec2", REGION)
    base = Base(
        source=BaseSource(ami="ami-03cf127a"),
        subnet=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        volumes=(BaseVolume(device="/dev/xvda", size_gib=12),),
    )
    image_tags, run_tags = {"Name": "Golden, AMI", "note": HOSTILE}, {"Name": "web base"}
    return PackerBuild(
        values={
            "region": REGION,
            "source_ami": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
            "ami_name": "web-base-2026.11.23",
            "tags": image_tags,
            "snapshot_tags": image_tags,
            "run_tags": run_tags,
            "run_volume_tags": run_tags,
            **packer_variables(base),
            "endpoint_url": sandbox.endpoint_url,
        },
        user_data=b"#!/bin/sh\necho '{{.Names}}'\n",
        variables={"communicator": "none"},
    )


def instance_states(sandbox: Sandbox) -> list[str]:
    reservations = sandbox.client("ec2", REGION).describe_instances()["Reservations"]
    return [i["State"]["Name"] for r in reservations for i in r["Instances"]]


VOLUMES = (
    BaseVolume(device="/dev/xvda", size_gib=30, kms_key="alias/golden"),
    BaseVolume(
        device="/dev/sdf", size_gib=30, type="gp2", encrypted=False, delete_on_termination=False
    ),
    BaseVolume(device="/dev/sdg", size_gib=30, type="standard"),
    BaseVolume(device="/dev/sdh", size_gib=30, type="io2", iops=4_000),
    BaseVolume(device="/dev/sdi", snapshot="snap-0123456789abcdef0", iops=4_000, throughput=500),
)
FULL = {
    "region": REGION,
    "source_ami": "ami-0123456789abcdef0",
    "ami_name": "web-base-2026.11.23",
    "ami_description": HOSTILE,
    "tags": {"Name": "Golden AMI"},
    "snapshot_tags": {"Name": HOSTILE},
    "run_tags": {"Name": "base"},
    "run_volume_tags": {"Name": "base"},
    "instance_type": "t3.micro",
    "subnet_id": "subnet-03cf127a",
    "security_group_ids": ["sg-03cf127a"],
    "iam_instance_profile": "web",
    "block_devices": [block_device(volume) for volume in VOLUMES],
    "script_file": "/dev/null",
    "manifest_path": "/private/manifest.json",
    "poll_delay_seconds": 5,
    "poll_max_attempts": 10,
}
BARE = {name: FULL[name] for name in ("region", "source_ami", "ami_name", "manifest_path")}


@pytest.mark.parametrize(
    ("name", "values", "own"),
    [
        pytest.param("amazon-ebs", FULL, {}, id="amazon-ebs with all values"),
        pytest.param(
            "amazon-ebs", {**BARE, "instance_type": "t3.micro"}, {}, id="amazon-ebs with the fewest"
        ),
        pytest.param(
            "amazon-ebs",
            {**FULL, "script_file": "", "endpoint_url": "http://127.0.0.1:9"},
            {"communicator": "none", "associate_public_ip_address": True},
            id="amazon-ebs without a connection",
        ),
        pytest.param("amazon-chroot", FULL, {}, id="amazon-chroot with all values"),
        pytest.param("amazon-chroot", BARE, {}, id="amazon-chroot with the fewest"),
        pytest.param(
            "amazon-chroot",
            BARE,
            {"command_wrapper": "sudo {{.Command}}", "mount_options": ["nouuid"]},
            id="amazon-chroot with sudo",
        ),
    ],
)
def test_packer_finds_the_shipped_templates_valid(
    tmp_path: Path, packer: Packer, name: str, values: dict[str, Any], own: dict[str, Any]
) -> None:
    template = place_template(name, packer, tmp_path, provision=bool(values.get("script_file")))
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    run = PackerRun(packer, environment)
    declared = declared_variables(run.inspected(template))
    assert set(BARE) <= declared
    variables = Variables(declared=declared, values=values, own=own)
    write_private(template.variable_file, variables.text(template))
    run.run(template, "validate")


def test_a_real_build(packer: Packer, request_: PackerBuild, sandbox: Sandbox) -> None:
    events: list[PackerEvent] = []
    image_id = run_packer(packer, request_, sandbox, events=events)
    assert any("Launching a source AWS instance" in event.text for event in events)

    ec2 = sandbox.client("ec2", REGION)
    [image] = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["Name"] == request_.values["ami_name"]
    expected = dict(request_.values["tags"])
    assert {tag["Key"]: tag["Value"] for tag in image["Tags"]} == expected
    for mapping in image["BlockDeviceMappings"]:
        snapshot_id = mapping["Ebs"]["SnapshotId"]
        [snapshot] = ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
        assert {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]} == expected
    assert instance_states(sandbox) == ["terminated"]
    assert ec2.describe_key_pairs()["KeyPairs"] == []


def test_a_real_build_needs_no_more_than_the_permissions_say(
    packer: Packer, request_: PackerBuild, sandbox: Sandbox
) -> None:
    before = len(sandbox.calls)
    run_packer(packer, request_, sandbox)
    assert {call.name for call in sandbox.calls[before:]} <= set(PERMISSIONS)


def test_a_name_that_is_taken_is_packers_error(
    packer: Packer, request_: PackerBuild, sandbox: Sandbox
) -> None:
    taken = run_packer(packer, request_, sandbox)
    with pytest.raises(BakeError, match="`packer build` failed") as caught:
        run_packer(packer, request_, sandbox)
    assert request_.values["ami_name"] in caught.value.notes[0]
    assert taken in caught.value.notes[0]


def test_a_value_that_packer_refuses_names_the_template(
    packer: Packer, request_: PackerBuild, sandbox: Sandbox
) -> None:
    with pytest.raises(BakeError, match="amazon-ebs not valid") as caught:
        run_packer(packer, replace(request_, values={**request_.values, "ami_name": "x"}), sandbox)
    assert "amazon-ebs.pkr.hcl:" in caught.value.notes[0]
    assert instance_states(sandbox) == []


def test_a_cancelled_real_build_terminates_its_instance(
    packer: Packer, request_: PackerBuild, sandbox: Sandbox
) -> None:
    sandbox.pending_s = 3600
    cancelled = threading.Event()

    def on_event(event: PackerEvent) -> None:
        if "Waiting for instance" in event.text:
            sandbox.pending_s = 0
            cancelled.set()

    run = PackerRun(packer, sandbox.environment(REGION, os.environ), on_event, cancelled)
    with pytest.raises(InterruptedRunError) as caught:
        run.build(request_)
    assert any("Terminating the source AWS instance" in note for note in caught.value.notes)
    assert instance_states(sandbox) == ["terminated"]


def own_values(request: PackerBuild) -> dict[str, Any]:
    """What an own template declares of the values of a build."""
    shared = ("region", "source_ami", "endpoint_url")
    return {"ami_name": "own-1", **{name: request.values[name] for name in shared}}


OWN_HCL = """
variable "region" { type = string }
variable "source_ami" { type = string }
variable "ami_name" { type = string }
variable "manifest_path" { type = string }
variable "endpoint_url" { type = string }
variable "script_file" { type = string }

source "amazon-ebs" "own" {
  region                     = var.region
  source_ami                 = var.source_ami
  ami_name                   = var.ami_name
  instance_type              = "t3.micro"
  communicator               = "none"
  custom_endpoint_ec2        = var.endpoint_url
  aws_polling {
    delay_seconds = 1
    max_attempts  = 60
  }
  skip_credential_validation = true
  skip_metadata_api_check    = true
  skip_region_validation     = true
}

build {
  sources = ["source.amazon-ebs.own"]
  post-processor "shell-local" {
    inline = ["sh ${var.script_file}"]
  }
  post-processor "manifest" {
    output = var.manifest_path
  }
}
"""
OWN_LEGACY = """
{
  "variables": {
    "region": "", "source_ami": "", "ami_name": "", "manifest_path": "", "endpoint_url": ""
  },
  "builders": [{
    "type": "amazon-ebs",
    "region": "{{user `region`}}",
    "source_ami": "{{user `source_ami`}}",
    "ami_name": "{{user `ami_name`}}",
    "instance_type": "t3.micro",
    "communicator": "none",
    "custom_endpoint_ec2": "{{user `endpoint_url`}}",
    "aws_polling": {"delay_seconds": 1, "max_attempts": 60},
    "skip_credential_validation": true,
    "skip_metadata_api_check": true,
    "skip_region_validation": true
  }],
  "post-processors": [{"type": "manifest", "output": "{{user `manifest_path`}}"}]
}
"""


def test_an_own_hcl_template_builds_and_runs_commands_as_they_are_written(
    tmp_path: Path, packer: Packer, request_: PackerBuild, sandbox: Sandbox
) -> None:
    (tmp_path / "own.pkr.hcl").write_text(OWN_HCL)
    own = PackerBuild(
        template=str(tmp_path / "own.pkr.hcl"),
        values=own_values(request_),
        steps=("echo '{{.Names}} ${path.root}' > said",),
    )
    image_id = run_packer(packer, own, sandbox)
    assert (tmp_path / "said").read_text() == "{{.Names}} ${path.root}\n"
    [image] = sandbox.client("ec2", REGION).describe_images(ImageIds=[image_id])["Images"]
    assert image["Name"] == "own-1"


def test_an_own_legacy_template_builds(
    tmp_path: Path, packer: Packer, request_: PackerBuild, sandbox: Sandbox
) -> None:
    (tmp_path / "own.json").write_text(OWN_LEGACY)
    own = PackerBuild(
        template=str(tmp_path / "own.json"),
        values=own_values(request_),
    )
    image_id = run_packer(packer, own, sandbox)
    [image] = sandbox.client("ec2", REGION).describe_images(ImageIds=[image_id])["Images"]
    assert image["Name"] == "own-1"
