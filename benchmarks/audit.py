"""The audit of one region beside its peers, against a stand-in EC2: part of `make bench`.

All answer the same question, which instances do not run a golden image, of the same instances; all
times are of whole processes, one after the other on the same machine:

- `goldenami audit` (GOLDENAMI), installed as a user has it, without what its tests need;
- `aws ec2 describe-instances` (GOLDENAMI_AWSCLI) and Cloud Custodian (GOLDENAMI_CUSTODIAN);
- expat reading the same bytes with no handlers, which is the limit to aim at.
"""

import csv
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from xml.parsers import expat

import endpoint
import fleet
import listings
from msgspec import Struct
from processes import Spent, median, peak_mb, spent
from stand_in import StandIn, serving
from table import Held, Row

REGION = "us-east-1"
GOLDEN = json.dumps(fleet.golden_ids())
ALIVE = json.dumps(list(fleet.STATES))
POLICY = f"""
policies:
- name: not-golden
  resource: aws.ec2
  query: [{{instance-state-name: {ALIVE}}}]
  filters: [{{type: value, key: ImageId, op: not-in, value: {GOLDEN}}}]
"""
FILTERS = f"Name=instance-state-name,Values={','.join(fleet.STATES)}"
QUERY = f"Reservations[].Instances[] | [?!contains(`{GOLDEN}`, ImageId)].[InstanceId,ImageId]"
"""All look for what does not run a golden image of today; the others are told which these are."""

PEERS = ("AWS CLI", "Cloud Custodian")


class Tool(Struct, frozen=True):
    """A tool that answers the question: its command, and how many instances its answer has."""

    command: Sequence[str | Path]
    count: Callable[[Path], int]


def tools(folder: Path) -> Mapping[str, Tool]:
    """Return the tools, by name; they write into a folder."""
    policy = folder / "policy.yml"
    policy.write_text(POLICY)
    cli, custodian = os.environ["GOLDENAMI_AWSCLI"], os.environ["GOLDENAMI_CUSTODIAN"]
    found = folder / "not-golden" / "resources.json"
    return {
        "goldenami": Tool(goldenami("--region", REGION), _with_findings),
        "AWS CLI": Tool(
            (cli, "ec2", "describe-instances", "--filters", FILTERS, "--query", QUERY),
            lambda out: len(json.loads(out.read_text())),
        ),
        "Cloud Custodian": Tool(
            (custodian, "run", "--cache-period", "0", "-r", REGION, "-s", folder, policy),
            lambda _: len(json.loads(found.read_text())),
        ),
    }


def goldenami(*arguments: str) -> Sequence[str]:
    """Return the command of an audit of instances; findings are lines of CSV."""
    return (os.environ["GOLDENAMI"], "audit", "--only", "instances", "--format", "csv", *arguments)


def _with_findings(report: Path) -> int:
    """Return how many instances have findings, some of which have several."""
    with report.open() as lines:
        return len({row["id"] for row in csv.DictReader(lines)})


def compared(served: StandIn, names: Sequence[str], folder: Path, runs: int) -> dict[str, Spent]:
    """Run some tools in turn; return the median of each.

    Raises:
        SystemExit: they do not find the same.
    """
    asked, environment = tools(folder), served.environment(folder)
    took: dict[str, list[Spent]] = {name: [] for name in names}
    out = folder / "out"
    for _ in range(runs):
        found = {}
        for name in names:
            took[name].append(spent(asked[name].command, environment, out))
            found[name] = asked[name].count(out)
        if len(set(found.values())) > 1 or not all(found.values()):
            raise SystemExit(f"they do not find the same: {found}")
    return {name: median(several) for name, several in took.items()}


def expat_s(instances: int) -> float:
    """Return how much processor time expat takes for all the pages of a region, in seconds."""
    served, token, taken = listings.Listings(instances), "", 0.0
    while True:
        page = served.page(endpoint.METADATA, REGION, endpoint.ALIVE, token=token)
        body, start = b"".join(page), time.process_time()
        expat.ParserCreate().Parse(body, True)
        taken += time.process_time() - start
        following = re.search(rb"<nextToken>(.*)</nextToken>", page[-1])
        if following is None:
            return taken
        token = following[1].decode()


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure one region of 10,000 and of 100,000."""
    with tempfile.TemporaryDirectory() as name:
        yield from _region(10_000, Path(name), 3, (12, 20), quick=quick)
        yield from _region(100_000, Path(name), 1 if quick else 3, (25, 50), quick=quick)


def _region(
    instances: int, folder: Path, runs: int, targets: tuple[float, float], *, quick: bool
) -> Iterator[Row]:
    big = instances > 10_000
    what = f"{instances:,} instances"
    peers = () if quick and big else PEERS
    ask, out = goldenami("--region", REGION), folder / "out"
    limit_s = expat_s(instances)
    with serving(instances) as served:
        took = compared(served, ("goldenami", *peers), folder, runs)
        environment = served.environment(folder)
        memory = peak_mb(ask, environment, out)
        served.told()
        spent(ask, environment, out)
        served_s = served.told().cpu_s
    ours = took["goldenami"]
    for peer, target in zip(peers, targets, strict=False):
        other = took[peer]
        wall, cpu = (other.wall_s, peer), (other.cpu_s, peer)
        yield Row(f"{what}, beside {peer}", ours.wall_s, "s", Held.FASTER, target, *wall)
        yield Row(f"{what}, processor time beside {peer}", ours.cpu_s, "s", Held.FASTER, None, *cpu)
    limit = (limit_s, "expat, no handlers")
    yield Row(f"{what}, processor time", ours.cpu_s, "s", Held.WITHIN, 4 if big else None, *limit)
    yield Row(f"{what}, memory", memory, "MB", Held.AT_MOST, None if big else 120)
    if not big:
        with serving(instances, "--old") as served:
            older = compared(served, ("goldenami",), folder, runs)["goldenami"]
        yield Row(f"{what} by DescribeInstances", older.wall_s, "s")
    yield Row(f"{what}, processor time of the stand-in", served_s, "s")
