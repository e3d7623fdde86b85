"""Packer builds that fail or are killed: one clear message, and nothing is left."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.calls import Call, Refusal
from goldenami_sandbox.server import Sandbox

OWN = """
variable "region" {}
variable "source_ami" {}
variable "ami_name" {}
variable "manifest_path" {}
variable "endpoint_url" {}
variable "run_tags" { type = map(string) }
variable "tags" { type = map(string) }

source "amazon-ebs" "golden" {
  region              = var.region
  source_ami          = var.source_ami
  ami_name            = var.ami_name
  instance_type       = "t3.micro"
  run_tags            = var.run_tags
  tags                = var.tags
  snapshot_tags       = var.tags
  communicator        = "none"
  custom_endpoint_ec2 = var.endpoint_url

  skip_region_validation     = true
  skip_credential_validation = true
  skip_metadata_api_check    = true
}

build {
  sources = ["source.amazon-ebs.golden"]
  provisioner "shell-local" {
    inline = ["echo configuring", "STEP"]
  }
  post-processor "manifest" {
    output = var.manifest_path
  }
}
"""


class PackerKiller:
    """A guard of the sandbox that kills Packer once it has made a call; later ones never come."""

    def __init__(self) -> None:
        self.after = ""
        self.struck = False

    def __call__(self, call: Call) -> Refusal | None:
        """Strike after the chosen call, which takes effect."""
        if not self.after or self.struck or call.operation != self.after:
            return None
        of_instance = any(each[:2] == "i-" for each in call.parameters.get("Resources", ()))
        if call.parameters.get("DryRun") or of_instance:  # goldenami tags that itself
            return None
        self.struck = True
        for pid in packers():
            os.kill(pid, signal.SIGKILL)
        return Refusal("Killed", "Packer is dead", applied=True)


def packers() -> list[int]:
    """Return the processes of Packer that this one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            group = int(rest.split()[2])
            if name == "packer" and parent_of(group) == os.getpid():
                found.append(int(stat.parent.name))
        except (OSError, IndexError):
            continue  # it has just ended
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def killer() -> PackerKiller:
    return PackerKiller()


@pytest.fixture
def sandbox(
    monkeypatch: pytest.MonkeyPatch, sandbox_port: int, killer: PackerKiller
) -> Iterator[Sandbox]:
    """An empty account without delays, whose calls can be Packer's last."""
    if shutil.which("packer") is None and "CI" not in os.environ:
        pytest.skip("no packer on PATH (Debian: apt-get install packer)")
    with Sandbox(sandbox_port, 0.0, guards=[killer]) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def release(write: Any, tmp_path: Path) -> Any:
    """Write a release with a template of the user's own whose provisioner runs a step."""

    def written(step: str = "true", **changes: Any) -> Path:
        (tmp_path / "own.pkr.hcl").write_text(OWN.replace("STEP", step))
        bake = {"method": "packer", "template": "own.pkr.hcl"}
        path: Path = write(bake=bake, regions=["us-east-1"], **changes)
        return path

    return written


def nothing_is_left(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    groups = [one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"]]
    assert groups == ["default"]
    states = {
        one["State"]["Name"]
        for reservation in ec2.describe_instances()["Reservations"]
        for one in reservation["Instances"]
    }
    assert states <= {"terminated"}


def test_a_template_of_one_s_own_bakes_and_is_named_in_the_manifest(
    cli: Any, release: Any, sandbox: Sandbox, own_images: Any
) -> None:
    ran = cli("bake", release(), "--yes")
    assert ran.code == 0, ran.err
    (image,) = own_images("us-east-1")
    shown = cli("show", image["ImageId"])
    assert "own.pkr.hcl" in shown.out
    assert image["SourceInstanceId"] in shown.out


def test_a_provisioner_that_fails_ends_in_one_message_with_its_last_lines(
    cli: Any, release: Any, sandbox: Sandbox
) -> None:
    ran = cli("bake", release("echo no such package; exit 7"), "--yes")
    assert ran.code == 1
    assert ran.err.count("goldenami: ") == 1
    assert "no such package" in ran.err
    assert "7" in ran.err.split("no such package")[1], ran.err
    nothing_is_left(sandbox)


def test_an_ssh_time_out_is_told(cli: Any, write: Any, sandbox: Sandbox) -> None:
    release = write(bake={"method": "packer", "vars": {"ssh_timeout": "2s"}}, regions=["us-east-1"])
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert "ssh" in ran.err.lower()
    assert "imeout" in ran.err
    nothing_is_left(sandbox)


@pytest.mark.parametrize("call", ["CreateKeyPair", "RunInstances", "CreateImage", "CreateTags"])
def test_a_packer_that_is_killed_leaves_nothing(
    cli: Any, write: Any, sandbox: Sandbox, killer: PackerKiller, call: str
) -> None:
    release = write(
        bake={"method": "packer", "vars": {"communicator": "none"}}, regions=["us-east-1"]
    )
    killer.after = call
    ran = cli("bake", release, "--yes")
    assert killer.struck
    assert ran.code == 1
    assert "Packer was ended by signal 9" in ran.err
    nothing_is_left(sandbox)
    assert cli("bake", release, "--yes").code == 0


@pytest.mark.parametrize(
    ("bake", "says"),
    [
        ({"template": "missing.pkr.hcl"}, "missing.pkr.hcl"),
        ({"vars": {"communicator": "none", "nonsense": 1}}, "declares no variable 'nonsense'"),
        ({"vars": {"communicator": "none", "ssh_timeout": "soon"}}, "not valid"),
    ],
    ids=["no such template", "a variable that it does not declare", "a value that Packer refuses"],
)
def test_a_bad_template_is_among_the_plan_s_problems(
    cli: Any, write: Any, sandbox: Sandbox, bake: dict[str, Any], says: str
) -> None:
    release = write(bake={"method": "packer", **bake}, publish__ssm_parameter="/golden-ami/list")
    sandbox.client("ssm").put_parameter(Name="/golden-ami/list", Value="x", Type="StringList")
    ran = cli("bake", release, "--plan")
    assert ran.code == 1
    assert says in ran.err
    assert "is a StringList" in ran.err
    nothing_is_left(sandbox)
