"""`goldenami sandbox`."""

import shlex
import signal
import sys
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from goldenami.cli import options


def sandbox(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Loopback port; 0 takes a free one.")
    ] = 0,
    region: options.Region = None,
) -> None:
    """Keep an embedded AWS running on a loopback port until Ctrl-C.

    Prints the `export` lines with which any other client (the AWS CLI, Packer, boto3) uses it.
    It emulates: nothing in it reaches AWS, and everything is gone when it stops.

    Example: goldenami sandbox --port 5000
    """
    from goldenami.cli import sandbox_process
    from goldenami.report.terminal import say

    stop = Event()

    def end(_: int, __: FrameType | None) -> None:
        stop.set()

    with sandbox_process.running(port) as running:
        for name, value in running.environment(region or "us-east-1").items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        say(f"an embedded AWS listens on {running.endpoint_url}; Ctrl-C stops it")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        stop.wait()
    say("stopped; everything in it is gone")
