"""Pages of instances as EC2 answers them, made so cheaply that they cost next to what reads them.

What an instance is in XML is prepared once and cut where it changes from copy to copy of the block
(its id) and from region to region (its zone). A page is those pieces, joined.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import accumulate
from xml.sax.saxutils import escape
from zlib import crc32

import fleet
from fleet import ACCOUNT, FleetInstance
from msgspec import Struct

PAGE = 1000
NS = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
_SERIAL, _ZONE = "\x01", "\x02"
_CUT = f"{_SERIAL}|{_ZONE}"
"""Where the pieces of an item are cut: what a copy is called, and which zone it is in."""

Filters = tuple[tuple[str, tuple[str, ...]], ...]
"""The filters of a call by name, each with its values; sorted, so that they are one key."""


class RefusedListingError(Exception):
    """EC2 refuses the call: the code of the error, and what it says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rows(Struct, frozen=True):
    """Instances in the order they are listed: the pieces of each, and where it is.

    Between two pieces comes what ``cuts`` says: the serial of the copy, or the zone.
    """

    cuts: str
    columns: Sequence[Sequence[bytes]]
    zones: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.zones)

    def picked(self, numbers: Sequence[int]) -> "Rows":
        """Return those at some places."""
        columns = [[column[number] for number in numbers] for column in self.columns]
        return Rows(self.cuts, columns, [self.zones[number] for number in numbers])

    def joined(self, serial: bytes, start: int, end: int) -> bytes:
        """Return the text of some of them, as those of one copy."""
        zones = self.zones[start:end]
        step = 2 * len(self.cuts) + 1
        pieces = [serial] * (step * len(zones))
        for at, column in enumerate(self.columns):
            pieces[2 * at :: step] = column[start:end]
        for at, cut in enumerate(self.cuts):
            if cut == _ZONE:
                pieces[2 * at + 1 :: step] = zones
        return b"".join(pieces)


class Operation(Struct, frozen=True):
    """One of the two listings.

    Args:
        name: the operation.
        key: the element that its list is in.
        zone_id: the element that has the id of an instance's zone.
        item: makes an instance's text, cut where it changes.
    """

    name: str
    key: str
    zone_id: str
    item: Callable[[FleetInstance], str]


def _metadata_item(one: FleetInstance) -> str:
    image = one.image
    about = (
        ("imageId", image.id), ("name", image.name), ("imageOwnerId", image.owner),
        ("imageState", image.state), ("imageOwnerAlias", image.alias),
        ("creationDate", image.created), ("deprecationTime", image.deprecated),
        ("imageAllowed", "true" if image.owner else ""),
        ("isPublic", str(bool(image.alias)).lower() if image.created else ""),
    )  # fmt: skip
    listed = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in about if value)
    return (
        f"<item><instanceId>i-0{_SERIAL}{one.digits}</instanceId><instanceType>{one.type}"
        f"</instanceType><launchTime>{one.launched}</launchTime>{_ZONE}<instanceState><code>"
        f"{fleet.STATE_CODES[one.state]}</code><name>{one.state}</name></instanceState>"
        f"<instanceOwnerId>{ACCOUNT}</instanceOwnerId><tagSet>{fleet.tag_set(one.tags)}</tagSet>"
        f"<imageMetadata>{listed}</imageMetadata></item>"
    )


def _instance_item(one: FleetInstance) -> str:
    """Return an instance as DescribeInstances has it, in a reservation of its own."""
    address = f"10.{one.number >> 16 & 255}.{one.number >> 8 & 255}.{one.number & 255}"
    group = "<item><groupId>sg-0a1b2c3d4e5f60718</groupId><groupName>shop</groupName></item>"
    dns, own = f"ip-{address.replace('.', '-')}.ec2.internal", f"0{_SERIAL}{one.digits}"
    return f"""<item><reservationId>r-{own}</reservationId>
<ownerId>{ACCOUNT}</ownerId><groupSet/><instancesSet><item>
<instanceId>i-{own}</instanceId><imageId>{one.image.id}</imageId>
<instanceState><code>{fleet.STATE_CODES[one.state]}</code><name>{one.state}</name></instanceState>
<privateDnsName>{dns}</privateDnsName><dnsName/><reason/><keyName>shop</keyName>
<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>{one.type}</instanceType>
<launchTime>{one.launched}</launchTime><placement>{_ZONE}
<groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>
<subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId>
<privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck>
<groupSet>{group}</groupSet><architecture>x86_64</architecture>
<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>
<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs>
<volumeId>vol-{own}</volumeId><status>attached</status>
<attachTime>{one.launched}</attachTime><deleteOnTermination>true</deleteOnTermination>
</ebs></item></blockDeviceMapping><virtualizationType>hvm</virtualizationType>
<clientToken>fleet-{one.number:012d}</clientToken><tagSet>{fleet.tag_set(one.tags)}</tagSet>
<hypervisor>xen</hypervisor><networkInterfaceSet><item>
<networkInterfaceId>eni-{own}</networkInterfaceId>
<subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId><description/>
<ownerId>{ACCOUNT}</ownerId><status>in-use</status><macAddress>0a:1b:2c:3d:4e:5f</macAddress>
<privateIpAddress>{address}</privateIpAddress><privateDnsName>{dns}</privateDnsName>
<sourceDestCheck>true</sourceDestCheck><groupSet>{group}</groupSet><attachment>
<attachmentId>eni-attach-0a1b2c3d4e5f60718</attachmentId><deviceIndex>0</deviceIndex>
<networkCardIndex>0</networkCardIndex><status>attached</status>
<attachTime>{one.launched}</attachTime><deleteOnTermination>true</deleteOnTermination>
</attachment><privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress>
<privateDnsName>{dns}</privateDnsName><primary>true</primary></item></privateIpAddressesSet>
<ipv6AddressesSet/><interfaceType>interface</interfaceType></item></networkInterfaceSet>
<iamInstanceProfile><arn>arn:aws:iam::{ACCOUNT}:instance-profile/shop</arn>
<id>AIPA0123456789ABCDEF0</id></iamInstanceProfile><ebsOptimized>true</ebsOptimized>
<enaSupport>true</enaSupport><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore>
</cpuOptions><capacityReservationSpecification><capacityReservationPreference>open
</capacityReservationPreference></capacityReservationSpecification><hibernationOptions>
<configured>false</configured></hibernationOptions><enclaveOptions><enabled>false</enabled>
</enclaveOptions><metadataOptions><state>applied</state><httpTokens>required</httpTokens>
<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>
<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags>
</metadataOptions><platformDetails>Linux/UNIX</platformDetails>
<usageOperation>RunInstances</usageOperation>
<usageOperationUpdateTime>{one.launched}</usageOperationUpdateTime>
<privateDnsNameOptions><hostnameType>ip-name</hostnameType>
<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>
<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>
<currentInstanceBootMode>uefi</currentInstanceBootMode></item></instancesSet></item>"""


OPERATIONS = {
    one.name: one
    for one in (
        Operation("DescribeInstances", "reservationSet", "availabilityZoneId", _instance_item),
        Operation(
            "DescribeInstanceImageMetadata", "instanceImageMetadataSet", "zoneId", _metadata_item
        ),
    )
}


class Listings:
    """The listings of a fleet with so many instances in each region.

    Args:
        instances: how many in each region are alive. Some terminated ones are listed beside them.
    """

    def __init__(self, instances: int) -> None:
        self._instances = instances
        self._size = min(instances, fleet.BLOCK)
        self._block = fleet.block(self._size)
        self._numbers = lru_cache(maxsize=512)(partial(_matching, self._block))
        self._rows = cache(self._rows_in)
        self._listing = lru_cache(maxsize=512)(self._listing_of)
        for operation in OPERATIONS:
            for region in fleet.REGIONS:
                self._rows(operation, region)

    def page(
        self, name: str, region: str, filters: Filters = (), *, size: int = PAGE, token: str = ""
    ) -> list[bytes]:
        """Return a page of a listing, in parts that follow each other.

        Args:
            name: the operation.
            region: where.
            filters: what is listed; pages are those of what they select.
            size: how many instances the page may have.
            token: what the page before gave.

        Raises:
            RefusedListingError: there is no such filter, or the token is of another listing.
        """
        mark = f"{crc32(repr((name, region, filters)).encode()):08x}"
        if token and (token[:8] != mark or not token[8:].isdecimal()):
            raise RefusedListingError(
                "InvalidParameterValue", f"Invalid value for nextToken: {token}"
            )
        start = int(token[8:] or 0)
        end, position, parts = start + min(size, PAGE), 0, []
        for serial, rows in self._listing(name, region, filters):
            if position < end and position + len(rows) > start:
                parts.append(rows.joined(serial, max(start - position, 0), end - position))
            position += len(rows)
        more = f"<nextToken>{mark}{end}</nextToken>" if end < position else ""
        key = OPERATIONS[name].key
        head = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}Response {NS}>'
            f"<requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId><{key}>"
        )
        return [head.encode(), *parts, f"</{key}>{more}</{name}Response>".encode()]

    def count(self, region: str, filters: Filters = ()) -> int:
        """Return how many instances a listing has with these filters."""
        runs = self._listing("DescribeInstanceImageMetadata", region, filters)
        return sum(len(rows) for _, rows in runs)

    def _rows_in(self, name: str, region: str) -> Rows:
        """Return the whole block in a region; what no region changes is there once."""
        key = OPERATIONS[name].zone_id
        zones = [_zone_text(_zone_of(one, region), key) for one in self._block]
        if region != fleet.REGIONS[0]:
            first = self._rows(name, fleet.REGIONS[0])
            return Rows(first.cuts, first.columns, zones)
        items = [OPERATIONS[name].item(one) for one in self._block]
        cuts = "".join(re.findall(_CUT, items[0]))
        pieces = [re.split(_CUT, item) for item in items]
        return Rows(
            cuts, [[one.encode() for one in column] for column in zip(*pieces, strict=True)], zones
        )

    def _listing_of(self, name: str, region: str, filters: Filters) -> list[tuple[bytes, Rows]]:
        """Return what a filtered listing has: for each copy its serial, and its instances."""
        rows = self._rows(name, region)
        by_id = [one for one in filters if one[0] == "instance-id" and not _of_endings(one[1])]
        ids = [pattern(values) for _, values in by_id]
        zone_free = tuple(one for one in filters if one[0] not in _ZONE_KEYS and one not in by_id)
        in_zones = [
            (_ZONE_KEYS[key], pattern(values)) for key, values in filters if key in _ZONE_KEYS
        ]
        numbers = tuple(
            number
            for number in self._numbers(zone_free)
            if all(
                pattern.fullmatch(key(_zone_of(self._block[number], region)))
                for key, pattern in in_zones
            )
        )
        alive, ended = _split(numbers, self._size)
        copies, rest = divmod(self._instances, self._size) if self._size else (0, 0)
        runs = [(0, ended), *((copy, alive) for copy in range(copies))]
        runs.append((copies, _split(alive, rest)[0]))
        picked = cache(rows.picked)
        listing = []
        for copy, several in runs:
            serial = f"{fleet.REGIONS.index(region):02x}{copy:06x}"
            here = several
            if ids:
                names = {n: f"i-0{serial}{self._block[n].digits}" for n in several}
                here = tuple(n for n in several if all(one.fullmatch(names[n]) for one in ids))
            if here:
                listing.append((serial.encode(), picked(here)))
        return listing


@cache
def _zone_text(zone: fleet.Zone, key: str) -> bytes:
    return f"<availabilityZone>{zone.name}</availabilityZone><{key}>{zone.id}</{key}>".encode()


def _matching(block: Sequence[FleetInstance], filters: Filters) -> tuple[int, ...]:
    """Return the numbers of the instances that some filters select, wherever they are.

    Raises:
        RefusedListingError: the stand-in knows no such filter.
    """
    for key, _ in filters:
        if key not in _KEYS:
            raise RefusedListingError("InvalidParameterValue", f"The filter '{key}' is invalid")
    wishes = [(_KEYS[key], pattern(values)) for key, values in filters]
    return tuple(
        one.number for one in block if all(wish.fullmatch(key(one)) for key, wish in wishes)
    )


def _of_endings(values: Sequence[str]) -> bool:
    """Tell whether a filter goes by the ends of ids, which are the same in each copy."""
    return all(re.fullmatch(r"\*[0-9a-f]{1,8}", value) for value in values)


def _split(numbers: tuple[int, ...], at: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers below one, and the others; they are in order."""
    place = bisect_left(numbers, at)
    return numbers[:place], numbers[place:]


def _zone_of(one: FleetInstance, region: str) -> fleet.Zone:
    zones = fleet.zones(region)
    shares = list(accumulate(zone.share for zone in zones))
    return zones[bisect_right(shares, one.place * shares[-1])]


_ZONE_KEYS: Mapping[str, Callable[[fleet.Zone], str]] = {
    "availability-zone": lambda zone: zone.name,
    "zone-id": lambda zone: zone.id,
}
_KEYS: Mapping[str, Callable[[FleetInstance], str]] = {
    "instance-state-name": lambda one: one.state,
    "instance-type": lambda one: one.type,
    "image-id": lambda one: one.image.id,
    "instance-id": lambda one: one.digits,
}


@lru_cache(maxsize=512)
def pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    """Return what a filter's values match; ``*`` stands for any characters, ``?`` for one."""
    wild = {"*": ".*", "?": "."}
    return re.compile("|".join("".join(wild.get(c) or re.escape(c) for c in v) for v in values))
