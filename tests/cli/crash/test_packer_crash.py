"""goldenami is killed, and Packer with it, in the middle of a Packer build; then it goes on.

The template knows nothing of goldenami's tags. What Packer makes before anybody could record its
instance names no build, and is left: the points begin with that record.
"""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import RELEASE, SOAK, Machine, account, record_of
from .test_crash_points import KILLED, uninterrupted

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times


TEMPLATE = """
variable "region" {}
variable "source_ami" {}
variable "ami_name" {}
variable "endpoint_url" {}

source "amazon-ebs" "web" {
  region              = var.region
  source_ami          = var.source_ami
  ami_name            = var.ami_name
  instance_type       = "t3.micro"
  communicator        = "none"
  custom_endpoint_ec2 = var.endpoint_url

  skip_region_validation     = true
  skip_credential_validation = true
  skip_metadata_api_check    = true
}

build {
  sources = ["source.amazon-ebs.web"]
}
"""


def packer_release(machine: Machine) -> None:
    """Let the release be built by Packer, without ssh."""
    (machine.release.parent / "own.pkr.hcl").write_text(TEMPLATE)
    changed = {
        **RELEASE,
        "bake": {"method": "packer", "template": "own.pkr.hcl"},
        "test": None,
        "validate": [],
    }
    machine.release.write_text(yaml.safe_dump(changed))


def end_packer(machine: Machine) -> None:
    """Kill the Packer of a machine that is dead, and its helpers."""
    mark = f"GOLDENAMI_STATE={machine.state}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "comm").read_text().strip() == "packer" and mark in (
                path / "environ"
            ).read_bytes().split(b"\0"):
                os.kill(int(path.name), signal.SIGKILL)
        except OSError:
            continue  # it has just ended


def test_a_packer_bake_that_is_killed_goes_on(machine: Machine, record_property: Any) -> None:
    if shutil.which("packer") is None and "CI" not in os.environ:
        pytest.skip("no packer on PATH (Debian: apt-get install packer)")
    packer_release(machine)
    wanted, calls = uninterrupted(machine)
    operations = [one for one in machine.sandbox.calls if not one.parameters.get("DryRun")]
    changing = [
        one.operation
        for one in operations
        if not one.operation.startswith(("Describe", "Get", "List"))
    ]
    launched = changing.index("RunInstances", changing.index("CreateKeyPair"))
    first = changing.index("PutParameter", launched) + 1
    points = range(first, calls, 1 if SOAK else 6)  # after the last one nothing tells of a build
    survived = 0
    for at in points:
        machine.forget()
        killed = machine.run(
            "bake",
            str(machine.release),
            "--yes",
            at=at,
            after=True,
            ended=lambda: end_packer(machine),
        )
        assert killed == KILLED
        if not record_of(machine.sandbox).instance_id:  # Packer was quicker than its listener
            continue
        told = f"{changing[at - 1]}, call {at} of {calls}"
        assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
        assert account(machine.sandbox) == wanted, told
        survived += 1
    assert survived > len(points) / 2
    record_property("counted", f"{survived} of {len(points)} crash points with Packer survived")
