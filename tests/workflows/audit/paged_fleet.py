"""A fleet in many small pages, listed by a real HTTP server: other processes reach it, too."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs

ACCOUNT = "111122223333"
REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
PAGES = 12
A_PAGE = 3
GATE = 4
"""The page that nobody gets before the gate is open: by then all processes take part. Of the
partitions by id it is the ninth."""
GOLDEN, OTHER = "ami-00000000000000001", "ami-00000000000000002"
_NS = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
_STS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")
_DENIED = (
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>"
    "</Errors><RequestID>x</RequestID></Response>"
)


class PagedFleet(ThreadingHTTPServer):
    """Three regions of a dozen pages each; every third instance does not run the golden image.

    ``denied`` is a page that it refuses, ``broken`` one whose rows are none, each with its region;
    ``old`` lets it not know DescribeInstanceImageMetadata, ``endless`` lets the last page have a
    next one. With ``heeds_ids`` it lists by patterns of ids, which are ``filters`` then.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gate = Event()
        self.denied = self.broken = ("", 0)
        self.old = self.endless = self.heeds_ids = False
        self.filters: set[str] = set()
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Print nothing: a process that is ended hangs up."""

    def answer(self, action: str, region: str, asked: dict[str, list[str]]) -> tuple[int, str]:
        """Return an answer, and its status."""
        self.asked.append(action)
        if action in ("DescribeInstanceImageMetadata", "DescribeInstances"):
            patterns = [value for key, (value,) in asked.items() if re.search(r"2\.Value", key)]
            self.filters.update(patterns)
            number = int(asked.get("NextToken", ["0"])[0])
            return self._page(action, region, number, patterns)
        return 200, _OTHERS[action]

    def _id(self, number: int) -> str:
        """Return an id; one that is no hexadecimal number is in no partition."""
        return f"i-{number:016x}" + ("" if self.heeds_ids else "x")

    def _page(self, action: str, region: str, number: int, patterns: list[str]) -> tuple[int, str]:
        old = action == "DescribeInstances"
        if self.denied == (region, number) or (self.old and not old):
            return 403, _DENIED
        if number >= GATE or "*8" in patterns:
            assert self.gate.wait(60)
        every = [self._id(name) for name in range(PAGES * A_PAGE)]
        if self.heeds_ids and patterns:
            every = [name for name in every if any(fnmatchcase(name, each) for each in patterns)]
        names = every[number * A_PAGE :][:A_PAGE]
        items = "".join(f"<item>{(_reservation if old else _item)(name)}</item>" for name in names)
        if self.broken == (region, number):
            items = "<item/>"
        more = (number + 1) * A_PAGE < len(every) or self.endless
        token = f"<nextToken>{number + 1}</nextToken>" if more else ""
        listed = "reservationSet" if old else "instanceImageMetadataSet"
        return 200, (
            f"<{action}Response {_NS}><requestId>x</requestId><{listed}>{items}</{listed}>{token}"
            f"</{action}Response>"
        )


def _number(name: str) -> int:
    return int(name.strip("ix-"), 16)


def _image(name: str) -> str:
    number = _number(name)
    return OTHER if number % 3 == 0 else GOLDEN


def _tags(name: str) -> str:
    number = _number(name)
    tags = {"Name": f"shop-{number}", "Team": "platform" if number % 2 else "data"}
    if number == 3 * (PAGES - 2):  # says that it belongs to a bake: nothing proves it
        build = "20261001T050211Z-a1b2c3"
        tags |= {"goldenami:role": "base", "goldenami:spec": "0" * 64, "goldenami:build": build}
    items = (f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items())
    return f"<tagSet>{''.join(items)}</tagSet>"


def _item(name: str) -> str:
    return (
        f"<instanceId>{name}</instanceId><launchTime>2026-10-05T08:15:42.000Z</launchTime>"
        f"<instanceState><code>16</code><name>running</name></instanceState>{_tags(name)}"
        f"<imageMetadata><imageId>{_image(name)}</imageId><name>web</name><imageOwnerId>{ACCOUNT}"
        "</imageOwnerId><imageState>available</imageState></imageMetadata>"
    )


def _reservation(name: str) -> str:
    return (
        f"<ownerId>{ACCOUNT}</ownerId><instancesSet><item><instanceId>{name}</instanceId>"
        f"<imageId>{_image(name)}</imageId><instanceState><code>16</code><name>running</name>"
        "</instanceState><instanceType>t3.micro</instanceType>"
        f"<launchTime>2026-10-05T08:15:42.000Z</launchTime>{_tags(name)}</item></instancesSet>"
    )


def _own_image(image_id: str) -> str:
    return (
        f"<item><imageId>{image_id}</imageId><name>web</name><imageOwnerId>{ACCOUNT}</imageOwnerId>"
        "<imageState>available</imageState><architecture>x86_64</architecture><isPublic>false"
        "</isPublic><creationDate>2026-10-01T05:02:11.000Z</creationDate><tagSet/></item>"
    )


_OTHERS = {
    "DescribeRegions": f"<DescribeRegionsResponse {_NS}><requestId>x</requestId><regionInfo>"
    + "".join(f"<item><regionName>{region}</regionName></item>" for region in REGIONS)
    + "</regionInfo></DescribeRegionsResponse>",
    "DescribeImages": f"<DescribeImagesResponse {_NS}><requestId>x</requestId><imagesSet>"
    f"{_own_image(GOLDEN)}{_own_image(OTHER)}</imagesSet></DescribeImagesResponse>",
    "DescribeAvailabilityZones": f"<DescribeAvailabilityZonesResponse {_NS}><requestId>x"
    "</requestId><availabilityZoneInfo><item><zoneName>a</zoneName></item></availabilityZoneInfo>"
    "</DescribeAvailabilityZonesResponse>",
    "GetCallerIdentity": f"<GetCallerIdentityResponse {_STS}><GetCallerIdentityResult><Arn>arn:aws:"
    f"iam::{ACCOUNT}:user/x</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>x</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>",
    "GetParameters": json.dumps({"Parameters": [], "InvalidParameters": []}),
    "GetParametersByPath": json.dumps({"Parameters": []}),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: PagedFleet

    def do_POST(self) -> None:
        """Answer a call."""
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        scope = _SCOPE.search(self.headers["Authorization"])
        assert scope
        target = self.headers.get("X-Amz-Target", "")
        action = target.rpartition(".")[2] or asked["Action"][0]
        status, text = self.server.answer(action, scope[1], asked)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[PagedFleet]:
    """Serve the fleet while the block runs."""
    with PagedFleet() as fleet:
        thread = Thread(target=fleet.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fleet
        finally:
            fleet.gate.set()
            fleet.shutdown()
            thread.join()
