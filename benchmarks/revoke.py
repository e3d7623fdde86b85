"""How soon nobody can launch a revoked version any more, as a ratio: `make bench`.

A version in 17 regions, which 10,000 instances run, on the embedded AWS with the network's latency
before each call. Beside it what a runbook does by hand: region after region, each image tagged and
each parameter written, with the same client library.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Lock
from typing import Any

import yaml

from goldenami_sandbox.calls import Call, Refusal
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


class Network:
    """A guard of the embedded AWS: each call takes as long as over a network, once it is slow."""

    def __init__(self) -> None:
        self.slow = False
        self.tagged_at = 0.0
        self._lock = Lock()

    def __call__(self, call: Call) -> Refusal | None:
        """Let a call wait, and note when the last image was tagged."""
        if self.slow:
            time.sleep(LATENCY_S)
            if call.operation == "CreateTags":
                with self._lock:
                    self.tagged_at = time.perf_counter()
        return None


def goldenami(sandbox: Sandbox, state: Path, *arguments: str) -> None:
    """Run a command; what still uses the version is no failure here."""
    ran = subprocess.run(
        [sys.executable, "-m", "goldenami", *arguments, "--yes"],
        env=sandbox.environment(base=os.environ) | {"GOLDENAMI_STATE": str(state)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode not in (0, 10):
        raise SystemExit(ran.stderr)


def fleet(sandbox: Sandbox, folder: Path) -> None:
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
        each = -(-INSTANCES // len(REGIONS))
        sandbox.client("ec2", region).run_instances(
            ImageId=image(sandbox, region, "2.0"), MinCount=each, MaxCount=each
        )


def image(sandbox: Sandbox, region: str, version: str) -> str:
    """Return the image of a version in a region."""
    (described,) = sandbox.client("ec2", region).describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [f"web-base-{version}"]}]
    )["Images"]
    return str(described["ImageId"])


def by_hand(sandbox: Sandbox) -> float:
    """Return how long it takes to do the same region after region, in seconds."""
    clients: list[tuple[Any, Any]] = [
        (sandbox.client("ec2", region), sandbox.client("ssm", region)) for region in REGIONS
    ]
    begun = time.perf_counter()
    for (ec2, ssm), region in zip(clients, REGIONS, strict=True):
        good, bad = image(sandbox, region, "1.0"), image(sandbox, region, "2.0")
        ssm.put_parameter(Name=PARAMETER, Value=good, DataType="aws:ec2:image", Overwrite=True)
        tag = {"Key": "goldenami:status", "Value": "revoked"}
        ec2.create_tags(Resources=[bad], Tags=[tag])
    spent_s = time.perf_counter() - begun
    for (ec2, ssm), region in zip(clients, REGIONS, strict=True):  # as it was
        bad = image(sandbox, region, "2.0")
        ssm.put_parameter(Name=PARAMETER, Value=bad, DataType="aws:ec2:image", Overwrite=True)
        tag = {"Key": "goldenami:status", "Value": "approved"}
        ec2.create_tags(Resources=[bad], Tags=[tag])
    return spent_s


def main() -> None:
    """Measure and print."""
    network = Network()
    with Sandbox(pending_s=0.0, guards=[network]) as sandbox, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fleet(sandbox, folder)
        network.slow = True
        hand_s = by_hand(sandbox)
        begun = time.perf_counter()
        goldenami(sandbox, folder, "revoke", "web-base", "2.0", "--why", "CVE-2026-12345")
        whole_s = time.perf_counter() - begun
        braked_s = network.tagged_at - begun
    print(f"by hand, region after region        {hand_s:.2f} s")
    print(f"goldenami revoke, nobody launches   {braked_s:.2f} s  {hand_s / braked_s:.1f} x faster")
    print(f"goldenami revoke, to its end        {whole_s:.2f} s")


if __name__ == "__main__":
    main()
