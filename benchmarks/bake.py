"""The overhead of a bake, as a ratio: part of `make bench`.

The embedded AWS makes everything ready at once, so what is left is goldenami's own time, from the
start of the process to its end: one region against eight, whose work runs in parallel.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml
from table import Held, Row

from goldenami_sandbox.server import Sandbox

REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3",
    "eu-central-1",
)  # fmt: skip
SOURCE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def median_s(sandbox: Sandbox, folder: Path, regions: tuple[str, ...], runs: int) -> float:
    """Return the median wall time of a whole bake in these regions, in seconds."""
    release = folder / f"release-{len(regions)}.yaml"
    release.write_text(
        yaml.safe_dump(
            {
                "schema": "goldenami/v1",
                "image": "web-base",
                "regions": list(regions),
                "base": {"source": {"ssm": SOURCE}},
                "share": {"accounts": ["111122223333"]},
                "publish": {"ssm_parameter": "/golden-ami/web-base"},
            }
        )
    )
    command = [sys.executable, "-m", "goldenami", "bake", str(release), "--yes"]
    environment = sandbox.environment(base=os.environ) | {"GOLDENAMI_STATE": str(folder)}
    times = []
    for _ in range(runs):
        sandbox.reset()
        start = time.perf_counter()
        subprocess.run(command, env=environment, capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure a bake in one region, and in eight."""
    runs = 3 if quick else 5
    with Sandbox(pending_s=0.0) as sandbox, tempfile.TemporaryDirectory() as name:
        one = median_s(sandbox, Path(name), REGIONS[:1], runs)
        eight = median_s(sandbox, Path(name), REGIONS, runs)
    yield Row("one region", one, "s")
    yield Row("eight regions", eight, "s", Held.WITHIN, None, one, "one region")
