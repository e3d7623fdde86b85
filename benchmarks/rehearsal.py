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

from processes import Spent, median, spent
from table import Held, Row

BEFORE = 54
"""How many times the processor time of `import boto3` it took before it was made faster.

It was 54 to 65 times, as the machine went: 13.4 s, and 17.7 s by the clock.
"""


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure it."""
    rehearse = (sys.executable, "-m", "goldenami", "rehearse")
    boto3 = (sys.executable, "-c", "import boto3")
    with tempfile.TemporaryDirectory() as name:
        environment, out = {**os.environ, "GOLDENAMI_STATE": name}, Path(name) / "out"
        took_each: list[Spent] = []
        beside: list[float] = []
        for _ in range(1 if quick else 3):
            took_each.append(spent(rehearse, environment, out))
            beside += [spent(boto3, environment, out).cpu_s for _ in range(3)]
        took = median(took_each)
    yield Row("goldenami rehearse", took.wall_s, "s")
    yardstick = (statistics.median(beside), "import boto3")
    yield Row("processor time", took.cpu_s, "s", Held.WITHIN, BEFORE / 2, *yardstick)
