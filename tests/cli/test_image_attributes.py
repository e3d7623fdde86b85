"""What an image inherits from its source is checked; IMDSv2 is set on it and on each copy."""

from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

JAMMY = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
EAST = ["us-east-1"]
_LATEST = "/aws/service/ami-windows-latest"
WINDOWS = f"{_LATEST}/TPM-Windows_Server-2022-English-Full-Base"
WITH_SQL_SERVER = f"{_LATEST}/Windows_Server-2022-English-Full-SQL_2022_Standard"


def parameter_of(sandbox: Sandbox, name: str) -> str:
    return str(sandbox.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def test_imds_is_set_on_the_image_and_its_copies_and_read_back(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    changes = {"attributes": {"imds": "v2.0", "boot_mode": "uefi-preferred"}}
    release = write(base__source={"ssm": JAMMY}, **changes)
    plan = cli("bake", release, "--plan").out
    assert "let instances of the image require IMDSv2" in " ".join(plan.split())
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    assert mutating().count("ModifyImageAttribute") == 2
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        assert (image["ImdsSupport"], image["BootMode"]) == ("v2.0", "uefi-preferred")


def test_without_the_key_an_image_is_as_its_source(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    assert cli("bake", write(regions=EAST, base__source={"ssm": JAMMY}), "--yes").code == 0
    assert "ImdsSupport" not in own_images("us-east-1")[0]


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"boot_mode": "uefi"}, "attributes.boot_mode: an image inherits it from its source"),
        ({"boot_mode": "legacy-bios"}, "is uefi-preferred, not legacy-bios"),
        ({"tpm": "v2.0"}, "is not set, not v2.0: choose another base.source"),
    ],
)
def test_what_the_source_lacks_is_refused_before_anything_starts(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, attributes: Any, problem: str
) -> None:
    ran = cli("bake", write(regions=EAST, attributes=attributes), "--plan")
    assert ran.code == 1
    assert problem in " ".join(ran.err.split())
    assert mutating() == []


def hide_platform(image_id: str) -> None:
    """Let EC2 say that an image is Windows by its details alone."""
    image: Any = ec2_backends[ACCOUNT_ID]["us-east-1"].amis[image_id]
    image.platform, image.platform_details = None, "Windows BYOL"


@pytest.mark.parametrize(
    ("command", "parameter", "hidden"),
    [
        (["bake", "--plan"], WINDOWS, False),
        (["bake", "--plan"], WITH_SQL_SERVER, False),
        (["bake", "--plan"], WINDOWS, True),
        (["bake", "--plan", "--method", "packer"], WINDOWS, False),
        (["bake", "--plan", "--method", "packer"], WINDOWS, True),
        (["bake", "--yes"], WINDOWS, True),
        (["base", "launch", "--plan"], WINDOWS, True),
    ],
)
def test_windows_is_refused_with_what_is_missing_before_the_first_change(
    cli: Any,
    write: Any,
    sandbox: Sandbox,
    mutating: Any,
    command: list[str],
    parameter: str,
    hidden: bool,
) -> None:
    if hidden:
        hide_platform(parameter_of(sandbox, parameter))
    base = {"source": {"ssm": parameter}, "instance_type": "t3.micro"}
    release = write(regions=EAST, base=base)
    verb = command[: 2 if command[0] == "base" else 1]
    ran = cli(*verb, release, *command[len(verb) :])
    assert ran.code == 1
    words = " ".join(ran.err.split())
    assert "runs Windows, which goldenami does not bake: it has no PowerShell steps" in words
    assert mutating() == []


@pytest.mark.parametrize("hidden", [False, True])
def test_an_instance_that_runs_windows_is_refused_too(
    cli: Any, write: Any, sandbox: Sandbox, hidden: bool
) -> None:
    ec2 = sandbox.client("ec2")
    image_id = parameter_of(sandbox, WINDOWS)
    if hidden:
        hide_platform(image_id)
    launched = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    instance_id = launched["Instances"][0]["InstanceId"]
    ran = cli("bake", write(regions=EAST), "--instance", instance_id, "--plan")
    assert ran.code == 1
    assert f"{instance_id} runs Windows" in " ".join(ran.err.split())
