"""A region with any instances at the seam where AWS is called: it lists them as EC2 does."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

from msgspec import Struct

from goldenami.aws.answers.interface import LazyRows
from goldenami.aws.ask import Asking
from goldenami.domain.account_region import AccountRegion
from goldenami.errors import AwsError

AT = datetime(2026, 11, 23, tzinfo=UTC)
METADATA = "ec2:DescribeInstanceImageMetadata"
INSTANCES = "ec2:DescribeInstances"
ZONES = "ec2:DescribeAvailabilityZones"
STATE = "instance-state-name"


class Held(Struct):
    """An instance of the region."""

    id: str
    zone: str = "us-east-1a"
    state: str = "running"
    kind: str = "m6i.large"


class Rows(LazyRows):
    """Rows of a page, and what is in them."""

    def __init__(self, rows: Sequence[dict[str, Any]], several: Sequence[Held]) -> None:
        self._rows = rows
        self._several = several

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def texts(self, element: str) -> list[str]:
        names = {"instanceId": "id", "availabilityZone": "zone"}
        return [getattr(each, names[element]) for each in self._several]


class Call(Struct, frozen=True):
    """A call, with its filters by name."""

    name: str
    filters: Mapping[str, Sequence[str]] = {}
    token: str = ""

    @property
    def ids(self) -> Sequence[str]:
        """The ids that are asked for, or patterns of them."""
        return self.filters.get("instance-id", ())


class BigRegion(Asking):
    """A region of EC2.

    Args:
        fleet: its instances, in the order they are listed in.
        zones: what DescribeAvailabilityZones lists.
        heeds: the filters that are heeded.
        wildcards: whether filters go by them.
        old: whether it has no DescribeInstanceImageMetadata.
        before: is told of each call before it is answered, from several threads, and may fail it.
    """

    region = where = "us-east-1"
    account = "111122223333"
    place = AccountRegion(account, region)

    def __init__(
        self,
        fleet: Sequence[Held],
        *,
        zones: Collection[str] = ("us-east-1a", "us-east-1b"),
        heeds: Collection[str] = ("instance-state-name", "instance-id", "availability-zone"),
        wildcards: bool = True,
        old: bool = False,
        before: Callable[[Call], None] = lambda _: None,
    ) -> None:
        self.fleet = list(fleet)
        self.calls: list[Call] = []
        self.served = 0
        self._zones = zones
        self._heeds = heeds
        self._wildcards = wildcards
        self._old = old
        self._before = before
        self._lock = Lock()
        self._fitting: dict[str, list[Held]] = {}

    def client(self, service: str) -> Any:
        raise AssertionError(service)

    def raw(self, call: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        filters = {each["Name"]: each["Values"] for each in parameters.get("Filters", ())}
        this = Call(call, filters, parameters.get("NextToken", ""))
        self._before(this)
        with self._lock:
            self.calls.append(this)
            if call == ZONES:
                assert parameters["AllAvailabilityZones"]
                return {"AvailabilityZones": [{"ZoneName": zone} for zone in self._zones]}
            if call == METADATA and self._old:
                raise AwsError("there is no such operation", code="InvalidAction")
            return self._page(this, parameters["MaxResults"])

    def _page(self, call: Call, size: int) -> dict[str, Any]:
        matching = self._matching(call.filters)
        ids = [each.id for each in matching]
        start = ids.index(call.token) if call.token in ids else 0
        page = matching[start : start + size]
        self.served += len(page)
        rest = ids[start + size : start + size + 1]
        more = {"NextToken": rest[0]} if rest else {}
        if call.name == INSTANCES:
            rows = [{"OwnerId": "111122223333", "Instances": [_instance(each)]} for each in page]
            return {"Reservations": Rows(rows, page), **more}
        rows = [_common(each) | {"ImageMetadata": {"ImageId": "ami-1"}} for each in page]
        return {"InstanceImageMetadata": Rows(rows, page), **more}

    def _matching(self, filters: Mapping[str, Sequence[str]]) -> list[Held]:
        """Return what filters match, by all but the states worked out once: a state may change."""
        lasting = {name: values for name, values in filters.items() if name != STATE}
        key = str(sorted(lasting.items()))
        if key not in self._fitting:
            self._fitting[key] = [each for each in self.fleet if self._matches(each, lasting)]
        if STATE not in filters or STATE not in self._heeds:
            return self._fitting[key]
        states = set(filters[STATE])
        return [each for each in self._fitting[key] if each.state in states]

    def _matches(self, held: Held, filters: Mapping[str, Sequence[str]]) -> bool:
        have = {"instance-id": held.id, "availability-zone": held.zone, STATE: held.state}
        return all(
            any(self._is(have[name], value) for value in values)
            for name, values in filters.items()
            if name in self._heeds
        )

    def _is(self, text: str, value: str) -> bool:
        return fnmatchcase(text, value) if self._wildcards else text == value


def _common(held: Held) -> dict[str, Any]:
    return {"InstanceId": held.id, "State": {"Name": held.state}, "LaunchTime": AT}


def _instance(held: Held) -> dict[str, Any]:
    return _common(held) | {"ImageId": "ami-1", "InstanceType": held.kind}
