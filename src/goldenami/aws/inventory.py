"""Every instance of a region with what is known of its image, a page at a time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Protocol

from msgspec import Struct

from goldenami.aws import region_pages
from goldenami.aws.answers.ec2 import DescribeAvailabilityZones
from goldenami.aws.answers.interface import LazyRows
from goldenami.aws.ask import again
from goldenami.aws.errors import FORBIDDEN, NOT_AVAILABLE_HERE, explained, unreadable
from goldenami.aws.instance_reader import (
    DOING,
    LISTINGS,
    METADATA_LISTING,
    RESERVATION_LISTING,
    InstanceListing,
    InstanceReader,
)
from goldenami.aws.instances_by_image import ByImage, SomeInstances
from goldenami.aws.pacer import Pacer
from goldenami.aws.partitions import (
    ID_ELEMENT,
    ID_FILTER,
    ZONE_ELEMENT,
    ZONE_FILTER,
    RegionPage,
)
from goldenami.aws.region_pages import Answer, Filters
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.instance import ALIVE
from goldenami.errors import AwsError

_ALIVE = [{"Name": "instance-state-name", "Values": list(ALIVE)}]
_METADATA = METADATA_LISTING
_RESERVATIONS = RESERVATION_LISTING


class PageRequest(Struct, frozen=True, kw_only=True):
    """A page of a region's instances, as any process can ask for it.

    Args:
        call: which of the two listings it is of.
        filters: what is listed.
        size: how many it may have.
        token: the page before names it; empty for the first one, of all or of a partition.
        first: whether it is asked for before anything is known of the region.
    """

    call: str
    filters: list[dict[str, Any]]
    size: int
    token: str = ""
    first: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the call."""
        further = {"NextToken": self.token} if self.token else {}
        return {"Filters": self.filters, "MaxResults": self.size, **further}

    @property
    def elements(self) -> Sequence[str]:
        """The elements by which a page is held against its partition, or partitions are planned."""
        filters = {each["Name"] for each in self.filters}
        if self.first or ZONE_FILTER in filters:
            return (ID_ELEMENT, ZONE_ELEMENT)
        return (ID_ELEMENT,) if ID_FILTER in filters else ()


class PageElsewhere(LazyRows):
    """A page that another process reads, and makes something of: what, is not known here.

    Args:
        token: the next page's.
        texts: what `texts` has.
        result: what it makes of it.
    """

    def __init__(self, token: str, texts: Mapping[str, list[str]], result: "Future[Any]") -> None:
        self.token = token
        self.result = result
        self._texts = texts

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Refuse: the rows are elsewhere."""
        raise TypeError("another process reads this page")

    def texts(self, element: str) -> list[str]:
        """Return the texts of all elements of a name, in their order."""
        return self._texts[element]


class OtherReaders(Protocol):
    """Who else may read pages."""

    def page(self, place: AccountRegion, request: PageRequest) -> object:
        """Return the page, a `PageElsewhere`, if another process reads it.

        Else this process is to read it, and keeps what is returned for as long as it has the page:
        so it is known how much it has to do.

        Raises:
            GoldenamiError: AWS refused the page, or the other process is lost.
        """


class InstanceInventory:
    """The instances of a region, asked for from the moment this is made.

    Args:
        regional: whose, and where.
        pool: asks for the next page while one is being read.
        ids: these instances alone; all if empty.
        others: who else may read pages.
    """

    def __init__(
        self,
        regional: RegionalAws,
        pool: Executor,
        ids: Collection[str] = (),
        others: OtherReaders | None = None,
    ) -> None:
        self._regional = regional
        self._metadata = _Source(_METADATA, regional, pool, ids, others)
        self._reservations = _Source(_RESERVATIONS, regional, pool, ids, others)
        self._first = self._metadata.ask([])

    def cut_ahead(self, mark: str) -> None:
        """Cut the region's only page, before anything is known of images: it is pure text work.

        Args:
            mark: see `ByImage`, by which the instances will be read.
        """
        if self._first.exception() or (page := self._first.result()).token:
            return
        from goldenami.aws.instance_text import cut_ahead

        cut_ahead(page.rows, self._metadata.listing.elements, mark)

    def instances(
        self, images: SeenImages, by_image: ByImage | None = None
    ) -> Iterator[SomeInstances]:
        """Yield the region's instances, some at a time, without those that are terminated.

        DescribeInstanceImageMetadata answers everything in one listing, even for images that are
        gone; where it is not available or not permitted, DescribeInstances and DescribeImages do.

        Args:
            images: looks images up.
            by_image: tells which instances have to be read; all of them if it is not given.

        Raises:
            AwsError: a page could not be read; nothing after it is known.
        """
        source, answer = self._metadata, self._first
        try:
            answer.result()
        except AwsError as error:
            if error.code not in NOT_AVAILABLE_HERE | FORBIDDEN:
                raise
            source = self._reservations
            answer = source.ask([])
        reader = InstanceReader(self._regional, images, by_image)
        for page in region_pages.every(source, answer.result()):
            if isinstance(page.rows, PageElsewhere):
                yield SomeInstances(elsewhere=page.rows.result)
            else:
                yield from reader.instances(source.listing.call, page.rows)


class _Source:
    """One of the two listings of a region; its pages are asked for within EC2's quota."""

    def __init__(
        self,
        listing: InstanceListing[Any],
        regional: RegionalAws,
        pool: Executor,
        ids: Collection[str],
        others: OtherReaders | None = None,
    ) -> None:
        self.listing = listing
        self.size = listing.size
        self.whole = not ids
        these = [{"Name": ID_FILTER, "Values": sorted(ids)}] if ids else []
        self._filters = [*_ALIVE, *these]
        self._regional = regional
        self._pool = pool
        self._others = others
        self._pacer = Pacer()

    def ask(self, filters: Filters, token: str = "") -> Answer:
        """Ask for a page."""
        every = [*self._filters, *filters]
        first = not (filters or token)
        request = PageRequest(
            call=self.listing.call, filters=every, size=self.size, token=token, first=first
        )

        def ask() -> RegionPage:
            self._pacer.wait()
            reader = self._others.page(self._regional.place, request) if self._others else None
            if isinstance(reader, PageElsewhere):
                return RegionPage(reader, reader.token)
            return answered(self._regional, request, reader)

        return self._pool.submit(ask)

    def zones(self) -> Collection[str]:
        """Return the names of all zones of the region."""
        answer = self._regional.ask(
            DescribeAvailabilityZones, "listing the zones", AllAvailabilityZones=True
        )
        return {zone.value for zone in answer.rows}

    def unfit(self, why: str) -> AwsError:
        """Return the error of a listing whose parts do not make the whole."""
        where = f"{DOING} in {self._regional.where}"
        return unreadable(where, self.listing.call, why, tried=True)


def answered(regional: RegionalAws, request: PageRequest, reader: object = None) -> RegionPage:
    """Return a page.

    Args:
        regional: whose, and where.
        request: which.
        reader: see `RegionPage`.

    Raises:
        AwsError: AWS refused it, or no whole answer came.
    """
    key = LISTINGS[request.call].key

    def ask() -> RegionPage:
        with explained(DOING, regional.where, request.call):
            answer = regional.raw(request.call, request.parameters)
            return RegionPage(answer[key], answer.get("NextToken") or "", reader)

    return again(ask)
