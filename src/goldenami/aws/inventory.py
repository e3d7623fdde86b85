"""Every instance of a region with what is known of its image, a page at a time."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from functools import cache, partial
from itertools import islice
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Generic, TypeVar

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
from goldenami.aws.answers.interface import read_all
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
from goldenami.domain.audit.subject import INVISIBLE, ImageSeen, Kind, Subject
from goldenami.domain.instance import ALIVE, ENDED
from goldenami.errors import AwsError

if TYPE_CHECKING:
    from goldenami.aws.instance_columns import Images, PageOfInstances

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


class InstanceInventory:
    """The instances of a region, asked for from the moment this is made.

    Args:
        regional: whose, and where.
        pool: asks for the next page while one is being read.
        ids: these instances alone; all if empty.
    """

    def __init__(self, regional: RegionalAws, pool: Executor, ids: Collection[str] = ()) -> None:
        self._regional = regional
        self._image = cache(_image)  # a fleet has far fewer images than instances
        self._described: dict[Hashable, ImageSeen] = {}
        self._like = Subject(
            kind=Kind.INSTANCE, account=regional.account, region=regional.region, id=""
        )
        self._metadata = _Source(_METADATA, regional, pool, ids)
        self._reservations = _Source(_RESERVATIONS, regional, pool, ids)
        self._first = self._metadata.ask([])

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
        try:
            self._first.result()
        except AwsError as error:
            if error.code not in NOT_AVAILABLE_HERE | FORBIDDEN:
                raise
            yield from self._with_images(images, by_image)
            return
        for rows in self._pages(self._metadata, self._first):
            if by_image and (some := self._some(_METADATA, rows, by_image, self._seen)):
                yield some
                continue
            for instances in self._rows(_METADATA, rows):
                yield SomeInstances(
                    [
                        self._subject(instance, self._image(instance.image_metadata))
                        for instance in instances
                        if instance.state.name not in ENDED
                    ]
                )

    def _with_images(self, images: SeenImages, by_image: ByImage | None) -> Iterator[SomeInstances]:
        def seen(_: "PageOfInstances", ids: Iterable[Hashable]) -> Mapping[Hashable, ImageSeen]:
            return dict(images.of(map(str, ids)).items())

        for rows in self._pages(self._reservations, self._reservations.ask([])):
            if by_image and (some := self._some(_RESERVATIONS, rows, by_image, seen)):
                yield some
                continue
            for reservations in self._rows(_RESERVATIONS, rows):
                instances = [
                    instance
                    for reservation in reservations
                    for instance in reservation.instances
                    if instance.state.name not in ENDED
                ]
                known = images.of({instance.image_id for instance in instances})
                yield SomeInstances(
                    [self._subject(instance, known[instance.image_id]) for instance in instances]
                )

    def _some(
        self, listing: "_Listing[Any]", rows: Iterable[Any], by_image: ByImage, seen: "Images"
    ) -> SomeInstances | None:
        from goldenami.aws.instance_columns import some_of  # lxml takes a while

        reading = partial(self._reading, listing)
        return some_of(rows, listing.columns, by_image, seen, self._like, reading)

    def _seen(self, page: "PageOfInstances", _: object) -> Mapping[Hashable, ImageSeen]:
        """Return what is known of all images of a page, by all that it tells of each."""
        for image in dict.fromkeys(page.images):
            if image not in self._described:
                metadata = page.image(page.images.index(image))
                self._described[image] = self._image(*read_all(ImageMetadata, [metadata]))
        return self._described

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

    def _pages(self, source: "_Source[Any]", first: Answer) -> Iterator[Iterable[Any]]:
        """Yield the rows of each page."""
        for page in region_pages.every(source, first.result()):
            with _in_hand:
                yield page.rows

    def _rows(self, listing: _Listing[R], rows: Iterable[Any]) -> Iterator[list[R]]:
        """Yield the rows of a page, some at a time."""
        remaining = iter(rows)
        while True:
            with self._reading(listing):
                some = read_all(listing.row, list(islice(remaining, AT_ONCE)))
            if not some:
                return
            yield some

    def _reading(self, listing: _Listing[Any]) -> AbstractContextManager[None]:
        return explained(_DOING, self._regional.where, listing.call)


class _Source(Generic[R]):
    """One of the two listings of a region; its pages are asked for within EC2's quota."""

    def __init__(
        self, listing: _Listing[R], regional: RegionalAws, pool: Executor, ids: Collection[str]
    ) -> None:
        self.listing = listing
        self.size = listing.size
        self.whole = not ids
        these = [{"Name": ID_FILTER, "Values": sorted(ids)}] if ids else []
        self._filters = [*_ALIVE, *these]
        self._regional = regional
        self._pool = pool
        self._pacer = Pacer()

    def ask(self, filters: Filters, token: str = "") -> Answer:
        """Ask for a page."""
        call, key = self.listing.call, self.listing.key
        further = {"NextToken": token} if token else {}
        parameters = {"Filters": [*self._filters, *filters], "MaxResults": self.size, **further}

        def attempt() -> RegionPage:
            self._pacer.wait()
            with explained(_DOING, self._regional.where, call):
                answer = self._regional.raw(call, parameters)
                return RegionPage(answer[key], answer.get("NextToken") or "")

        return self._pool.submit(again, attempt)

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
