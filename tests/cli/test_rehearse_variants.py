"""A release file that is right on AWS can be rehearsed, whatever it names.

Keys that have nothing to do with each other share a rehearsal, which takes seconds.
"""

from pathlib import Path
from typing import Any

import pytest

from goldenami import resources
from goldenami_sandbox.ec2 import regions

pytestmark = [pytest.mark.sandbox, pytest.mark.no_cover]  # the lines of test_rehearse, many times

UNIT = "ou-ab12-cdef3456"
ORGANIZATION = "arn:aws:organizations::999988887777"
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
EKS = "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id"
ONE = {"regions": ["us-east-1"], "audit": {"regions": ["us-east-1"]}}
VARIANTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "an organization that another account manages, by both its kinds of policies": (
        {
            "share": {"organizational_units": [f"{ORGANIZATION}:ou/o-abcdefghij/{UNIT}"]},
            "enforce__mechanisms": {
                "scp": {"targets": [UNIT], "profile": "owner-only"},
                "declarative_policy": {"targets": ["r-ab12"], "state": "enabled"},
            },
            "enforce__groups": None,
            "audit": {"accounts": "organization", "role": "ci/eu/audit", "regions": ["us-east-1"]},
        },
        ("as rehearsal-admin of member account", "launch the shared golden image    done"),
    ),
    "a declarative policy that only looks, for an account, an SCP for others, and a boundary": (
        {
            "enforce__mechanisms": {
                "permissions_boundary": {"roles": ["developers"]},
                "declarative_policy": {"targets": ["111122223333"]},
                "scp": {"targets": [UNIT], "profile": "owner-only"},
            },
            "enforce__groups": None,
            "bake": {"method": "packer"},
        },
        (
            "member account 111122223333", "stranger's public image  done",
            "stranger's public image  UnauthorizedOperation", "take no ssh",
        ),
    ),
    "China, with a network, keys, and an image by its id": (
        {
            "regions": ["cn-north-1"],
            "audit": {"regions": ["cn-north-1"]},
            "base__source": {"ami": "ami-0123456789abcdef0"},
            "base__key_name": "ssh-key",
            "base__subnet": "subnet-0123456789abcdef0",
            "base__security_groups": ["sg-0123456789abcdef0"],
            "base__instance_profile": "golden-ami-base",
            "base__volumes": [{"device": "/dev/sda1", "size_gib": 9, "kms_key": "alias/golden"}],
        },
        ("launch the new release  done",),
    ),
    "GovCloud, protected, by the role of an account": (
        {
            "regions": ["us-gov-west-1"],
            "audit": {"regions": ["us-gov-west-1"]},
            "base__instance_profile": "golden-ami-base",
            "enforce__pipeline_role": "arn:aws-us-gov:iam::222233334444:role/ci/baker",
            "enforce__mechanisms": {"group_policy": True, "guardrail_protection": True},
        },
        ("account 222233334444", "launch the new release  done"),
    ),
    "regions that an account opts in to, an image of Ubuntu by its parameter": (
        {
            "regions": ["eu-south-1", "ap-east-1"],
            "audit": {"regions": ["eu-south-1"]},
            "base__source": {"ssm": UBUNTU},
            "base__volumes": [{"device": "/dev/sda1", "size_gib": 30, "encrypted": False}],
            "distribute": {"ap-east-1": {"kms_key": "alias/golden"}},
            "enforce": None,
        },
        ("ap-east-1", "The rehearsal worked"),
    ),
    "a golden source, Allowed AMIs, and the owner alone": (
        ONE
        | {
            "base__source": {"golden": "base-os"},
            "enforce__profile": "owner-only",
            "enforce__mechanisms": {"group_policy": True, "allowed_amis": {"state": "enabled"}},
            "audit__approved": ["ssm:/corp/other"],
        },
        ("launch the new release  done",),
    ),
    "an image for EKS": (
        ONE | {"base__source": {"ssm": EKS}, "enforce": None},
        ("The rehearsal worked",),
    ),
}  # fmt: skip
EXAMPLES = {
    "arm64": ("launch the new release  done",),
    "cis": ("launch the new release  done",),
    "packer": ("launch the new release  done",),
    "several-accounts": (
        "approve it, as rehearsal-approver",
        "approved by arn:aws:iam::123456789012:user/rehearsal-approver",
        "launch the shared golden image    done",
        "launch a stranger's public image  UnauthorizedOperation",
        "444455556666",
    ),
    "two-architectures": (
        "approve it, as rehearsal-approver",
        "launch the golden image of another architecture",
        "publish as /golden-ami/fleet-base/arm64",
        "launch the new release  done",
    ),
    "web-fleet": ("launch the new release  done",),
}


@pytest.fixture(autouse=True)
def _one_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no more regions be there than the file needs: the world enables its own."""
    monkeypatch.setattr(regions, "ENABLED_BY_DEFAULT", frozenset(("us-east-1",)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_release_file_that_works_is_rehearsed(cli: Any, write: Any, variant: str) -> None:
    changes, told = VARIANTS[variant]
    ran = cli("rehearse", write(**({"regions": ["us-east-1"]} | changes)))
    assert ran.code == 0, ran.out + ran.err
    assert [text for text in told if text not in ran.out] == []
    assert ran.err == ""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_rehearsed(cli: Any, name: str) -> None:
    ran = cli("rehearse", resources.folder("examples") / name / "release.yaml")
    assert ran.code == 0, ran.out + ran.err
    assert [text for text in EXAMPLES[name] if text not in ran.out] == []
    assert ran.err == ""


def test_every_example_is_rehearsed_and_in_the_list() -> None:
    folder = resources.folder("examples")
    here = {path.parent.name for path in folder.glob("*/release.yaml")}
    assert here == {*EXAMPLES, "web-base"}
    assert all(f"({name}/" in (folder / "README.md").read_text() for name in here)
    assert all(_named_in_the_release(folder / name) for name in here)


def _named_in_the_release(folder: Path) -> bool:
    release = (folder / "release.yaml").read_text()
    scripts = [path.name for path in folder.glob("*.sh")]
    return bool(scripts) and all(f"user_data: {script}" in release for script in scripts)
