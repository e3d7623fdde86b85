"""Every instance of a region with what is known of its image, a page at a time."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from functools import cache
from itertools import islice
from threading import BoundedSemaphore
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec import Struct

from goldenami.aws.answers.ec2 import (
    DescribeInstanceImageMetadata,
    DescribeInstances,
    ImageMetadata,
    InstanceAnswer,
    InstanceMetadata,
    Reservation,
)
from goldenami.aws.answers.interface import read_all
from goldenami.aws.ask import again
from goldenami.aws.errors import FORBIDDEN, NOT_AVAILABLE_HERE, explained
from goldenami.aws.images import watermarks
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import INVISIBLE, ImageSeen, Kind, Subject
from goldenami.domain.instance import ALIVE, ENDED
from goldenami.errors import AwsError

METADATA_PAGE = 1000
INSTANCES_PAGE = 500  # an instance is several times as much text here, all in memory at once
_ALIVE = [{"Name": "instance-state-name", "Values": list(ALIVE)}]
_DOING = "reading instances"

AT_ONCE = 100
"""How many instances are handed over at once."""

PAGES_IN_HAND = 2
"""How many pages are turned into objects at a time: text needs far less memory while it waits."""

_in_hand = BoundedSemaphore(PAGES_IN_HAND)
Some = list[Subject]
R = TypeVar("R")


class _Listing(Struct, Generic[R], frozen=True):
    """One of the two listings: its call, the list in its answer, and how many a page may have."""

    call: str
    key: str
    row: type[R]
    size: int


_METADATA = _Listing(
    DescribeInstanceImageMetadata.call, "InstanceImageMetadata", InstanceMetadata, METADATA_PAGE
)
_RESERVATIONS = _Listing(
    DescribeInstances.call, "Reservations", Reservation[InstanceAnswer], INSTANCES_PAGE
)


_LISTINGS: Final[Mapping[str, _Listing[Any]]] = {
    listing.call: listing for listing in (_METADATA, _RESERVATIONS)
}


class PageRequest(Struct, frozen=True, kw_only=True):
    """A page of a region's instances, as any process can ask for it.

    Args:
        call: which of the two listings it is of.
        filters: what is listed.
        token: the page before names it; empty for the first one.
    """

    call: str
    filters: list[dict[str, Any]]
    token: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the call."""
        further = {"NextToken": self.token} if self.token else {}
        size = _LISTINGS[self.call].size
        return {"Filters": self.filters, "MaxResults": size, **further}


class PageElsewhere(Struct, frozen=True):
    """A page that another process reads, and makes something of: what, is not known here."""

    token: str
    result: "Future[Any]"


class OtherReaders(Protocol):
    """Who else may read pages."""

    def page(self, place: AccountRegion, request: PageRequest) -> object:
        """Return the page, a `PageElsewhere`, if another process reads it.

        Else this process is to read it, and keeps what is returned for as long as it has the page:
        so it is known how much it has to do.

        Raises:
            GoldenamiError: AWS refused the page, or the other process is lost.
        """


class _Page(Struct, frozen=True):
    """A page: its rows, which are read as they are iterated, and the next one's token."""

    rows: Iterable[Any]
    token: str
    reader: object = None


class InstanceReader:
    """Makes instances of a region's pages.

    Args:
        regional: whose, and where.
        images: looks up the images of instances that are listed without them.
    """

    def __init__(self, regional: RegionalAws, images: SeenImages) -> None:
        self._regional = regional
        self._images = images
        self._image = cache(_image)  # a fleet has far fewer images than instances

    def instances(self, call: str, rows: Iterable[Any]) -> Iterator[Some]:
        """Yield a page's instances, some at a time, without those that are terminated.

        Args:
            call: the listing that the page is of.
            rows: its rows.

        Raises:
            AwsError: it cannot be read, or images cannot be.
        """
        listing: _Listing[Any] = _LISTINGS[call]
        rows = iter(rows)
        with _in_hand, explained(_DOING, self._regional.where, call):
            while some := list(islice(rows, AT_ONCE)):
                read = read_all(listing.row, some)
                yield self._with_images(read) if listing is _RESERVATIONS else self._seen(read)

    def _seen(self, rows: list[InstanceMetadata]) -> Some:
        return [
            self._subject(instance, self._image(instance.image_metadata))
            for instance in rows
            if instance.state.name not in ENDED
        ]

    def _with_images(self, rows: list[Reservation[InstanceAnswer]]) -> Some:
        instances = [
            instance
            for reservation in rows
            for instance in reservation.instances
            if instance.state.name not in ENDED
        ]
        seen = self._images.of({instance.image_id for instance in instances})
        return [self._subject(instance, seen[instance.image_id]) for instance in instances]

    def _subject(self, instance: InstanceMetadata | InstanceAnswer, image: ImageSeen) -> Subject:
        """Return an instance, which belongs to the account that lists it."""
        own = instance.tag_values
        return Subject(
            kind=Kind.INSTANCE,
            account=self._regional.account,
            region=self._regional.region,
            id=instance.instance_id,
            name=own.get("Name", ""),
            state=instance.state.name,
            image=image,
            launched=instance.launch_time,
            tags=own,
        )


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
        self._pool = pool
        self._others = others
        these = [{"Name": "instance-id", "Values": sorted(ids)}] if ids else []
        self._filters = [*_ALIVE, *these]
        self._first = self._page(_METADATA.call)

    def instances(self, images: SeenImages) -> Iterator[Some | PageElsewhere]:
        """Yield the region's instances, some at a time, without those that are terminated.

        DescribeInstanceImageMetadata answers everything in one listing, even for images that are
        gone; where it is not available or not permitted, DescribeInstances and DescribeImages do.
        A page that another process reads is yielded in the place of its instances.

        Raises:
            AwsError: a page could not be read; nothing after it is known.
        """
        call, answer = _METADATA.call, self._first
        try:
            answer.result()
        except AwsError as error:
            if error.code not in NOT_AVAILABLE_HERE | FORBIDDEN:
                raise
            call = _RESERVATIONS.call
            answer = self._page(call)
        reader = InstanceReader(self._regional, images)
        for page in self._pages(call, answer):
            if isinstance(page.reader, PageElsewhere):
                yield page.reader
            else:
                yield from reader.instances(call, page.rows)

    def _pages(self, call: str, answer: "Future[_Page]") -> Iterator[_Page]:
        """Yield all pages; the next one is asked for while this one is being read."""
        page = answer.result()
        while page.token:
            answer = self._page(call, page.token)
            yield page
            page = answer.result()
        yield page

    def _page(self, call: str, token: str = "") -> "Future[_Page]":
        request = PageRequest(call=call, filters=self._filters, token=token)

        def ask() -> _Page:
            reader = self._others.page(self._regional.place, request) if self._others else None
            if isinstance(reader, PageElsewhere):
                return _Page((), reader.token, reader)
            return _Page(*answered(self._regional, request), reader)

        return self._pool.submit(ask)


def answered(regional: RegionalAws, request: PageRequest) -> tuple[Iterable[Any], str]:
    """Return the rows of a page, which are read as they are iterated, and the next one's token.

    Raises:
        AwsError: AWS refused it, or no whole answer came.
    """
    key = _LISTINGS[request.call].key

    def ask() -> tuple[Iterable[Any], str]:
        with explained(_DOING, regional.where, request.call):
            answer = regional.raw(request.call, request.parameters)
            return answer[key], answer.get("NextToken") or ""

    return again(ask)


def _image(about: ImageMetadata) -> ImageSeen:
    return ImageSeen(
        id=about.image_id,
        name=about.name,
        owner=about.owner_id,
        state=about.state or INVISIBLE,
        created=about.creation_date,
        deprecated_at=about.deprecation_time,
        watermarks=watermarks(about.image_watermarks),
    )
