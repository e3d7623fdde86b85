"""The audit beside its peers, against a stand-in EC2: `make bench`.

All answer the same question, which instances do not run the golden image, of the same instances;
all times are of whole processes, one after the other on the same machine:

- `goldenami audit` (GOLDENAMI), installed as a user has it, without what its tests need;
- `aws ec2 describe-instances` (GOLDENAMI_AWSCLI) and Cloud Custodian (GOLDENAMI_CUSTODIAN);
- expat reading the same bytes with no handlers, which is the limit to aim at.

`--million` adds the run over 1,000,000 instances; `--quick` leaves the 100,000 out.
"""

import argparse
import csv
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat

import endpoint
import fleet
import listings
import msgspec
from msgspec import Struct

GOLDENAMI = (os.environ["GOLDENAMI"], "audit", "--only", "instances")
ONE_REGION = ("--region", "us-east-1")
_AFRESH = ("--cache-period", "0", "-r", "us-east-1")
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


class Run(Struct, frozen=True):
    """How long a process took, and how much memory it had at most."""

    seconds: float
    memory_mb: float

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s {self.memory_mb:6.0f} MB"


@contextmanager
def serving(instances: int, *options: str) -> Iterator[str]:
    """Run the stand-in in a process of its own, and give its address."""
    command = [sys.executable, endpoint.__file__, "--instances", str(instances), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def timed(command: Sequence[str | Path], url: str, folder: Path, runs: int = 1) -> Run:
    """Run a command against the stand-in; the median of several runs."""
    return sorted((_timed(command, url, folder) for _ in range(runs)), key=_seconds)[runs // 2]


def _seconds(run: Run) -> float:
    return run.seconds


def _timed(command: Sequence[str | Path], url: str, folder: Path) -> Run:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(folder),
    }
    start = time.perf_counter()
    with (folder / "out").open("wb") as out:
        running = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.PIPE)
        assert running.stderr is not None
        said = running.stderr.read()
        _, status, used = os.wait4(running.pid, 0)
        running.stderr.close()
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode not in (0, 10):
        raise SystemExit(f"{command[0]} failed: {said.decode()}")
    return Run(time.perf_counter() - start, used.ru_maxrss * 1024 / 1e6)


def expat_alone(instances: int) -> float:
    """Return how long expat takes for the pages of one region, in seconds."""
    served, token, spent = listings.Listings(instances), "", 0.0
    while True:
        page = served.page(endpoint.METADATA, "us-east-1", endpoint.ALIVE, token=token)
        body, start = b"".join(page), time.process_time()
        expat.ParserCreate().Parse(body, True)
        spent += time.process_time() - start
        following = re.search(rb"<nextToken>(.*)</nextToken>", page[-1])
        if following is None:
            return spent
        token = following[1].decode()


def one_region(instances: int, folder: Path) -> None:
    """Compare with the peers."""
    policy = folder / "policy.yml"
    policy.write_text(POLICY)
    listing = ("ec2", "describe-instances", "--filters", FILTERS, "--query", QUERY)
    cli = (os.environ["GOLDENAMI_AWSCLI"], *listing)
    custodian = (os.environ["GOLDENAMI_CUSTODIAN"], "run", *_AFRESH, "-s", folder, policy)
    runs = 3 if instances <= 10_000 else 1
    with serving(instances) as url:
        ours = timed([*GOLDENAMI, *ONE_REGION, "--format", "csv"], url, folder, runs)
        found = {"goldenami": _without_golden(folder / "out")}
        by_cli = timed(cli, url, folder, runs)
        found["aws"] = len(json.loads((folder / "out").read_text()))
        by_custodian = timed(custodian, url, folder, runs)
        found["c7n"] = len(json.loads((folder / "not-golden" / "resources.json").read_text()))
    if len(set(found.values())) > 1:
        raise SystemExit(f"they do not find the same: {found}")
    with serving(instances, "--old") as url:
        fallback = timed([*GOLDENAMI, *ONE_REGION, "--format", "csv"], url, folder, runs)
    limit = expat_alone(instances)
    print(f"one region, {instances:,} instances")
    print(f"  goldenami audit            {ours}")
    print(f"    by DescribeInstances     {fallback}")
    print(f"  aws ec2 describe-instances {by_cli}  {by_cli.seconds / ours.seconds:5.1f} x")
    print(
        f"  Cloud Custodian            {by_custodian}  {by_custodian.seconds / ours.seconds:5.1f} x"
    )
    print(f"  expat, no handlers         {limit:7.2f} s            {limit / ours.seconds:5.2f} x")


def _without_golden(report: Path) -> int:
    """Return how many instances have findings, some of which have several."""
    with report.open() as lines:
        return len({row["id"] for row in csv.DictReader(lines)})


def many_regions(folder: Path) -> None:
    """17 regions of 1,000 instances, far away; how many requests that takes."""
    with serving(1_000, "--latency-ms", "150") as url:
        ours = timed([*GOLDENAMI, "--format", "csv"], url, folder)
        told = msgspec.json.decode(urllib.request.urlopen(url).read(), type=endpoint.Told)
    print(f"17 regions x 1,000 at 150 ms   {ours}  (to be under 1.2 s)\n  {told}")


def many_accounts(folder: Path) -> None:
    """50 accounts of 17 regions, each read by its role."""
    ids = [f"{number:012d}" for number in range(1, 51)]
    accounts = [part for one in ids for part in ("--account", one)]
    with serving(100, "--latency-ms", "20") as url:
        wanted = (*accounts, "--role", "reader", "--format", "csv")
        ours = timed([*GOLDENAMI, *wanted], url, folder)
    print(f"51 accounts x 17 regions x 100 {ours}")


def million(folder: Path) -> None:
    """1,000,000 instances over 17 regions, in every format that streams."""
    each = -(-1_000_000 // len(fleet.REGIONS))
    whole = each * len(fleet.REGIONS)
    with serving(each) as url:
        for form in ("jsonl", "csv", "json"):
            ours = timed([*GOLDENAMI, "--format", form], url, folder)
            rate = whole / ours.seconds
            print(f"{whole:,} instances, {form:5}      {ours}  {rate:8,.0f} a second")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as name:
        one_region(10_000, Path(name))
        if not given.quick:
            one_region(100_000, Path(name))
        many_regions(Path(name))
        many_accounts(Path(name))
        if given.million:
            million(Path(name))


if __name__ == "__main__":
    main()
