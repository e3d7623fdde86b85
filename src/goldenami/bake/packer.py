"""Bakes with Packer: from plain values to one image in the build region.

Packer launches and configures the instance, makes the image and cleans up after itself. Copying,
sharing and publishing are not its business here, so a template needs one builder and one region.
"""

import contextlib
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct, field

from goldenami.bake import shell
from goldenami.bake.packer_cli import Packer, poll_delay_s, quiet_environment, run
from goldenami.bake.packer_output import (
    BuiltImage,
    PackerEvent,
    builders,
    declared_variables,
    errors,
    parse_line,
    read_manifest,
)
from goldenami.bake.packer_plugins import check, folders
from goldenami.bake.packer_problems import problems, too_old
from goldenami.bake.packer_template import Template, place_template, write_private
from goldenami.bake.variable_file import Variables
from goldenami.errors import BakeError, GoldenamiError, InterruptedRunError, SpecError

_TAIL_EVENTS = 30
_FAILURES = ("error", "build-error")
_TAKES_VARIABLES = ("validate", "build")

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


class PackerBuild(Struct, frozen=True, kw_only=True):
    """Everything that a build is made from.

    Attributes:
        template: ``amazon-ebs``, ``amazon-chroot``, or the path of the user's own template.
        values: what goldenami sets, by variable: ``region``, ``source_ami`` (its id, so that Packer
            searches nothing), ``ami_name``, tags, what the instance is launched with…
        user_data: the user data itself.
        user_data_timeout_s: how long the script waits for it before all else, since Packer connects
            as soon as it can; 0 does not wait.
        steps: shell commands, run as root in order; the first that fails fails the build.
        variables: further variables of the template, from the release file (``ssh_username``,
            ``ssh_interface``, ``communicator``…).
        names: what the template calls those that goldenami sets, where it is another name.
        only: the builder of the template that is to be run, if it has several.
        plugins: the SHA-256 that Packer's plugins may have, by their names.
        image_timeout_s: how long Packer waits for the image.
    """

    template: str = "amazon-ebs"
    values: Mapping[str, Any]
    user_data: bytes = b""
    user_data_timeout_s: int = 0
    steps: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    only: str = ""
    plugins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    image_timeout_s: int = 4 * 3600

    @property
    def has_communicator(self) -> bool:
        """Whether Packer connects to the instance, and so can run commands."""
        return bool(self.variables.get("communicator", "ssh") != "none")

    @property
    def script(self) -> str:
        """The shell script of all commands, empty if there are none."""
        waits = self.user_data and self.user_data_timeout_s and self.has_communicator
        first = (shell.wait_for_user_data(self.user_data_timeout_s),) if waits else ()
        return shell.script((*first, *self.steps))


class PackerRun(Struct, frozen=True):
    """Packer with what all its subcommands run with, and their failures as errors.

    Args:
        packer: which Packer.
        environment: Packer's environment, with the AWS credentials; it is never logged.
        on_event: told each line of the build as it comes.
        cancelled: set it from any thread to stop Packer; Ctrl-C sets it too.
        grace_s: how long a stopped Packer may terminate its instance before it is killed.
    """

    packer: Packer
    environment: Mapping[str, str]
    on_event: Callable[[PackerEvent], None] = lambda _: None
    cancelled: threading.Event = field(default_factory=threading.Event)
    grace_s: float = 600

    def build(self, request: PackerBuild) -> tuple[BuiltImage, ...]:
        """Build, and return the images that the template's manifest names, if it writes one.

        Everything Packer needs is in a private temporary folder, which is gone afterwards.

        Raises:
            SpecError: the template or a value for it is wrong; nothing was started.
            UsageError: the environment's delay between two looks is none.
            BakeError: Packer refused the template, failed or was killed.
            InterruptedRunError: the build was stopped.
        """
        with self._validated(request) as (template, _):
            self.run(template, "build", self.on_event, only=request.only)
            with contextlib.suppress(BakeError):  # a hint that cannot be read is none
                return read_manifest(template.manifest)
        return ()

    def check(self, request: PackerBuild) -> tuple[str, ...]:
        """Have Packer validate what would be built; nothing is started.

        Returns:
            What the template decides instead of the release file.

        Raises:
            SpecError: the template or a value for it is wrong.
            UsageError: the environment's delay between two looks is none.
            BakeError: Packer refuses the template.
        """
        with self._validated(request) as (template, variables):
            return (*variables.notes, *self._plugins(request, template, complete=True))

    @contextlib.contextmanager
    def _validated(self, request: PackerBuild) -> Iterator[tuple[Template, Variables]]:
        if request.steps and not request.has_communicator:
            raise SpecError(
                "with `communicator: none` Packer cannot run commands on the instance",
                fix="leave out the communicator, or the commands",
            )
        with TemporaryDirectory(prefix="goldenami-packer-") as name:
            folder, provision = Path(name), bool(request.script)
            template = place_template(request.template, self.packer, folder, provision=provision)
            values = _values(request, template, poll_delay_s(self.environment))
            self._plugins(request, template, complete=False)
            if self.packer.has_plugins and not template.is_legacy:
                self.run(template, "init", self.on_event)
            self._plugins(request, template, complete=True)
            inspected = self.inspected(template)
            _check_builders(builders(inspected), request.only, template)
            variables = Variables(
                declared=declared_variables(inspected), values=values, names=request.names,
                own=request.variables,
            )  # fmt: skip
            write_private(template.variable_file, variables.text(template))
            self.run(template, "validate", only=request.only)
            yield template, variables

    def _plugins(
        self, request: PackerBuild, template: Template, *, complete: bool
    ) -> tuple[str, ...]:
        if not self.packer.has_plugins:
            return ()
        where = folders(self.environment, self.packer.executable, template.folder)
        return check(where, request.plugins, complete=complete)

    def inspected(self, template: Template) -> list[PackerEvent]:
        """Return what Packer says of a template: its variables, its builders.

        Raises:
            BakeError: Packer cannot read the template.
        """
        inspected: list[PackerEvent] = []
        self.run(template, "inspect", inspected.append)
        return inspected

    def run(
        self,
        template: Template,
        subcommand: str,
        on_event: Callable[[PackerEvent], None] = lambda _: None,
        *,
        only: str = "",
    ) -> None:
        """Run one subcommand on a template; ``validate`` and ``build`` take its variable file.

        ``only`` is the builder that these two are about, if the template has several.

        Raises:
            BakeError: Packer failed or was killed.
            InterruptedRunError: it was stopped.
        """
        tail: deque[str] = deque(maxlen=_TAIL_EVENTS)
        failures: list[PackerEvent] = []

        def on_line(line: str) -> None:
            event = parse_line(line)
            if event.kind in _FAILURES:
                failures.append(event)
            elif event.text:
                tail.append(f"Packer's log: {event.text}")
            on_event(event)

        takes = subcommand in _TAKES_VARIABLES
        options = [f"-var-file={template.variable_file}"] if takes else []
        options += [f"-only={only}"] if only else []
        environment = quiet_environment(self.environment)
        exit_code = run(
            self.packer,
            [subcommand, "-machine-readable", *options, template.argument],
            environment={**environment, "PACKER_CACHE_DIR": str(template.private / "cache")},
            folder=template.folder,
            on_line=on_line,
            cancelled=self.cancelled,
            grace_s=self.grace_s,
        )
        if exit_code != 0 or self.cancelled.is_set():
            raise self._error(template, subcommand, exit_code, errors(failures), tail)

    def _error(
        self,
        template: Template,
        subcommand: str,
        exit_code: int,
        failures: Sequence[str],
        log: Iterable[str],
    ) -> GoldenamiError:
        notes = [*failures, *log]
        with contextlib.suppress(BakeError):  # usually it has made no image
            images = read_manifest(template.manifest)
            notes = [
                f"image {image.image_id} in {image.region} is left" for image in images
            ] + notes
        if self.cancelled.is_set():
            return InterruptedRunError("the Packer build was stopped", notes=notes)
        if exit_code < 0:
            name = signal.strsignal(-exit_code)
            return BakeError(
                f"Packer was ended by signal {-exit_code} ({name})",
                fix="if the machine was short of memory, give it more; then bake again",
                notes=notes,
            )
        lines = problems(failures, self.packer.version)
        if subcommand in ("inspect", "validate"):
            return BakeError(
                f"Packer finds the template {template.name} not valid",
                fix=_fix(lines, self.packer),
                notes=lines or notes,
            )
        return BakeError(
            f"`packer {subcommand}` failed with exit code {exit_code}",
            fix="read Packer's error above; PACKER_LOG=1 with PACKER_LOG_PATH keeps its full log",
            notes=notes,
        )


def _values(request: PackerBuild, template: Template, delay_s: int) -> dict[str, Any]:
    return {
        **request.values,
        "user_data_file": _file(template.private / "user-data", request.user_data),
        "script_file": _file(template.private / "script.sh", request.script.encode()),
        "poll_delay_seconds": delay_s,
        "poll_max_attempts": max(1, request.image_timeout_s // delay_s),
        "manifest_path": str(template.manifest),
    }


def _file(path: Path, content: str | bytes) -> str:
    """Return the path of a file with the content, empty if there is none."""
    if not content:
        return ""
    write_private(path, content)
    return str(path)


def _check_builders(names: Sequence[str], only: str, template: Template) -> None:
    """Refuse a template that would make several images, or none, since a release has one.

    Raises:
        SpecError: it has several builders, and none is chosen; or the chosen one is not there.
    """
    every = ", ".join(names)
    if len(names) > 1 and not only:
        raise SpecError(
            f"Packer template {template.name} has {len(names)} builders ({every}), and a release "
            "is one image",
            fix=f"name the one to run: `bake: {{only: {names[0]}}}`",
        )
    # a builder of HCL may have a name that `packer inspect` does not tell
    if only and template.is_legacy and only not in names:
        raise SpecError(
            f"Packer template {template.name} has no builder {only!r}",
            fix=f"`bake.only` names one of {every}",
        )


def _fix(lines: Sequence[str], packer: Packer) -> str:
    if needed := too_old(lines):
        return f"install Packer {needed} or newer, this is {packer.number}"
    return "correct the template, or the release file's `bake.vars`"
