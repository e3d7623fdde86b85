"""Templates as people have them bake with the real Packer, though they know nothing of goldenami.

Six kinds: legacy JSON with two builders, legacy JSON with names of its own, HCL that copies, HCL
that is public, HCL that needs a newer Packer, and a folder of HCL.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami.bake.packer_cli import find_packer
from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox


@pytest.fixture(autouse=True)
def _real_packer() -> None:
    if shutil.which("packer") is None and "CI" not in os.environ:
        pytest.skip("no packer on PATH (Debian: apt-get install packer)")


LOCAL = {
    "custom_endpoint_ec2": "{{user `endpoint_url`}}",
    "skip_region_validation": True,
    "skip_credential_validation": True,
    "skip_metadata_api_check": True,
    "communicator": "none",
    "instance_type": "t3.micro",
}


def builder(name: str, **settings: Any) -> dict[str, Any]:
    return (
        {"type": "amazon-ebs", "name": name, "region": "{{user `aws_region`}}"} | LOCAL | settings
    )


def by_filter(name: str) -> dict[str, Any]:
    return {"filters": {"name": name}, "owners": ["amazon"], "most_recent": True}


TWO_BUILDERS = {
    "variables": {"aws_region": "us-east-1", "endpoint_url": ""},
    "builders": [
        builder(
            kind, ami_name=f"consul-{kind}-{{{{isotime | clean_resource_name}}}}",
            source_ami_filter=by_filter(pattern),
        )
        for kind, pattern in (("ubuntu", "ubuntu/*amd64*"), ("al2023", "al2023-ami-2023*x86_64"))
    ],
}  # fmt: skip
"""It names its image itself, finds its source itself, and writes no manifest."""

OWN_NAMES = {
    "variables": {
        "aws_region": None, "source_ami_id": None, "ami_name": None, "subnet_id": "", "owner": "",
        "endpoint_url": "", "sgs": "",
    },
    "builders": [
        builder(
            "nodes", ami_name="{{user `ami_name`}}", source_ami="{{user `source_ami_id`}}",
            subnet_id="{{user `subnet_id`}}", security_group_ids="{{user `sgs`}}",
            tags={"owner": "{{user `owner`}}"},
        )
    ],
    "post-processors": [{"type": "manifest", "output": "nodes-manifest.json"}],
}  # fmt: skip

HCL = """
source "amazon-ebs" "web" {
  region              = var.region
  source_ami          = var.source_ami
  ami_name            = var.ami_name
  instance_type       = "t3.micro"
  communicator        = "none"
  custom_endpoint_ec2 = var.endpoint_url
  MORE

  skip_region_validation     = true
  skip_credential_validation = true
  skip_metadata_api_check    = true
}

build {
  sources = ["source.amazon-ebs.web"]
}
"""
DECLARED = "".join(
    f'variable "{name}" {{ type = string }}\n'
    for name in ("region", "source_ami", "ami_name", "endpoint_url")
)
NEWER = (
    'packer {\n  required_plugins {\n    amazon = { source = "github.com/hashicorp/amazon", '
    'version = ">= 1.2.8" }\n  }\n}\ndata "amazon-ami" "base" {\n  region = "us-east-1"\n}\n'
)

Release = Callable[..., Path]


@pytest.fixture
def release(write: Any, tmp_path: Path) -> Release:
    """Write a release with this template, and what else ``bake`` is to say."""

    def written(text_of: Any, /, *, regions: tuple[str, ...] = ("us-east-1",), **bake: Any) -> Path:
        name = "own.pkr.hcl" if isinstance(text_of, str) else "own.json"
        text = text_of if isinstance(text_of, str) else json.dumps(text_of)
        (tmp_path / name).write_text(text)
        bake = {"method": "packer", "template": name, **bake}
        path: Path = write(bake=bake, regions=list(regions))
        return path

    return written


def hcl(more: str = "") -> str:
    return DECLARED + HCL.replace("MORE", more)


def is_tagged(image: dict[str, Any], ec2: Any, status: str = "approved") -> None:
    snapshots = [device["Ebs"]["SnapshotId"] for device in image["BlockDeviceMappings"]]
    for described in (image, *ec2.describe_snapshots(SnapshotIds=snapshots)["Snapshots"]):
        written = tags.from_aws(described["Tags"])
        assert written[tags.STATUS] == status
        assert written["Team"] == "platform"


def test_a_legacy_template_with_two_builders_bakes_the_chosen_one(
    cli: Any, release: Release, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    names = {"region": "aws_region"}
    refused = cli("bake", release(TWO_BUILDERS, names=names), "--plan")
    assert refused.code == 1
    assert "2 builders (al2023, ubuntu)" in refused.err
    assert "bake: {only: al2023}" in refused.err
    assert "no builder 'al2'" in cli("bake", release(TWO_BUILDERS, names=names, only="al2")).err
    path = release(TWO_BUILDERS, names=names, only="al2023")
    planned = cli("bake", path, "--plan")
    assert "ami_name is up to the template" in planned.out + planned.err
    ran = cli("bake", path, "--yes")
    assert ran.code == 0, ran.err
    (image,) = own_images("us-east-1")
    assert image["Name"].startswith("consul-al2023-")
    is_tagged(image, sandbox.client("ec2"))
    assert living() == []


def test_a_template_that_finds_another_source_is_stopped(
    cli: Any, release: Release, own_images: Any, living: Any
) -> None:
    path = release(TWO_BUILDERS, names={"region": "aws_region"}, only="ubuntu")
    ran = cli("bake", path, "--yes")
    assert ran.code == 4, ran.err
    assert "EC2 says that i-" in ran.err
    assert own_images("us-east-1") == living() == []


def test_a_legacy_template_with_names_of_its_own_gets_the_values(
    cli: Any, release: Release, sandbox: Sandbox, own_images: Any
) -> None:
    names = {"region": "aws_region", "source_ami": "source_ami_id", "security_group_ids": "sgs"}
    path = release(OWN_NAMES, names=names, vars={"owner": "platform"})
    ran = cli("bake", path, "--yes")
    assert ran.code == 0, ran.err
    (image,) = own_images("us-east-1")
    assert image["Name"] == "web-base-1.0"
    assert tags.from_aws(image["Tags"])["owner"] == "platform"
    is_tagged(image, sandbox.client("ec2"))


def test_what_the_template_has_copied_is_told_and_swept_or_makes_room(
    cli: Any, release: Release, sandbox: Sandbox, own_images: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "image"  # a folder of HCL is a template as well
    folder.mkdir()
    (folder / "variables.pkr.hcl").write_text(DECLARED)
    (folder / "sources.pkr.hcl").write_text(HCL.replace("MORE", 'ami_regions = ["eu-west-1"]'))
    ran = cli("bake", release(hcl(), template="image"), "--yes")
    assert ran.code == 0, ran.err
    (image,) = own_images("us-east-1")
    is_tagged(image, sandbox.client("ec2"))
    (copy,) = own_images("eu-west-1")
    assert f"image {copy['ImageId']} in eu-west-1, copied from ami-" in ran.err
    is_tagged(copy, sandbox.client("ec2", "eu-west-1"), "building")
    build = tags.from_aws(copy["Tags"])[tags.BUILD]
    assert copy["ImageId"] in cli("sweep", "--build", build, "--plan").out
    both = release(hcl('ami_regions = ["eu-west-1"]'), regions=("us-east-1", "eu-west-1"))
    both.write_text(both.read_text().replace("'1.0'", "'2.0'"))
    ran = cli("bake", both, "--yes")
    assert ran.code == 0, ran.err
    (mine,) = [each for each in own_images("eu-west-1") if each["Name"] == "web-base-2.0"]
    assert f"removed {mine['ImageId']}" not in ran.err
    is_tagged(mine, sandbox.client("ec2", "eu-west-1"))


def test_a_template_that_makes_its_image_public_fails_at_once(
    cli: Any, release: Release, sandbox: Sandbox, own_images: Any
) -> None:
    sandbox.client("ec2").disable_image_block_public_access()
    exposes = 'ami_groups = ["all"]\n ami_users = ["111122223333"]\n snapshot_groups = ["all"]'
    ran = cli("bake", release(hcl(exposes)), "--yes")
    assert ran.code == 1
    assert ran.err.count("public, for everybody") == 2  # the image, its snapshot
    assert "shared with 111122223333" in ran.err
    assert "ami_groups" in ran.err
    assert own_images("us-east-1") == []
    withdrawn = [
        call.operation
        for call in sandbox.calls
        if call.operation.startswith("Modify") and "Remove" in json.dumps(dict(call.parameters))
    ]
    assert withdrawn == ["ModifyImageAttribute", "ModifySnapshotAttribute"]


def test_a_template_for_a_newer_packer_is_told_what_it_needs(
    cli: Any, release: Release, mutating: Any
) -> None:
    if find_packer().version >= (1, 7, 0):
        pytest.skip("this Packer knows these blocks")
    ran = cli("bake", release(NEWER + hcl()), "--plan")
    assert ran.code == 1
    for line in (
        "own.pkr.hcl:2: a block `required_plugins` needs Packer 1.7.0 or newer",
        "own.pkr.hcl:6: a block `data` needs Packer 1.7.0 or newer",
        "install Packer 1.7.0 or newer, this is 1.6.",
    ):
        assert ran.err.count(line) == 1
    assert "expected here" not in ran.err
    assert mutating() == []


def test_an_image_that_cannot_be_tagged_is_taken_back(
    cli: Any, release: Release, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    """The first CreateTags is that of the instance, the second the image's."""
    sandbox.fail(
        Fault(service="ec2", operation="CreateTags", code="UnauthorizedOperation", times=1, skip=1)
    )
    ran = cli("bake", release(hcl()), "--yes")
    assert ran.code == 1
    assert "CreateTags" in ran.err or "UnauthorizedOperation" in ran.err
    assert own_images("us-east-1") == living() == []
