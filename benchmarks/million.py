"""A million instances over 17 regions, on one core and on two: part of `make bench`.

On one core the stand-in is on it, too: what it takes of the cores is in both times, and is told
beside them. The part that is serial follows from these, as Karp and Flatt have it:
https://en.wikipedia.org/wiki/Karp%E2%80%93Flatt_metric.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import fleet
from audit import goldenami
from processes import median, peak_mb, spent
from stand_in import serving
from table import Held, Row

ON_ONE = "import os, sys; os.sched_setaffinity(0, {%d}); os.execv(sys.argv[1], sys.argv[1:])"


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure it; quick, a tenth of it."""
    each = -(-(100_000 if quick else 1_000_000) // len(fleet.REGIONS))
    instances, every = each * len(fleet.REGIONS), os.sched_getaffinity(0)
    ask, core, cores = goldenami(), min(every), len(every)
    alone = (sys.executable, "-c", ON_ONE % core, *ask)
    several, pinned = [], []
    with serving(each) as served, tempfile.TemporaryDirectory() as name:
        environment, out = served.environment(Path(name)), Path(name) / "out"
        for _ in range(1 if quick else 3):
            several.append(spent(ask, environment, out))
            os.sched_setaffinity(served.process, {core})  # those of new connections are there, too
            pinned.append(spent(alone, environment, out))
            os.sched_setaffinity(served.process, every)
        served.told()
        memory = peak_mb(ask, environment, out)
        served_s = served.told().cpu_s
    took, one = median(several), median(pinned)
    what = f"{instances:,} instances"
    serial = 100.0 if cores == 1 else (cores * took.wall_s / one.wall_s - 1) / (cores - 1) * 100
    rate, speedup, alone_part, most = (None,) * 4 if quick else (60_000, 1.7, 10, 250)
    yield Row(f"{what}: a second", instances / took.wall_s, "/s", Held.AT_LEAST, rate)
    beside = (speedup, one.wall_s, "one core")
    yield Row(f"{what}: on {cores} cores", took.wall_s, "s", Held.FASTER, *beside)
    yield Row(f"{what}: part that is serial", serial, "%", Held.AT_MOST, alone_part)
    yield Row(f"{what}: memory", memory, "MB", Held.AT_MOST, most)
    yield Row(f"{what}: processor time of the stand-in", served_s, "s")
