"""Finds Packer and runs it: no shell, no colours, no phoning home, and a clean stop."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from goldenami.bake.packer_output import parse_version
from goldenami.errors import GoldenamiError, UsageError

OLDEST = (1, 6, 0)
PLUGINS_SINCE = (1, 7, 0)
POLL_DELAY_S = 5

_GET_PACKER = (
    "install Packer 1.6 or newer: `apt-get install packer` on Debian and Ubuntu, `brew install"
    " hashicorp/tap/packer` with Homebrew, or https://developer.hashicorp.com/packer/install"
)
_POLL_DELAY = "AWS_POLL_DELAY_SECONDS"
_VERSION_TIMEOUT_S = 30
_POLL_S = 0.1
_TERMINATE_S = 10.0


class Packer(Struct, frozen=True):
    """The Packer that was found."""

    executable: str
    version: tuple[int, int, int]

    @property
    def number(self) -> str:
        """Its version, as people write it."""
        return ".".join(map(str, self.version))

    @property
    def has_plugins(self) -> bool:
        """Whether the Amazon builders are a plugin that ``packer init`` installs (1.7 on)."""
        return self.version >= PLUGINS_SINCE


def find_packer(path: str | None = None) -> Packer:
    """Find Packer and ask for its version.

    Args:
        path: the executable, None for the first ``packer`` on PATH.

    Raises:
        GoldenamiError: there is none, it is not HashiCorp's, or it is older than 1.6.0.
    """
    executable = shutil.which(path or "packer")
    if executable is None:
        raise GoldenamiError(
            f"Packer is not installed: no executable {path or 'packer'}", fix=_GET_PACKER
        )
    version = parse_version(_version_output(executable))
    if version is None:
        # cracklib, for one, ships a command of the same name
        raise GoldenamiError(f"{executable} is not HashiCorp's Packer", fix=_GET_PACKER)
    if version < OLDEST:
        number = ".".join(map(str, version))
        raise GoldenamiError(f"{executable} is Packer {number}, too old", fix=_GET_PACKER)
    return Packer(executable, version)


def _version_output(executable: str) -> str:
    try:
        return subprocess.run(
            [executable, "version"],
            env=quiet_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return ``environment`` with Packer's version check, colours and debug log turned off.

    Packer's debug log goes to standard error, into our output; PACKER_LOG_PATH keeps it.
    """
    quiet = {**environment, "CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1"}
    if not quiet.get("PACKER_LOG_PATH"):
        quiet["PACKER_LOG"] = ""
    return quiet


def poll_delay_s(environment: Mapping[str, str]) -> int:
    """Return how long Packer waits between two looks at what it has begun, in seconds.

    It is what ``AWS_POLL_DELAY_SECONDS`` says, which Packer knows, too.
    https://developer.hashicorp.com/packer/integrations/hashicorp/amazon/latest/components/builder/ebs

    Raises:
        UsageError: that is no number of seconds.
    """
    delay = environment.get(_POLL_DELAY) or str(POLL_DELAY_S)
    if not delay.isdecimal() or int(delay) < 1:
        raise UsageError(
            f"{_POLL_DELAY}: {delay!r} is no number of seconds",
            fix=f"set it to a whole number of 1 or more, or not at all, which is {POLL_DELAY_S}",
        )
    return int(delay)


def run(
    packer: Packer,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    on_line: Callable[[str], None],
    cancelled: threading.Event,
    grace_s: float,
) -> int:
    """Run Packer to its end and return its exit code, negative for the signal that killed it.

    Once ``cancelled`` is set, Packer gets SIGINT, upon which it terminates its own instance; after
    ``grace_s`` it gets SIGTERM, and then SIGKILL. Ctrl-C sets ``cancelled``, and pressed again it
    has Packer give up its clean-up. The rest of the output is always read, so that Packer is never
    stuck on a full pipe.

    Args:
        packer: which Packer.
        arguments: its arguments; no secret, since other users can list them.
        environment: all of its environment.
        folder: where it runs.
        on_line: called with each line as it comes; what it raises stops Packer and is raised here.
        cancelled: set it from any thread to stop Packer.
        grace_s: how long Packer may clean up.

    Raises:
        GoldenamiError: Packer could not be started.
    """
    try:
        process = subprocess.Popen(
            [packer.executable, *arguments],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a group of its own: Ctrl-C comes to us, and we pass it on
        )
    except OSError as error:
        raise GoldenamiError(
            f"{packer.executable} cannot be run: {error.strerror}", fix=_GET_PACKER
        ) from error
    with process:
        failed = threading.Event()  # not `cancelled`, which stops more than Packer
        watcher = threading.Thread(target=_stop_once, args=(process, cancelled, failed, grace_s))
        watcher.start()
        try:
            _read(process, on_line, cancelled, failed)
        finally:
            watcher.join()
    return process.returncode


def _read(
    process: subprocess.Popen[str],
    on_line: Callable[[str], None],
    cancelled: threading.Event,
    failed: threading.Event,
) -> None:
    failure: Exception | None = None
    lines = process.stdout or ()
    while True:
        try:
            for line in lines:
                if failure is None:
                    on_line(line)
            process.wait()
            break
        except KeyboardInterrupt:
            if cancelled.is_set():
                _signal_group(process, signal.SIGTERM)
            cancelled.set()
        except Exception as error:  # raised again below, once Packer has cleaned up
            failure = error
            failed.set()
    if failure is not None:
        raise failure


def _stop_once(
    process: subprocess.Popen[str],
    cancelled: threading.Event,
    failed: threading.Event,
    grace_s: float,
) -> None:
    while not (failed.is_set() or cancelled.wait(_POLL_S)):
        if process.poll() is not None:
            return
    steps = ((signal.SIGINT, grace_s), (signal.SIGTERM, _TERMINATE_S), (signal.SIGKILL, None))
    for number, wait_s in steps:
        _signal_group(process, number)
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            continue
        return


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended in the meantime
        if process.poll() is None:
            os.killpg(process.pid, number)
