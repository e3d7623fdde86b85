"""Bakes with Packer: from plain values to one image in the build region.

Packer launches and configures the instance, makes the image and cleans up after itself. Copying,
sharing and publishing are not its business here, so a template needs one builder and one region.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct, field

from goldenami.bake.packer_cli import Packer
from goldenami.bake.packer_output import PackerEvent, read_manifest
from goldenami.bake.packer_steps import MANIFEST, PackerSteps
from goldenami.bake.packer_template import place_template, variable_file, write_private
from goldenami.errors import BakeError, SpecError

# https://developer.hashicorp.com/packer/integrations/hashicorp/amazon lists them; the two of IAM
# are for an instance profile. What Windows, spot instances and copies need is left out.
PERMISSIONS = (
    "ec2:AttachVolume",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateImage",
    "ec2:CreateKeyPair",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSnapshot",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteKeyPair",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSnapshot",
    "ec2:DeleteVolume",
    "ec2:DeregisterImage",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
    "ec2:DetachVolume",
    "ec2:ModifyImageAttribute",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifySnapshotAttribute",
    "ec2:RegisterImage",
    "ec2:RunInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "iam:GetInstanceProfile",
    "iam:PassRole",
)

# Packer connects as soon as it can, which is before the user data has been carried out.
WAIT_FOR_USER_DATA = "if command -v cloud-init >/dev/null; then cloud-init status --wait; fi"


class PackerBuild(Struct, frozen=True, kw_only=True):
    """Everything that a build is made from.

    Attributes:
        template: ``amazon-ebs``, ``amazon-chroot``, or the path of the user's own template.
        region: the build region.
        source_ami: the source image's id, resolved before, so that Packer searches nothing.
        ami_name: the image's name.
        ami_description: the image's description.
        launch: what the instance is launched with, by variable (`launch.packer_variables`).
        image_tags: tags of the image and its snapshots.
        run_tags: tags of the build instance and its volumes.
        user_data: the user data itself.
        steps: shell commands, run as root in order; the first that fails fails the build.
        variables: further variables of the template, from the release file (``ssh_username``,
            ``ssh_interface``, ``communicator``…).
        key_pair_name: of the key pair that exists during the build, empty for Packer's choice.
        endpoint_url: an EC2 endpoint other than AWS's own, empty for AWS.
        image_timeout_s: how long Packer waits for the image.
        poll_delay_s: how long it waits between two looks.
    """

    template: str = "amazon-ebs"
    region: str
    source_ami: str
    ami_name: str
    ami_description: str = ""
    launch: Mapping[str, Any]
    image_tags: Mapping[str, str] = field(default_factory=dict)
    run_tags: Mapping[str, str] = field(default_factory=dict)
    user_data: str = ""
    steps: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    key_pair_name: str = ""
    endpoint_url: str = ""
    image_timeout_s: int = 4 * 3600
    poll_delay_s: int = 5

    @property
    def has_communicator(self) -> bool:
        """Whether Packer connects to the instance, and so can run commands."""
        return bool(self.variables.get("communicator", "ssh") != "none")

    @property
    def script(self) -> str:
        """The shell script of all commands, empty if there are none.

        First of all, the user data must be through.
        """
        wait = self.user_data and self.has_communicator
        commands = ((WAIT_FOR_USER_DATA,) if wait else ()) + self.steps
        return "\n".join(("#!/bin/sh -e", *commands, "")) if commands else ""


def build(
    packer: Packer,
    request: PackerBuild,
    environment: Mapping[str, str],
    *,
    on_event: Callable[[PackerEvent], None],
    cancelled: threading.Event,
    grace_s: float = 600,
) -> str:
    """Build one image and return its id.

    Everything Packer needs is in a private temporary folder, which is gone afterwards.

    Args:
        packer: which Packer.
        request: what to build.
        environment: Packer's environment, with the AWS credentials; it is never logged.
        on_event: told each line of the build as it comes.
        cancelled: set it from any thread to stop the build; Ctrl-C sets it too.
        grace_s: how long a stopped Packer may terminate its instance before it is killed.

    Raises:
        SpecError: the template or a value for it is wrong; nothing was started.
        BakeError: Packer refused the template, failed or was killed.
        InterruptedRunError: the build was stopped.
    """
    with _validated(packer, request, environment, on_event, cancelled, grace_s) as steps:
        steps.run("build", on_event=on_event)
        return _one_image(steps.manifest, request.region)


def check(packer: Packer, request: PackerBuild, environment: Mapping[str, str]) -> None:
    """Have Packer validate what would be built; nothing is started.

    Raises:
        SpecError: the template or a value for it is wrong.
        BakeError: Packer refuses the template.
    """
    with _validated(packer, request, environment, lambda _: None, threading.Event(), 0):
        pass


@contextmanager
def _validated(
    packer: Packer,
    request: PackerBuild,
    environment: Mapping[str, str],
    on_event: Callable[[PackerEvent], None],
    cancelled: threading.Event,
    grace_s: float,
) -> Iterator[PackerSteps]:
    if request.steps and not request.has_communicator:
        raise SpecError(
            "with `communicator: none` Packer cannot run commands on the instance",
            fix="leave out the communicator, or the commands",
        )
    if request.user_data and not request.has_communicator:
        warning = "with `communicator: none` nothing waits for the user data to be through"
        on_event(PackerEvent("say", warning))
    with TemporaryDirectory(prefix="goldenami-packer-") as name:
        folder = Path(name)
        template = place_template(request.template, packer, folder, provision=bool(request.script))
        values = _values(request, folder)
        steps = PackerSteps(packer, template, folder, environment, cancelled, grace_s)
        if packer.has_plugins and not template.is_legacy:
            steps.run("init", on_event=on_event)
        declared = steps.declared_variables()
        steps.write_variables(variable_file(template, declared, values, request.variables))
        steps.run("validate")
        yield steps


def _values(request: PackerBuild, folder: Path) -> dict[str, Any]:
    return {
        "region": request.region,
        "source_ami": request.source_ami,
        "ami_name": request.ami_name,
        "ami_description": request.ami_description,
        "tags": dict(request.image_tags),
        "snapshot_tags": dict(request.image_tags),
        **request.launch,
        "run_tags": dict(request.run_tags),
        "run_volume_tags": dict(request.run_tags),
        "user_data_file": _file(folder / "user-data", request.user_data),
        "script_file": _file(folder / "script.sh", request.script),
        "temporary_key_pair_name": request.key_pair_name,
        "endpoint_url": request.endpoint_url,
        "poll_delay_seconds": request.poll_delay_s,
        "poll_max_attempts": max(1, request.image_timeout_s // request.poll_delay_s),
        "manifest_path": str(folder / MANIFEST),
    }


def _file(path: Path, text: str) -> str:
    """Return the path of a file with the text, empty if there is none."""
    if not text:
        return ""
    write_private(path, text)
    return str(path)


def _one_image(manifest: Path, region: str) -> str:
    images = read_manifest(manifest)
    of_region = [image for image in images if image.region == region]
    if len(of_region) == 1:
        return of_region[0].image_id
    raise BakeError(
        f"Packer made {len(of_region)} images in {region}, where one was wanted",
        fix=f"use a template with one builder, in {region}; delete what is not wanted",
        notes=[f"{image.image_id} in {image.region} is left" for image in images],
    )
