"""A stand-in for EC2: a fleet as varied as real ones, and any size and pace.

    python benchmarks/endpoint.py --instances 100000 --latency-ms 150 --page-ms 600

Every region has as many instances. It answers what an audit, the AWS CLI and Cloud Custodian ask of
it, and nothing else; a GET tells what it was asked since the last one (`Told`). What it serves is
made before its address is printed, so that it takes little of the time of what is measured.
"""

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock
from urllib.parse import parse_qsl

import answers
import fleet
import msgspec
from listings import OPERATIONS, PAGE, Filters, Listings, RefusedListingError

METADATA = "DescribeInstanceImageMetadata"
ALIVE: Filters = (("instance-state-name", tuple(fleet.STATES)),)
BUCKET, REFILL = 100, 20
"""How many calls a region takes at once, and how many more each second.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""
_BODY = "{}"
"""The name under which the body of a call in JSON is."""
_SCOPE = re.compile(rb"Credential=[^/]*/\d*/([a-z0-9-]+)/")


class Told(msgspec.Struct, frozen=True):
    """What the stand-in was asked since it was last asked what.

    Args:
        asked: how often by operation, with what was refused.
        throttled: how often it answered RequestLimitExceeded.
        busiest: the most calls to one region within one second.
        cpu_s: the time of processors that it took for it.
    """

    asked: dict[str, int]
    throttled: int
    busiest: int
    cpu_s: float


class Bucket:
    """The tokens that the calls to a region take.

    Args:
        share: how much of EC2's quota there is; others use the rest.
    """

    def __init__(self, share: float) -> None:
        self._most, self._refill = BUCKET * share, REFILL * share
        self._tokens, self._at = self._most, 0.0

    def take(self, now: float) -> bool:
        """Take a token at a time, in seconds; tell whether there was any."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._refill)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Pace(msgspec.Struct, frozen=True):
    """How long it takes to answer: each call, and each page of instances on top of that.

    ``quota`` is how much of EC2's request quota there is; without any it throttles nothing.
    """

    latency_s: float = 0.0
    page_s: float = 0.0
    quota: float = 0.0


class Endpoint(ThreadingTCPServer):
    """The server, with what it was asked.

    Args:
        instances: how many in each region are alive.
        pace: how long it takes to answer, and whether it throttles.
        old: whether it lacks DescribeInstanceImageMetadata.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, instances: int, pace: Pace, *, old: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self._pace, self._old = pace, old
        self._listings = Listings(instances)
        for operation in OPERATIONS:
            for region in fleet.REGIONS:
                self._listings.page(operation, region, ALIVE, size=1)
        self._lock = Lock()
        self._buckets: defaultdict[str, Bucket] = defaultdict(partial(Bucket, pace.quota))
        self._forget()

    def _forget(self) -> None:
        self._asked: Counter[str] = Counter()
        self._seconds: Counter[tuple[str, int]] = Counter()
        self._throttled = 0
        self._cpu_s = time.process_time()

    def told(self) -> Told:
        """Return what it was asked since the last time."""
        with self._lock:
            told = Told(
                asked=dict(self._asked),
                throttled=self._throttled,
                busiest=max(self._seconds.values(), default=0),
                cpu_s=time.process_time() - self._cpu_s,
            )
            self._forget()
        return told

    def answer(self, region: str, asked: Mapping[str, str]) -> tuple[int, list[bytes]]:
        """Return the HTTP status and the parts of the answer to a call."""
        operation = asked["Action"]
        with self._lock:
            self._asked[operation] += 1
            now = time.monotonic()
            self._seconds[region, int(now)] += 1
            refused = self._pace.quota > 0 and not self._buckets[region].take(now)
            self._throttled += refused
        time.sleep(self._pace.latency_s)
        if refused:
            return 503, [answers.error("RequestLimitExceeded", "Request limit exceeded.")]
        if self._old and operation == METADATA:
            return 400, [answers.error("InvalidAction", "The action is not valid.")]
        try:
            return 200, self._answered(operation, region, asked)
        except RefusedListingError as error:
            return 400, [answers.error(error.code, str(error))]

    def _answered(self, operation: str, region: str, asked: Mapping[str, str]) -> list[bytes]:
        if operation not in OPERATIONS:
            return [_OTHERS[operation](region, asked)]
        time.sleep(self._pace.page_s)
        ids = _numbered(asked, "InstanceId")
        return self._listings.page(
            operation,
            region,
            (*_filters(asked), *((("instance-id", ids),) if ids else ())),
            size=int(asked.get("MaxResults", PAGE)),
            token=asked.get("NextToken", ""),
        )


def _numbered(asked: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return a list of a call: ``Name.1``, ``Name.2`` and so on."""
    values, at = [], 1
    while (value := asked.get(f"{name}.{at}")) is not None:
        values.append(value)
        at += 1
    return tuple(values)


def _filters(asked: Mapping[str, str]) -> Filters:
    names = [f"Filter.{at}" for at in range(1, 20) if f"Filter.{at}.Name" in asked]
    return tuple((asked[f"{name}.Name"], _numbered(asked, f"{name}.Value")) for name in names)


def _images(_: str, asked: Mapping[str, str]) -> bytes:
    by_id = [values for key, values in _filters(asked) if key == "image-id"]
    return answers.images(by_id[0] if by_id else _numbered(asked, "ImageId"))


def _zones(region: str, asked: Mapping[str, str]) -> bytes:
    every = asked.get("AllAvailabilityZones") == "true"
    return answers.zones(region, _filters(asked), every=every)


_OTHERS: Mapping[str, Callable[[str, Mapping[str, str]], bytes]] = {
    "DescribeRegions": lambda *_: answers.regions(),
    "DescribeAvailabilityZones": _zones,
    "DescribeImages": _images,
    "GetCallerIdentity": lambda *_: answers.caller(),
    "AssumeRole": lambda *_: answers.credentials(),
    "GetParameters": lambda _, asked: answers.no_parameters(asked[_BODY]),
}


class Connection(StreamRequestHandler):
    """Answers the calls of one connection, with as little of HTTP as clients need."""

    disable_nagle_algorithm = True
    server: Endpoint

    def handle(self) -> None:
        """Answer until the client goes."""
        while line := self.rfile.readline():
            headers = dict(iter(self._header, None))
            body = self.rfile.read(int(headers.get(b"content-length", 0))).decode()
            if line.startswith(b"GET"):
                self._send(200, [msgspec.json.encode(self.server.told())])
                continue
            scope = _SCOPE.search(headers.get(b"authorization", b""))
            asked = dict(parse_qsl(body, keep_blank_values=True))
            if target := headers.get(b"x-amz-target"):
                asked = {"Action": target.decode().rpartition(".")[2], _BODY: body}
            self._send(*self.server.answer(scope[1].decode() if scope else "us-east-1", asked))

    def _header(self) -> tuple[bytes, bytes] | None:
        name, colon, value = self.rfile.readline().partition(b":")
        return (name.lower(), value.strip()) if colon else None

    def _send(self, status: int, parts: list[bytes]) -> None:
        size = sum(map(len, parts))
        head = (
            f"HTTP/1.1 {status} x\r\nContent-Type: text/xml;charset=UTF-8\r\n"
            f"Content-Length: {size}\r\n\r\n"
        ).encode()
        sent = self.connection.sendmsg([head, *parts])
        for part in (head, *parts):  # what the first call could not take
            if sent < len(part):
                self.connection.sendall(memoryview(part)[sent:])
            sent = max(sent - len(part), 0)


def main() -> None:
    """Serve until killed; the address is the first line of the output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000, help="in each region")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of each call")
    parser.add_argument("--page-ms", type=float, default=0.0, help="of each page, on top of it")
    parser.add_argument(
        "--throttle", type=float, nargs="?", const=1.0, default=0.0, metavar="SHARE",
        help="as EC2 does, where others leave that share of the quota",
    )  # fmt: skip
    parser.add_argument("--old", action="store_true", help=f"no {METADATA}")
    given = parser.parse_args()
    pace = Pace(given.latency_ms / 1000, given.page_ms / 1000, given.throttle)
    server = Endpoint(given.instances, pace, old=given.old)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
