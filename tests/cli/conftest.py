"""Runs the command line in this process, with release files in a folder of their own."""

import contextlib
import copy
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from goldenami.aws import run_command, waits
from goldenami.cli import main
from goldenami_sandbox import seed
from goldenami_sandbox.ec2 import regions
from goldenami_sandbox.server import Sandbox

from . import account, recorded


class Ran(Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]
Write = Callable[..., Path]

RELEASE: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web-base",
    "version": "1.0",
    "regions": ["us-east-1", "eu-west-1"],
    "base": {
        "source": {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"},
        "instance_type": "t3.micro",
    },
    "tags": {"Name": "Golden AMI", "Team": "platform"},
    "publish": {"ssm_parameter": "/golden-ami/web-base"},
    "enforce": {"groups": ["ec2-admin-group"]},
}

_SOURCE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"
X86 = {"source": {"ssm": _SOURCE.format("x86_64")}, "instance_type": "t3.micro"}
ARM = {"source": {"ssm": _SOURCE.format("arm64")}, "instance_type": "t4g.micro"}
BOTH: dict[str, dict[str, Any]] = {"x86_64": X86, "arm64": ARM}
PARAMETER = "/golden-ami/web-base/{arch}"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(waits, "FIRST_POLL_S", 0.02)
    monkeypatch.setattr(run_command, "RETRY_S", 0.02)
    monkeypatch.setattr("os.fsync", lambda _: None)  # no test cuts the power
    monkeypatch.setenv("GOLDENAMI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(autouse=True)
def _few_regions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the account have two regions, unless the test asks for `every_region`."""
    if "every_region" not in request.fixturenames:
        monkeypatch.setattr(regions, "ENABLED_BY_DEFAULT", frozenset(("us-east-1", "eu-west-1")))


@pytest.fixture
def every_region() -> frozenset[str]:
    """Let the account have all regions that AWS enables by default."""
    return regions.ENABLED_BY_DEFAULT


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run ``goldenami`` with these arguments."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        shown = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, shown.out, shown.err)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a release file: the usual one, with dotted keys replaced (None leaves one out)."""

    def write(name: str = "release.yaml", **changes: Any) -> Path:
        data = copy.deepcopy(RELEASE)
        for dotted, value in changes.items():
            *parents, last = dotted.split("__")
            part = data
            for parent in parents:
                part = part.setdefault(parent, {})
            if value is None:
                part.pop(last, None)
            else:
                part[last] = value
        path = tmp_path / name
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return path

    return write


@pytest.fixture
def several(write: Write) -> Write:
    """Write a release file of two architectures, with dotted keys replaced."""

    def write_several(name: str = "release.yaml", **changes: Any) -> Path:
        parts = {
            "base": {},
            "architectures": copy.deepcopy(BOTH),
            "publish": {"ssm_parameter": PARAMETER},
            "enforce": None,
        }
        return write(name, **{**parts, **changes})

    return write_several


@pytest.fixture
def mutating(sandbox: Sandbox) -> Callable[[], list[str]]:
    """List the calls that changed something, DryRuns left out."""

    def calls() -> list[str]:
        return [
            call.operation
            for call in sandbox.calls
            if not call.operation.startswith(("Describe", "Get", "List", "BatchGet"))
            and not call.parameters.get("DryRun")
        ]

    return calls


@pytest.fixture
def own_images(sandbox: Sandbox) -> Callable[[str], list[dict[str, Any]]]:
    """List the account's images of a region."""

    def images(region: str) -> list[dict[str, Any]]:
        found = sandbox.client("ec2", region).describe_images(Owners=["self"])["Images"]
        return list(found)

    return images


@pytest.fixture
def living(sandbox: Sandbox) -> Callable[[], list[dict[str, Any]]]:
    """List the instances of the build region that are not terminated."""

    def instances() -> list[dict[str, Any]]:
        states = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}]
        found = sandbox.client("ec2").describe_instances(Filters=states)["Reservations"]
        return [one for reservation in found for one in reservation["Instances"]]

    return instances


@pytest.fixture
def admins(sandbox: Sandbox) -> str:
    """Make the admin group, which may launch anything, as admin groups do; return its name."""
    iam = sandbox.client("iam")
    iam.create_group(GroupName="ec2-admin-group")
    iam.attach_group_policy(
        GroupName="ec2-admin-group", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    )
    return "ec2-admin-group"


@pytest.fixture
def baked(write: Write, sandbox: Sandbox, admins: str) -> Path:
    """Return a release file, with its images and the admin group, as a bake leaves them."""
    account.golden_images(sandbox)
    return write()


@pytest.fixture
def managed(sandbox: Sandbox) -> str:
    """Make an instance profile by which SSM manages instances; return its name."""
    return seed.instance_profile(sandbox, "golden-ami-base")


@pytest.fixture
def released(cli: Cli, write: Write, sandbox: Sandbox, own_images: Any) -> str:
    """Bake a golden image in one region, without any enforcement; return its id."""
    sandbox.pending_s = 0.0
    assert cli("bake", write(regions=["us-east-1"], enforce=None), "--yes").code == 0
    image_id: str = own_images("us-east-1")[0]["ImageId"]
    return image_id


@pytest.fixture
def golden(released: str) -> str:
    """Return a golden image."""
    return released


@pytest.fixture
def as_released(sandbox: Sandbox) -> str:
    """Make an image with a release's tags, much quicker: for tests of who uses an image."""
    sandbox.pending_s = 0.0
    return account.golden_image(sandbox)


@pytest.fixture
def put_record(sandbox: Sandbox) -> Callable[..., None]:
    """Record the build that something is tagged with: see `recorded.put`."""
    return partial(recorded.put, sandbox)


@pytest.fixture
def as_role(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[str]], None]:
    """Let this process's AWS clients be a session of a role that may do these actions alone."""

    def become(name: str, actions: list[str]) -> None:
        iam = sandbox.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        trusted, allowed = (
            json.dumps({"Version": "2012-10-17", "Statement": each}) for each in (trust, allow)
        )
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)
        iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=allowed)
        session = sandbox.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::123456789012:role/{name}", RoleSessionName="test"
        )["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", session["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", session["SessionToken"])

    return become


@pytest.fixture
def public(sandbox: Sandbox) -> str:
    """Return an image of Amazon's."""
    found = sandbox.client("ec2").describe_images(Owners=["amazon"])["Images"]
    return str(found[0]["ImageId"])
