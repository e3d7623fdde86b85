"""`goldenami sandbox`."""

import shlex
import signal
import sys
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from goldenami.cli import options as shared
from goldenami.cli.command import Option, Options
from goldenami.constraints import between
from goldenami.report.terminal import say


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
    from goldenami.cli import sandbox_process

    stop = Event()

    def end(_: int, __: FrameType | None) -> None:
        stop.set()

    with sandbox_process.running(options.port) as running:
        for name, value in running.environment(options.region or "us-east-1").items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        say(f"an embedded AWS listens on {running.endpoint_url}; Ctrl-C stops it")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        stop.wait()
    say("stopped; everything in it is gone")
