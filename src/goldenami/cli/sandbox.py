"""`goldenami sandbox`."""

import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.cli import options as shared
from goldenami.cli.command import Option, Options
from goldenami.constraints import between
from goldenami.report.terminal import say

if TYPE_CHECKING:
    from goldenami_sandbox.server import Sandbox


class SandboxOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami sandbox`."""

    port: Annotated[
        Annotated[int, between(0, 65_535)],
        Option("Loopback port; 0 takes a free one.  [0<=x<=65535]"),
    ] = 0
    region: shared.Region = None


def sandbox(options: SandboxOptions) -> None:
    """Keep an embedded AWS running on a loopback port until Ctrl-C.

    Prints the `export` lines with which any other client (the AWS CLI, Packer, boto3) uses it.
    It emulates: nothing in it reaches AWS, and everything is gone when it stops.

    Example: goldenami sandbox --port 5000
    """
    stop = Event()
    with running(options.port) as started:
        for name, value in started.environment(options.region or "us-east-1").items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        say(f"an embedded AWS listens on {started.endpoint_url}; Ctrl-C stops it")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
    say("stopped; everything in it is gone")


@contextmanager
def running(port: int = 0) -> Iterator["Sandbox"]:
    """Run a sandbox; for the while this process has none of the user's AWS settings.

    Raises:
        GoldenamiError: moto (the extra ``sandbox``) is not installed, or the port is taken.
    """
    with _without_aws_settings():
        from goldenami_sandbox.server import Sandbox

        with Sandbox(port=port) as sandbox:
            yield sandbox


@contextmanager
def _without_aws_settings() -> Iterator[None]:
    """Hide the AWS variables and files of the user; put every variable back at the end."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="goldenami-sandbox-") as empty:
        for name in [variable for variable in before if variable.startswith("AWS_")]:
            del os.environ[name]
        os.environ["AWS_CONFIG_FILE"] = str(Path(empty) / "config")
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(Path(empty) / "credentials")
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
