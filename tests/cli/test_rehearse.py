"""`goldenami rehearse` and `goldenami sandbox`."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from goldenami.cli import rehearsal_seed
from goldenami.spec import load

from .runbooks import reader

pytestmark = pytest.mark.sandbox


@pytest.fixture(autouse=True)
def _no_sandbox_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the-user-s-own")


def test_the_rehearsal_tells_the_whole_story_on_an_emulator(cli: Any) -> None:
    before = dict(os.environ)
    ran = cli("rehearse")
    assert ran.code == 0, ran.out
    chapters = [
        "rehearsal on an emulator",
        "1. bake web-base",
        "2. the registry",
        "3. enforce",
        "A second run changes nothing",
        "nothing to change",
        "4. launch, as rehearsal-admin",
        "launch the golden image",
        "launch a public image",
        "spoof: write the approval tag",
        "replace the root volume",
        "5. bake the next release",
        "goldenami-guardrail lists snapshots",
        "goldenami-guardrail list the snapshots of this release",
        "launch the new release",
        "6. audit",
        "unapproved-image",
        "as seeded",
        "7. roll web-base back",
        "8. revoke web-base",
        "is revoked",
        "replace the instances of web-group",
        "users, groups and roles may not launch it",
        "things still use it, as launched before",
        "launch the revoked release",
        "nothing was changed at AWS",
    ]
    places = [ran.out.index(one) for one in chapters]
    assert places == sorted(places)
    tried = ran.out[ran.out.index("4. launch") : ran.out.index("5. bake")]
    assert tried.count("UnauthorizedOperation") == 6
    assert "DenyLaunchWithoutApprovalTag" in ran.out[ran.out.index("launch the revoked release") :]
    for statement in (
        "DenyLaunchOfOtherOwnersImage", "DenyApprovalTag", "DenyUntestableLaunch",
    ):  # fmt: skip
        assert statement in tried
    assert dict(os.environ) == before
    assert ran.err == ""
    page = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
    [told] = re.findall(r"```text\n(.*?)\n```", page, re.DOTALL)
    assert reader.Ids().missing(tuple(told.splitlines()), ran.out.splitlines()) is None
    import pictures  # which needs a browser's driver

    assert [*pictures.shown(ran.out.splitlines())], "`make pictures` finds what it shows"


@pytest.mark.usefixtures("every_region")
def test_a_release_file_of_one_s_own_is_rehearsed_in_the_world_it_names(
    cli: Any, write: Any
) -> None:
    release = write(
        regions=["eu-central-1", "us-west-2"],
        base={
            "source": {"ami": "ami-0123456789abcdef0"},
            "instance_type": "t4g.small",
            "key_name": "ssh-key",
            "subnet": "subnet-0123456789abcdef0",
            "security_groups": ["sg-0123456789abcdef0"],
            "instance_profile": "base",
            "volumes": [
                {"device": "/dev/sda1", "size_gib": 4, "kms_key": "alias/golden"},
                {
                    "device": "/dev/sdf",
                    "snapshot": "snap-0123456789abcdef0",
                    "type": "st1",
                    "kms_key": "alias/golden",
                },
            ],
        },
        distribute={"us-west-2": {"kms_key": "alias/golden"}},
        share={"organizations": ["arn:aws:organizations::123456789012:organization/o-abcdefghij"]},
        lifecycle={"deprecate_after": "30d"},
        validate=[{"run": "true"}],
        enforce={"groups": ["admins", "operators"], "pipeline_role": "baker"},
        audit={"regions": ["eu-central-1", "us-west-2"]},
    )
    ran = cli("rehearse", release)
    assert ran.code == 0, ran.out
    assert "eu-central-1" in ran.out
    assert "does not exist" not in ran.out


def test_a_release_file_without_enforcement_is_rehearsed_too(cli: Any, write: Any) -> None:
    ran = cli("rehearse", write(enforce=None, regions=["us-east-1"]))
    assert ran.code == 0, ran.out
    assert "3. enforce" not in ran.out


def test_a_packer_release_that_needs_ssh_is_rehearsed_by_create_image_and_says_so(
    cli: Any, write: Any
) -> None:
    release = write(bake={"method": "packer"}, enforce=None, regions=["us-east-1"])
    ran = cli("rehearse", release)
    assert ran.code == 0, ran.out
    assert "take no ssh" in ran.out
    assert "create image web-base-1.0" in ran.out


@pytest.mark.skipif(shutil.which("packer") is None, reason="no packer on PATH")
def test_a_packer_release_without_ssh_is_rehearsed_with_packer(cli: Any, write: Any) -> None:
    how = {"method": "packer", "vars": {"communicator": "none"}}
    ran = cli("rehearse", write(bake=how, enforce=None, regions=["us-east-1"]))
    assert ran.code == 0, ran.out
    assert "build web-base-1.0 with Packer" in ran.out


def test_a_flow_that_fails_fails_the_rehearsal(cli: Any, write: Any) -> None:
    steps = [{"run": "exit 7"}]
    for base in ({}, {"base__instance_profile": "base"}):  # by default host management, or by it
        ran = cli("rehearse", write(validate=steps, regions=["us-east-1"], **base))
        assert ran.code == 1
        assert "exit code 7" in ran.err
        assert "run the rehearsal again" in ran.err
        assert "--resume" not in ran.err
        assert "sweep" not in ran.err


@pytest.mark.parametrize(
    ("source", "attribute"),
    [
        ({"filter": {"name": "corp-*", "owners": ["444455556666"]}}, "source_name"),
        ({"golden": "base-os"}, "source_golden"),
        ({"ssm": "/corp/base"}, "source_ssm"),
    ],
    ids=["filter", "golden", "ssm"],
)
def test_the_seeded_world_has_the_source_that_the_release_names(
    cli: Any, write: Any, source: dict[str, Any], attribute: str
) -> None:
    path = write(base__source=source, regions=["us-east-1"], enforce=None)
    assert getattr(rehearsal_seed.of(load(path)), attribute)
    assert cli("rehearse", path).code == 0


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t3.micro", "x86_64"),
        ("t4g.micro", "arm64"),
        ("c7gn.large", "arm64"),
        ("g5.xlarge", "x86_64"),
        ("a1.medium", "arm64"),
        ("m7i-flex.large", "x86_64"),
    ],
)
def test_the_source_fits_the_instance_type(
    write: Any, instance_type: str, architecture: str
) -> None:
    file = load(write(base__instance_type=instance_type))
    assert rehearsal_seed.of(file).architecture == architecture


def test_the_sandbox_serves_any_client_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "goldenami", "sandbox", "--region", "eu-west-1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        exported: dict[str, str] = {}
        while "AWS_EC2_METADATA_DISABLED" not in exported:
            line = process.stdout.readline()
            assert line, "it ended before it had printed its variables"
            name, _, value = line.removeprefix("export ").partition("=")
            exported[name] = value.strip()
        assert exported["AWS_REGION"] == "eu-west-1"
        monkeypatch.delenv("AWS_PROFILE")
        sts = boto3.client(
            "sts",
            region_name="eu-west-1",
            endpoint_url=exported["AWS_ENDPOINT_URL"],
            aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
        )
        assert sts.get_caller_identity()["Account"] == "123456789012"
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "everything in it is gone" in err


def test_a_port_that_is_taken_is_one_clear_error(cli: Any) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = cli("sandbox", "--port", taken.getsockname()[1])
    assert ran.code == 1
    assert "cannot listen" in ran.err
