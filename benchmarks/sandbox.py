"""The embedded AWS: its start, a large fleet seeded and listed, small calls. Part of `make bench`.

    python benchmarks/sandbox.py 10000

What calls takes no part in what is told: it sends the bytes of a request, and looks for the token
of the next page only. What is told is the time of the processors: most of a call is nothing else.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from processes import median, spent
from table import Held, Row

from goldenami_sandbox import catalogue, seed
from goldenami_sandbox.identity import ROOT_ACCESS_KEY_ID
from goldenami_sandbox.server import Sandbox

REGION = "us-east-1"
START = "from goldenami_sandbox.server import Sandbox\nSandbox().start()"
PAGE = 1000
CALLS = 200
_SIGNED = "AWS4-HMAC-SHA256"
_VERSIONS = {"ec2": "2016-11-15", "sts": "2011-06-15"}
_TOKEN = re.compile(rb"<nextToken>(.+)</nextToken>")
_IMAGE = {"ImageId.1": catalogue.IMAGES[0].id_in(REGION)}
SMALL = {
    "GetCallerIdentity": ("sts", {}),
    "DescribeRegions": ("ec2", {}),
    "DescribeImages of one image": ("ec2", _IMAGE),
}
"""Small calls, each with its service and parameters."""


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure it."""
    count, runs = (1_000, 1) if quick else (10_000, 3)
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        boto3 = median(
            [spent((sys.executable, "-c", "import boto3"), os.environ, out) for _ in range(3)]
        )
        start = median([spent((sys.executable, "-c", START), os.environ, out) for _ in range(runs)])
    yardstick = (boto3.cpu_s, "import boto3")
    yield Row("start", start.wall_s, "s", Held.AT_MOST, 1.5, boto3.wall_s, "import boto3")
    took = json.loads(
        subprocess.run(
            (sys.executable, __file__, str(count)), check=True, capture_output=True
        ).stdout
    )
    limits = {"seed": 10.0, "DescribeInstances": 5.0, "DescribeInstanceImageMetadata": 2.0}
    for name, limit in limits.items():
        target = limit * count / 10_000
        yield Row(f"{name}, {count:,} instances", took[name], "s", Held.AT_MOST, target, *yardstick)
    for name in SMALL:
        yield Row(name, took[name] * 1000, "ms", yardstick=boto3.cpu_s * 1000, beside=yardstick[1])


def processor_s(act: Callable[[], object]) -> float:
    """Return how long the processors worked in this process."""
    start = time.process_time()
    act()
    return time.process_time() - start


class Caller:
    """Sends requests as the root user of the account."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._connection = HTTPConnection(sandbox.endpoint_url.removeprefix("http://"))

    def call(self, service: str, operation: str, parameters: Mapping[str, str]) -> bytes:
        """Return the answer to a call.

        Raises:
            SystemExit: it is an error.
        """
        scope = f"{ROOT_ACCESS_KEY_ID}/20261126/{REGION}/{service}/aws4_request"
        headers = {
            "Authorization": f"{_SIGNED} Credential={scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        form = {"Action": operation, "Version": _VERSIONS[service], **parameters}
        self._connection.request("POST", "/", urlencode(form), headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{operation} failed: {body.decode()}")
        return body

    def list(self, operation: str, count: int) -> None:
        """Read a listing to its end.

        Raises:
            SystemExit: it does not have so many instances.
        """
        seen, token = 0, b""
        while True:
            page = {"MaxResults": str(PAGE)} | ({"NextToken": token.decode()} if token else {})
            answer = self.call("ec2", operation, page)
            seen += answer.count(b"<imageId>")
            token = (_TOKEN.findall(answer) or [b""])[0]
            if not token:
                break
        if seen != count:
            raise SystemExit(f"{operation} has {seen} instances, not {count}")


def measured(count: int) -> dict[str, float]:
    """Measure what is called, in seconds."""
    images = [image.id_in(REGION) for image in catalogue.IMAGES[:4]]
    took = {}
    with Sandbox(pending_s=0) as sandbox:
        caller = Caller(sandbox)
        for operation in ("DescribeInstances", "DescribeInstanceImageMetadata"):
            caller.list(operation, 0)
        for name, (service, parameters) in SMALL.items():
            operation = name.partition(" ")[0]
            times = [
                processor_s(lambda: caller.call(service, operation, parameters))  # noqa: B023
                for _ in range(CALLS)
            ]
            took[name] = statistics.median(times)
        took["seed"] = processor_s(lambda: seed.seed_many(sandbox, REGION, images, count))
        for operation in ("DescribeInstances", "DescribeInstanceImageMetadata"):
            took[operation] = processor_s(lambda: caller.list(operation, count))  # noqa: B023
    return took


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
