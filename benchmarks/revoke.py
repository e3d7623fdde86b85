"""How soon nobody can launch a revoked version any more, as a ratio: part of `make bench`.

A version in 17 regions, which 10,000 instances run, on the embedded AWS with the network's latency
before each call. Beside it what a runbook does by hand: region after region, each image tagged and
each parameter written, with the same client library.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml
from table import Held, Row

from goldenami_sandbox import accounts
from goldenami_sandbox.calls import Call, Refusal
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

LATENCY_S = 0.15
INSTANCES = 10_000
REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1",
    "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "ap-south-1", "ap-northeast-1",
    "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
)  # fmt: skip
SOURCE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
PARAMETER = "/golden-ami/web-base"


class SlowNetwork(ThreadingHTTPServer):
    """Between a client and the embedded AWS: each request takes as long as over a network.

    Args:
        sandbox: what it leads to.
    """

    daemon_threads = True

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(("127.0.0.1", 0), Passage)
        self.behind = urlsplit(sandbox.endpoint_url)
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where a client reaches it."""
        return f"http://127.0.0.1:{self.server_port}"


class Passage(BaseHTTPRequestHandler):
    """Hands one client's requests on, each a while later."""

    protocol_version = "HTTP/1.1"
    server: SlowNetwork

    def do_POST(self) -> None:
        """Wait, and hand a request on."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(LATENCY_S)
        behind = self.server.behind
        connection = HTTPConnection(behind.hostname or "", behind.port)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815  the same

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Watch:
    """A guard of the embedded AWS that notes when the last image was tagged."""

    def __init__(self) -> None:
        self.tagged_at = 0.0

    def __call__(self, call: Call) -> Refusal | None:
        """Look at a call, and let it pass."""
        if call.operation == "CreateTags":
            self.tagged_at = time.perf_counter()
        return None


def goldenami(sandbox: Sandbox, state: Path, *arguments: str, url: str = "") -> None:
    """Run a command; what still uses the version is no failure here."""
    further = {"GOLDENAMI_STATE": str(state), **({"AWS_ENDPOINT_URL": url} if url else {})}
    ran = subprocess.run(
        [sys.executable, "-m", "goldenami", *arguments, "--yes"],
        env=sandbox.environment(base=os.environ) | further,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode not in (0, 10):
        raise SystemExit(ran.stderr)


def fleet(sandbox: Sandbox, folder: Path, instances: int) -> None:
    """Release two versions everywhere, and let instances run the second one."""
    for version in ("1.0", "2.0"):
        release = folder / f"release-{version}.yaml"
        content = {
            "schema": "goldenami/v1",
            "image": "web-base",
            "version": version,
            "regions": list(REGIONS),
            "base": {"source": {"ssm": SOURCE}},
            "publish": {"ssm_parameter": PARAMETER},
        }
        release.write_text(yaml.safe_dump(content))
        goldenami(sandbox, folder, "bake", str(release))
    for region in REGIONS:
        each = -(-instances // len(REGIONS))
        sandbox.client("ec2", region).run_instances(
            ImageId=image(sandbox, region, "2.0"), MinCount=each, MaxCount=each
        )


def image(sandbox: Sandbox, region: str, version: str) -> str:
    """Return the image of a version in a region."""
    (described,) = sandbox.client("ec2", region).describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [f"web-base-{version}"]}]
    )["Images"]
    return str(described["ImageId"])


def by_hand(sandbox: Sandbox, url: str) -> float:
    """Return how long it takes to do the same region after region, in seconds."""
    keys = {
        "aws_access_key_id": accounts.root_of(ACCOUNT_ID, REGIONS[0]),
        "aws_secret_access_key": "secret",
    }
    clients: list[tuple[Any, Any]] = [
        tuple(
            boto3.client(service, region_name=region, endpoint_url=url, **keys)
            for service in ("ec2", "ssm")
        )
        for region in REGIONS
    ]
    begun = time.perf_counter()
    for ec2, ssm in clients:
        good, bad = (
            ec2.describe_images(
                Owners=["self"], Filters=[{"Name": "name", "Values": [f"web-base-{version}"]}]
            )["Images"][0]["ImageId"]
            for version in ("1.0", "2.0")
        )
        ssm.put_parameter(Name=PARAMETER, Value=good, DataType="aws:ec2:image", Overwrite=True)
        ec2.create_tags(Resources=[bad], Tags=[{"Key": "goldenami:status", "Value": "revoked"}])
    spent_s = time.perf_counter() - begun
    for region in REGIONS:  # as it was
        ec2, ssm = sandbox.client("ec2", region), sandbox.client("ssm", region)
        bad = image(sandbox, region, "2.0")
        ssm.put_parameter(Name=PARAMETER, Value=bad, DataType="aws:ec2:image", Overwrite=True)
        ec2.create_tags(Resources=[bad], Tags=[{"Key": "goldenami:status", "Value": "approved"}])
    return spent_s


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure a revoke of what a fleet runs, and the same by hand."""
    instances = INSTANCES // 10 if quick else INSTANCES
    watch = Watch()
    with Sandbox(pending_s=0.0, guards=[watch]) as sandbox, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fleet(sandbox, folder, instances)
        url = SlowNetwork(sandbox).url
        hand_s = by_hand(sandbox, url)
        begun = time.perf_counter()
        why = ("--why", "CVE-2026-12345")
        goldenami(sandbox, folder, "revoke", "web-base", "2.0", *why, url=url)
        whole_s = time.perf_counter() - begun
        braked_s = watch.tagged_at - begun
    yield Row("nobody launches", braked_s, "s", Held.FASTER, None, hand_s, "region after region")
    yield Row("to its end", whole_s, "s")
