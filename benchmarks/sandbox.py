"""The embedded AWS: how soon it is there, and what a big fleet in it takes. Part of `make bench`.

It is `goldenami sandbox` in a process of its own, asked over HTTP. Its processor time alone counts
where pages are listed, and not that of whoever reads them.
"""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from msgspec import Struct
from processes import own_cpu_s
from table import Held, Row

COMMAND = (sys.executable, "-m", "goldenami", "sandbox")
SOURCE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
PAGE = 1000
CALLS = 300
"""How often a small call is made: processor time is counted in hundredths of a second."""
_EXPORT = re.compile(r"export (\w+)=(\S+)")


class Running(Struct, frozen=True):
    """An embedded AWS that runs: its process, how long its start took, and how it is reached."""

    process: int
    started_s: float
    environment: Mapping[str, str]

    def client(self, service: str) -> Any:
        """Return a client."""
        told = self.environment
        return boto3.client(
            service,
            region_name=told["AWS_DEFAULT_REGION"],
            endpoint_url=told["AWS_ENDPOINT_URL"],
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
            config=Config(read_timeout=600, retries={"total_max_attempts": 1}),
        )

    @property
    def cpu_s(self) -> float:
        """The processor time it has taken so far, in seconds."""
        return own_cpu_s(self.process)


@contextmanager
def running() -> Iterator[Running]:
    """Run an embedded AWS as long as this is entered."""
    start = time.perf_counter()
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            told: dict[str, str] = {}
            for line in server.stdout:
                told.update(_EXPORT.findall(line.decode()))
                if "AWS_DEFAULT_REGION" in told:  # the last one that is needed
                    break
            yield Running(server.pid, time.perf_counter() - start, told)
        finally:
            server.terminate()


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure starts, the launch of a fleet, and its two listings."""
    starts = []
    for _ in range(3):
        with running() as sandbox:
            starts.append(sandbox.started_s)
    yield Row("start", statistics.median(starts), "s", Held.AT_MOST, 1.5)
    instances = 2_000 if quick else 10_000
    what = f"{instances:,} instances"
    launched, listed, told = (None,) * 3 if quick else (10, 5, 2)
    with running() as sandbox:
        ec2, ssm = sandbox.client("ec2"), sandbox.client("ssm")
        for name, call in (
            ("GetParameter", lambda: ssm.get_parameter(Name=SOURCE)),
            ("DescribeRegions", ec2.describe_regions),
        ):
            call()
            before = sandbox.cpu_s
            for _ in range(CALLS):
                call()
            each_ms = (sandbox.cpu_s - before) / CALLS * 1000
            yield Row(f"{name}, processor time", each_ms, "ms")
        image = ssm.get_parameter(Name=SOURCE)["Parameter"]["Value"]
        start = time.perf_counter()
        for _ in range(instances // PAGE):
            ec2.run_instances(ImageId=image, MinCount=PAGE, MaxCount=PAGE)
        launch_s = time.perf_counter() - start
        yield Row(f"{what}: launched", launch_s, "s", Held.AT_MOST, launched)
        for name, most in (
            ("describe_instances", listed),
            ("describe_instance_image_metadata", told),
        ):
            before = sandbox.cpu_s
            pages = ec2.get_paginator(name).paginate(PaginationConfig={"PageSize": PAGE})
            several = sum(1 for _ in pages)
            call = "".join(part.title() for part in name.split("_"))
            yield Row(
                f"{what}: {call}, processor time", sandbox.cpu_s - before, "s", Held.AT_MOST, most
            )
            if several < instances // PAGE:
                raise SystemExit(f"{call}: {several} pages of {instances:,} instances")
