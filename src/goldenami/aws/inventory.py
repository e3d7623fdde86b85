"""Every instance of a region with what is known of its image, a page at a time."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from functools import cache, partial
from itertools import islice
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws import region_pages
from goldenami.aws.answers.ec2 import (
    DescribeAvailabilityZones,
    DescribeInstanceImageMetadata,
    DescribeInstances,
    ImageMetadata,
    InstanceAnswer,
    InstanceMetadata,
    Reservation,
)
from goldenami.aws.answers.interface import LazyRows, read_all
from goldenami.aws.ask import again
from goldenami.aws.errors import FORBIDDEN, NOT_AVAILABLE_HERE, explained, unreadable
from goldenami.aws.images import watermarks
from goldenami.aws.instances_by_image import (
    METADATA,
    RESERVATIONS,
    ByImage,
    Columns,
    SomeInstances,
)
from goldenami.aws.pacer import Pacer
from goldenami.aws.partitions import ID_FILTER, RegionPage
from goldenami.aws.region_pages import Answer, Filters
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import INVISIBLE, ImageSeen, Kind, Subject
from goldenami.domain.instance import ALIVE, ENDED
from goldenami.errors import AwsError

if TYPE_CHECKING:
    from goldenami.aws.instance_columns import PageOfInstances

METADATA_PAGE = 1000
INSTANCES_PAGE = 500  # an instance is several times as much text here, all in memory at once
_ALIVE = [{"Name": "instance-state-name", "Values": list(ALIVE)}]
_DOING = "reading instances"

AT_ONCE = 100
"""How many instances are handed over at once."""

PAGES_IN_HAND = 2
"""How many pages are turned into objects at a time: text needs far less memory while it waits."""

_in_hand = BoundedSemaphore(PAGES_IN_HAND)
R = TypeVar("R")


class _Listing(Struct, Generic[R], frozen=True):
    """One of the two listings: its call, the list in its answer, and how many a page may have."""

    call: str
    key: str
    row: type[R]
    columns: Columns
    size: int


_METADATA = _Listing(
    DescribeInstanceImageMetadata.call,
    "InstanceImageMetadata",
    InstanceMetadata,
    METADATA,
    METADATA_PAGE,
)
_RESERVATIONS = _Listing(
    DescribeInstances.call,
    "Reservations",
    Reservation[InstanceAnswer],
    RESERVATIONS,
    INSTANCES_PAGE,
)


_LISTINGS: Final[Mapping[str, _Listing[Any]]] = {
    listing.call: listing for listing in (_METADATA, _RESERVATIONS)
}


class PageRequest(Struct, frozen=True, kw_only=True):
    """A page of a region's instances, as any process can ask for it.

    Args:
        call: which of the two listings it is of.
        filters: what is listed.
        size: how many it may have.
        token: the page before names it; empty for the first one.
    """

    call: str
    filters: list[dict[str, Any]]
    size: int
    token: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the call."""
        further = {"NextToken": self.token} if self.token else {}
        return {"Filters": self.filters, "MaxResults": self.size, **further}


class PageElsewhere(LazyRows):
    """A page that another process reads, and makes something of: what, is not known here.

    Args:
        token: the next page's.
        texts: what `texts` has: ids and zones.
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


class InstanceReader:
    """Makes instances of a region's pages.

    Args:
        regional: whose, and where.
        images: looks up the images of instances that are listed without them.
        by_image: tells which instances have to be read; all of them if it is not given.
    """

    def __init__(
        self, regional: RegionalAws, images: SeenImages, by_image: ByImage | None = None
    ) -> None:
        self._regional = regional
        self._images = images
        self._by_image = by_image
        self._image = cache(_image)  # a fleet has far fewer images than instances
        self._described: dict[Hashable, ImageSeen] = {}
        self._like = Subject(
            kind=Kind.INSTANCE, account=regional.account, region=regional.region, id=""
        )

    def instances(self, call: str, rows: Iterable[Any]) -> Iterator[SomeInstances]:
        """Yield a page's instances, some at a time, without those that are terminated.

        Args:
            call: the listing that the page is of.
            rows: its rows.

        Raises:
            AwsError: it cannot be read, or images cannot be.
        """
        listing: _Listing[Any] = _LISTINGS[call]
        reading = partial(explained, _DOING, self._regional.where, call)
        with _in_hand:
            if some := self._judged_by_image(listing, rows, reading):
                yield some
                return
            remaining = iter(rows)
            while True:
                with reading():
                    read = read_all(listing.row, list(islice(remaining, AT_ONCE)))
                if not read:
                    return
                is_told = call == _METADATA.call
                yield SomeInstances(self._seen(read) if is_told else self._with_images(read))

    def _judged_by_image(
        self,
        listing: _Listing[Any],
        rows: Iterable[Any],
        reading: Callable[[], AbstractContextManager[None]],
    ) -> SomeInstances | None:
        """Return a page's instances as far as they have to be read; None if all of them have to."""
        if self._by_image is None:
            return None
        from goldenami.aws.instance_columns import some_of  # lxml takes a while

        is_told = listing.call == _METADATA.call
        images = self._images_told if is_told else self._images_looked_up
        return some_of(rows, listing.columns, self._by_image, images, self._like, reading)

    def _images_told(self, page: "PageOfInstances", _: object) -> Mapping[Hashable, ImageSeen]:
        """Return what a page tells of its images, by all that it tells of each."""
        for image in dict.fromkeys(page.images):
            if image not in self._described:
                metadata = page.image(page.images.index(image))
                self._described[image] = self._image(*read_all(ImageMetadata, [metadata]))
        return self._described

    def _images_looked_up(self, _: object, ids: Iterable[Any]) -> Mapping[Hashable, ImageSeen]:
        return dict(self._images.of(ids).items())

    def _seen(self, rows: list[InstanceMetadata]) -> list[Subject]:
        return [
            self._subject(instance, self._image(instance.image_metadata))
            for instance in rows
            if instance.state.name not in ENDED
        ]

    def _with_images(self, rows: list[Reservation[InstanceAnswer]]) -> list[Subject]:
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
        return replace(
            self._like,
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
        self._metadata = _Source(_METADATA, regional, pool, ids, others)
        self._reservations = _Source(_RESERVATIONS, regional, pool, ids, others)
        self._first = self._metadata.ask([])

    def instances(
        self, images: SeenImages, by_image: ByImage | None = None
    ) -> Iterator[SomeInstances | PageElsewhere]:
        """Yield the region's instances, some at a time, without those that are terminated.

        DescribeInstanceImageMetadata answers everything in one listing, even for images that are
        gone; where it is not available or not permitted, DescribeInstances and DescribeImages do.
        A page that another process reads is yielded in the place of its instances.

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
                yield page.rows
            else:
                yield from reader.instances(source.listing.call, page.rows)


class _Source:
    """One of the two listings of a region; its pages are asked for within EC2's quota."""

    def __init__(
        self,
        listing: _Listing[Any],
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
        request = PageRequest(call=self.listing.call, filters=every, size=self.size, token=token)

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
        where = f"{_DOING} in {self._regional.where}"
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
    key = _LISTINGS[request.call].key

    def ask() -> RegionPage:
        with explained(_DOING, regional.where, request.call):
            answer = regional.raw(request.call, request.parameters)
            return RegionPage(answer[key], answer.get("NextToken") or "", reader)

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
