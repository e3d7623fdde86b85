"""Audits where the network is slow: part of `make bench`.

The stand-in answers as late as EC2 does, and throttles as EC2 does. Beside one big region stands
what anybody gets who lists page after page: the time of the pages alone, nothing read of them.
"""

import re
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import endpoint
import fleet
from audit import REGION, goldenami
from listings import PAGE
from processes import median, peak_mb, spent
from stand_in import StandIn, serving
from table import Held, Row

PAGE_MS = 600
LEFT_OVER = 0.25
"""The share of EC2's quota that an audit has where others use the rest."""


def page_after_page_s(served: StandIn) -> float:
    """Return how long it takes to list a region page after page, in seconds."""
    connection = HTTPConnection(urlsplit(served.url).netloc)
    filters = {f"Filter.1.Value.{at}": state for at, state in enumerate(fleet.STATES, 1)}
    asked = {
        "Action": endpoint.METADATA,
        "MaxResults": PAGE,
        "Filter.1.Name": "instance-state-name",
    }
    following: dict[str, str] = {}
    start = time.perf_counter()
    while True:
        connection.request("POST", "/", urlencode({**asked, **filters, **following}))
        token = re.search(rb"<nextToken>(.*)</nextToken>", connection.getresponse().read()[-500:])
        if token is None:
            return time.perf_counter() - start
        following = {"NextToken": token[1].decode()}


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure one big region, many regions, and many accounts."""
    with tempfile.TemporaryDirectory() as name:
        yield from _big_region(20_000 if quick else 100_000, Path(name))
        yield from _many_regions(Path(name), 3 if quick else 5)
        yield from _many_accounts(Path(name))


def _big_region(instances: int, folder: Path) -> Iterator[Row]:
    ask, out = goldenami("--region", REGION), folder / "out"
    with serving(instances, "--page-ms", str(PAGE_MS), "--throttle") as served:
        sequence_s = page_after_page_s(served)
    with serving(instances, "--page-ms", str(PAGE_MS), "--throttle") as served:
        took = spent(ask, served.environment(folder), out)
        told = served.told()
    with serving(instances, "--page-ms", str(PAGE_MS), "--throttle", str(LEFT_OVER)) as served:
        slowed = spent(ask, served.environment(folder), out)
        refused = served.told().throttled
    what = f"{instances:,} at {PAGE_MS} ms a page"
    target = 4 if instances == 100_000 else None
    beside = (sequence_s, "page after page")
    yield Row(f"{what}: side by side", took.wall_s, "s", Held.FASTER, target, *beside)
    yield Row(f"{what}: pages", told.asked[endpoint.METADATA], "")
    yield Row(f"{what}: calls in the busiest second", told.busiest, "")
    yield Row(f"{what}: calls refused", told.throttled, "", Held.AT_MOST, 0)
    others = f"others using {1 - LEFT_OVER:.0%} of the quota"
    yield Row(f"{what}: side by side, {others}", slowed.wall_s, "s")
    yield Row(f"{what}: calls refused, {others}", refused, "")


def _many_regions(folder: Path, runs: int) -> Iterator[Row]:
    with serving(1_000, "--latency-ms", "150", "--throttle") as served:
        environment, out = served.environment(folder), folder / "out"
        took = median([spent(goldenami(), environment, out) for _ in range(runs)])
        memory = peak_mb(goldenami(), environment, out)
    what = f"{len(fleet.REGIONS)} regions of 1,000 at 150 ms a call"
    yield Row(f"{what}: whole", took.wall_s, "s", Held.AT_MOST, 1.2)
    yield Row(f"{what}: memory", memory, "MB")


def _many_accounts(folder: Path) -> Iterator[Row]:
    accounts = [part for one in range(1, 51) for part in ("--account", f"{one:012d}")]
    with serving(100, "--latency-ms", "20") as served:
        ask = goldenami(*accounts, "--role", "reader")
        took = spent(ask, served.environment(folder), folder / "out")
    yield Row("51 accounts of 17 regions at 20 ms a call", took.wall_s, "s")
