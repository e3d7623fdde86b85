"""A whole rehearsal of the example release, on the embedded AWS: part of `make bench`.

Beside it stands `import boto3`, the same on any version of goldenami, so that its time can be
compared with what it was.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from processes import median, spent
from table import Held, Row

BEFORE = 54
"""How many times the processor time of `import boto3` it took before it was made faster."""


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure it."""
    runs = 1 if quick else 3
    rehearse = (sys.executable, "-m", "goldenami", "rehearse")
    boto3 = (sys.executable, "-c", "import boto3")
    with tempfile.TemporaryDirectory() as name:
        environment, out = {**os.environ, "GOLDENAMI_STATE": name}, Path(name) / "out"
        took = median([spent(rehearse, environment, out) for _ in range(runs)])
        beside = [spent(boto3, environment, out).cpu_s for _ in range(3)]
    yield Row("goldenami rehearse", took.wall_s, "s")
    yardstick = (statistics.median(beside), "import boto3")
    yield Row("processor time", took.cpu_s, "s", Held.WITHIN, BEFORE / 2, *yardstick)
