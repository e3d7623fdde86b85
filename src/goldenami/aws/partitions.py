"""Partitions of a region's instances, which are listed side by side where the region is big.

A partition goes by what never changes of an instance, so that none is in two of them, or in none,
however its state changes meanwhile. Its state is no such thing: an instance that is stopped after
the stopped ones were listed, and before the running ones are, would be missed. What never changes:

- the id: its last digit makes 16 partitions of much the same size, and no instance is in none of
  them. EC2's filters take wildcards (``*7``), but no document says so of each filter.
- the zone: that filter is documented, but a fleet is seldom spread evenly over few zones, and that
  there are no others than DescribeAvailabilityZones lists, nothing but AWS's word says.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from goldenami.aws.answers.interface import LazyRows

ID_FILTER = "instance-id"
ZONE_FILTER = "availability-zone"
DIGITS = "0123456789abcdef"
_PROBE_DIGITS = 2
ONE_IN = len(DIGITS) ** _PROBE_DIGITS
"""How many instances there are, about, for each that a probe lists."""

Zones = Mapping[str, str]
"""The zones of instances, by their ids."""


ID_ELEMENT, ZONE_ELEMENT = "instanceId", "availabilityZone"


class RegionPage(Struct, frozen=True):
    """A page of a listing: its rows, which are read as they are iterated, and the next one's token.

    The token is empty on the last page. ``reader`` is there as long as the page is: that tells how
    much there is to be read.
    """

    rows: Iterable[dict[str, Any]]
    token: str = ""
    reader: object = None

    @property
    def ids(self) -> list[str]:
        """The ids of its instances, without reading the rows; none if they cannot be had so."""
        return self._texts(ID_ELEMENT)

    @property
    def zones(self) -> list[str]:
        """The zones of its instances, in the order of `ids`."""
        return self._texts(ZONE_ELEMENT)

    def texts(self, elements: Iterable[str]) -> Mapping[str, list[str]]:
        """Return the texts of some elements, in their order."""
        return {element: self._texts(element) for element in elements}

    def _texts(self, element: str) -> list[str]:
        return self.rows.texts(element) if isinstance(self.rows, LazyRows) else []


class Partition(Struct, frozen=True):
    """Some of a region's instances: those that a filter lists. A plain value.

    Args:
        filter: `ID_FILTER` or `ZONE_FILTER`.
        value: ``*`` and the last digits of an id, or a zone's name.
    """

    filter: str
    value: str

    @property
    def filters(self) -> list[dict[str, Any]]:
        """The parameter of the listing."""
        return [{"Name": self.filter, "Values": [self.value]}]

    def has(self, instance: str, zone: str = "") -> bool:
        """Tell whether an instance belongs to it."""
        if self.filter == ZONE_FILTER:
            return zone == self.value
        return instance.endswith(self.value.removeprefix("*"))

    def fits(self, page: RegionPage, ids: Iterable[str]) -> bool:
        """Tell whether a page, whose instances have these ids, has none of another partition."""
        if self.filter == ZONE_FILTER:
            zones = page.zones
            return len(zones) == len(list(ids)) and set(zones) <= {self.value}
        return all(map(self.has, ids))


def probe(sample: Collection[str]) -> Partition | None:
    """Return a small partition: it tells whether ids can be gone by, and how many there are.

    It has some of the sample, and not all. None if there is no such partition.
    """
    endings = {name[-_PROBE_DIGITS:] for name in sample}
    if len(endings) < 2 or not set("".join(endings)) <= set(DIGITS):
        return None
    return Partition(ID_FILTER, f"*{min(endings)}")


def by_id() -> Sequence[Partition]:
    """Return the partitions by the last digit of the id."""
    return [Partition(ID_FILTER, f"*{digit}") for digit in DIGITS]


def by_zone(zones: Collection[str], sample: Zones) -> Sequence[Partition]:
    """Return the partitions by zone, those first that have most of a sample.

    There are none if the sample has an instance elsewhere, or is in one zone alone: a filter that
    is not heeded could not be told then.
    """
    often = Counter(sample.values())
    if len(often) < 2 or not often.keys() <= set(zones):
        return ()
    ordered = sorted(zones, key=lambda zone: (-often[zone], zone))
    return [Partition(ZONE_FILTER, zone) for zone in ordered]
