"""Commands run against the stand-in for EC2, which has a process of its own: see `endpoint`."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import endpoint
import msgspec
from msgspec import Struct


class StandIn(Struct, frozen=True):
    """A stand-in that serves: its address, and its process."""

    url: str
    process: int

    def environment(self, home: Path) -> Mapping[str, str]:
        """Return what a command needs to ask it and nobody else, with a folder as its home."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(home),
        }

    def told(self) -> endpoint.Told:
        """Return what it was asked since the last time, and how much processor time that took."""
        with urllib.request.urlopen(self.url) as answer:
            return msgspec.json.decode(answer.read(), type=endpoint.Told)


@contextmanager
def serving(instances: int, *options: str) -> Iterator[StandIn]:
    """Serve a fleet from a process of its own, as long as this is entered.

    Args:
        instances: how many in each region are alive.
        options: further ones of `endpoint`: `--latency-ms`, `--page-ms`, `--throttle`, `--old`.
    """
    command = [sys.executable, endpoint.__file__, "--instances", str(instances), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield StandIn(server.stdout.readline().strip(), server.pid)
        finally:
            server.terminate()
