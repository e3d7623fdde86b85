"""Runs Packer's subcommands on one template, and turns their failures into errors."""

import contextlib
import signal
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from goldenami.bake.packer_cli import Packer, quiet_environment, run
from goldenami.bake.packer_output import (
    PackerEvent,
    declared_variables,
    errors,
    parse_line,
    read_manifest,
)
from goldenami.bake.packer_template import Template, write_private
from goldenami.errors import BakeError, GoldenamiError, InterruptedRunError

MANIFEST = "manifest.json"

_TAIL_EVENTS = 30
_FAILURES = ("error", "build-error")
_TAKES_VARIABLES = ("validate", "build")


class PackerSteps:
    """One template with its variable file and its manifest in a private folder.

    Args:
        packer: which Packer.
        template: the template.
        folder: a private folder, gone after the build.
        environment: Packer's environment, with the AWS credentials.
        cancelled: set it from any thread to stop Packer.
        grace_s: how long a stopped Packer may clean up.
    """

    def __init__(
        self,
        packer: Packer,
        template: Template,
        folder: Path,
        environment: Mapping[str, str],
        cancelled: threading.Event,
        grace_s: float,
    ) -> None:
        self.manifest = folder / MANIFEST
        self._variable_file = folder / "values.pkrvars.json"
        self._packer = packer
        self._template = template
        self._environment = quiet_environment(environment)
        self._environment["PACKER_CACHE_DIR"] = str(folder / "cache")
        self._cancelled = cancelled
        self._grace_s = grace_s

    def declared_variables(self) -> frozenset[str]:
        """Return the variables that the template declares.

        Raises:
            BakeError: Packer cannot read the template.
        """
        inspected: list[PackerEvent] = []
        self.run("inspect", on_event=inspected.append)
        return declared_variables(inspected)

    def write_variables(self, text: str) -> None:
        """Write the variable file, which ``validate`` and ``build`` take."""
        write_private(self._variable_file, text)

    def run(
        self, subcommand: str, *, on_event: Callable[[PackerEvent], None] = lambda _: None
    ) -> None:
        """Run one subcommand.

        Raises:
            BakeError: Packer failed or was killed.
            InterruptedRunError: it was stopped.
        """
        tail: deque[str] = deque(maxlen=_TAIL_EVENTS)
        failures: list[PackerEvent] = []

        def on_line(line: str) -> None:
            event = parse_line(line)
            if event.text and event.kind not in _FAILURES:
                tail.append(event.text)
            if event.kind in _FAILURES:
                failures.append(event)
            on_event(event)

        exit_code = run(
            self._packer,
            self._arguments(subcommand),
            environment=self._environment,
            folder=self._template.folder,
            on_line=on_line,
            cancelled=self._cancelled,
            grace_s=self._grace_s,
        )
        if exit_code != 0 or self._cancelled.is_set():
            raise self._error(subcommand, exit_code, errors(failures), tuple(tail))

    def _arguments(self, subcommand: str) -> list[str]:
        options = []
        if subcommand in _TAKES_VARIABLES:
            options = [f"-var-file={self._variable_file}"]
        return [subcommand, "-machine-readable", *options, self._template.argument]

    def _error(
        self, subcommand: str, exit_code: int, failures: Sequence[str], tail: Sequence[str]
    ) -> GoldenamiError:
        images = self._images_left(subcommand)
        log = [f"Packer's log: {line}" for line in tail]
        if self._cancelled.is_set():
            return InterruptedRunError(
                "the Packer build was stopped", notes=[*images, *failures, *log]
            )
        if exit_code < 0:
            name = signal.strsignal(-exit_code)
            return BakeError(
                f"Packer was ended by signal {-exit_code} ({name})",
                fix="if the machine was short of memory, give it more; then bake again",
                notes=[*images, *failures, *log],
            )
        if subcommand in ("inspect", "validate"):
            return BakeError(
                f"Packer finds the template {self._template.name} not valid",
                fix="correct the template, or the release file's `bake.vars`",
                notes=failures or log,
            )
        return BakeError(
            f"`packer {subcommand}` failed with exit code {exit_code}",
            fix="read Packer's error above; PACKER_LOG=1 with PACKER_LOG_PATH keeps its full log",
            notes=[*images, *failures, *log],
        )

    def _images_left(self, subcommand: str) -> list[str]:
        if subcommand == "build":
            with contextlib.suppress(BakeError):  # usually there is none
                images = read_manifest(self.manifest)
                return [f"image {image.image_id} in {image.region} is left" for image in images]
        return []
