"""What a page of the docs begins with, by the name that its head gives, and what happens."""

import contextlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from goldenami.cli import main, rehearsal_seed
from goldenami.spec import load
from goldenami_sandbox import people, seed
from goldenami_sandbox.faults import ArmedFault, Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

REGIONS = ["us-east-1", "eu-west-1"]
MEMBER = "444455556666"
ADMINISTRATORS = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "codebuild.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
GROUP = "ec2-admin-group"
RELEASE: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web-base",
    "version": "1.0",
    "regions": REGIONS,
    "base": {
        "source": {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"},
        "instance_type": "t3.micro",
    },
    "tags": {"Name": "Golden AMI", "Team": "platform"},
    "publish": {
        "ssm_parameter": "/golden-ami/{image}/{channel}",
        "channels": ["dev", "prod"],
        "restricted": ["prod"],
    },
    "enforce": {"groups": [GROUP], "pipeline_role": "golden-ami-pipeline"},
    "audit": {"waivers": "waivers.yaml"},
}


class World:
    """Somebody's folder and account, of which a page is a part.

    Args:
        sandbox: running, and empty.
        folder: where the commands are run.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.release: dict[str, Any] = dict(RELEASE)
        self._faults: list[ArmedFault] = []
        (folder / "waivers.yaml").write_text("schema: goldenami.waivers/v1\nwaivers: []\n")

    def write(self, **changes: Any) -> None:
        """Write the release file, with keys replaced (None leaves one out)."""
        self.release = {k: v for k, v in (self.release | changes).items() if v is not None}
        text = yaml.safe_dump(self.release, sort_keys=False)
        (self.folder / "release.yaml").write_text(text)

    def seed(self) -> None:
        """Make what the release file names."""
        seed.seed(self.sandbox, rehearsal_seed.of(load(self.folder / "release.yaml")))
        iam = self.sandbox.client("iam")
        iam.create_user(UserName="ann")
        iam.add_user_to_group(GroupName=GROUP, UserName="ann")

    def fail(self, service: str, operation: str, code: str, region: str | None = None) -> None:
        """Let calls fail until `mend`."""
        fault = Fault(service=service, operation=operation, code=code, region=region, repeats=True)
        self._faults.append(self.sandbox.fail(fault))

    def mend(self) -> None:
        """Let no call fail any more."""
        while self._faults:
            self._faults.pop().disarm()

    def profile(self, name: str, key_id: str, secret: str) -> None:
        """Give whoever follows the page a profile of the AWS configuration."""
        path = self.folder / "credentials"
        path.write_text(f"[{name}]\naws_access_key_id={key_id}\naws_secret_access_key={secret}\n")
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(path)  # the test puts it back

    def does(self, *words: str) -> None:
        """Run a command that succeeds."""
        code, lines = run(words)
        assert code == 0, "\n".join(lines)

    def bake(self, *versions: str) -> None:
        """Release these versions, and take each through all channels."""
        for version in versions:
            self.write(version=version)
            self.does("bake", "release.yaml", "--yes")
            for channel in (self.release.get("publish") or {}).get("channels", ())[1:]:
                self.does("promote", "web-base", version, "--channel", channel, "--yes")

    def golden(self, version: str, region: str = "us-east-1") -> str:
        """Return the image of a version."""
        (image,) = self.sandbox.client("ec2", region).describe_images(
            Filters=[{"Name": "name", "Values": [f"web-base-{version}"]}], Owners=["self"],
            IncludeDeprecated=True, IncludeDisabled=True,
        )["Images"]  # fmt: skip
        return str(image["ImageId"])


def run(words: Any) -> tuple[int, list[str]]:
    """Run ``goldenami`` in this process; return how it ended, and all that it wrote, in order."""
    written = io.StringIO()
    with (
        contextlib.redirect_stdout(written),
        contextlib.redirect_stderr(written),
        pytest.raises(SystemExit) as ended,
    ):
        main(list(words))
    code = ended.value.code
    return code if isinstance(code, int) else 0, written.getvalue().splitlines()


def _two_versions(world: World) -> None:
    """Two versions, of which the second is in both channels, and a group that launches it."""
    world.write()
    world.seed()
    world.bake("1.0", "2.0")
    seed.seed_group(world.sandbox, "us-east-1", world.golden("2.0"))


def _in_use(world: World) -> None:
    """The same, and a guardrail."""
    _two_versions(world)
    world.does("enforce", "release.yaml", "--yes")


def _guarded(world: World) -> None:
    """One version, and a guardrail."""
    world.write()
    world.seed()
    world.bake("1.0")
    world.does("enforce", "release.yaml", "--yes")


def _two_people(world: World) -> None:
    """One version, and a second person who approves."""
    world.write()
    world.seed()
    world.bake("1.0")
    world.write(approval="manual")
    key = people.People(world.sandbox, "us-east-1", ACCOUNT_ID).approver()
    world.profile("approver", key.id, key.secret)


def _one_region(world: World) -> None:
    """A version in one region, and roles in an account that is to get golden images, too."""
    world.write(
        copies=[{"account": MEMBER, "role": "golden-ami-copies"}],
        audit={"accounts": [MEMBER], "role": "golden-ami-audit"},
    )
    world.seed()
    world.write(regions=["us-east-1"], copies=None, audit=RELEASE["audit"])
    world.bake("1.0")
    world.does("enforce", "release.yaml", "--yes")
    iam = world.sandbox.client("iam", "us-east-1", MEMBER)
    iam.create_group(GroupName="developers")
    iam.attach_group_policy(GroupName="developers", PolicyArn=ADMINISTRATORS)
    keys = world.sandbox.environment("us-east-1", account=MEMBER)
    world.profile("consumer", keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])


def _two_keys(world: World) -> None:
    """One version by the old key and role, of which the new ones are there."""
    world.write(distribute={"eu-west-1": {"kms_key": "alias/golden-2"}})
    world.seed()
    world.sandbox.client("iam").create_role(
        RoleName="golden-ami-pipeline-2", AssumeRolePolicyDocument=TRUST
    )
    world.write(distribute=None)
    world.bake("2.0")
    world.does("enforce", "release.yaml", "--yes")


def _no_room(world: World) -> None:
    """One version, and a region that takes no more images."""
    world.write()
    world.seed()
    world.bake("1.0")
    world.write(version="2.0")
    world.fail("ec2", "CopyImage", "ResourceLimitExceeded", "eu-west-1")


def _retired(world: World) -> None:
    """Two versions, of which the first was retired into the Recycle Bin."""
    world.write()
    world.seed()
    world.bake("1.0", "2.0")
    period = {"RetentionPeriodValue": 30, "RetentionPeriodUnit": "DAYS"}
    for region in REGIONS:
        for kind in ("EC2_IMAGE", "EBS_SNAPSHOT"):
            rbin = world.sandbox.client("rbin", region)
            rbin.create_rule(ResourceType=kind, RetentionPeriod=period)
    world.does("retire", "web-base", "1.0", "--now", "--why", "end of life", "--yes")


def _nothing(world: World) -> None:
    """No AWS at all, yet."""
    world.sandbox.stop()
    world.write(regions=["us-east-1"])


def _old_account(world: World) -> None:
    """An account that the old goldenami has worked in."""
    world.sandbox.start()
    world.sandbox.pending_s = 0.0
    world.seed()
    world.bake("1.0")
    world.does("enforce", "release.yaml", "--yes")
    world.write(version="2.0")


SCENES: dict[str, Callable[[World], None]] = {
    "no account": lambda _: None,
    "guarded": _guarded,
    "in use": _in_use,
    "nothing": _nothing,
    "one region": _one_region,
    "no room": _no_room,
    "retired": _retired,
    "two keys": _two_keys,
    "two people": _two_people,
    "two versions": _two_versions,
}
EVENTS: dict[str, Callable[[World], None]] = {
    "the quota is raised": World.mend,
    "a call of the bake fails": lambda world: world.fail("ec2", "CreateImage", "InternalError"),
    "the pipeline loses a permission": lambda world: world.fail(
        "iam", "CreatePolicyVersion", "AccessDenied"
    ),
    "the permission is back": World.mend,
    "the rehearsal is over": _old_account,
}
