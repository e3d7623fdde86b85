"""Every instance of a region with what is known of its image, a page at a time."""

from collections.abc import Collection, Iterator
from concurrent.futures import Executor, Future
from functools import cache
from itertools import islice
from threading import BoundedSemaphore
from typing import Any, Generic, TypeVar

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
Page = Future[tuple[Iterator[Any], str]]
"""A page under way: its rows, which are read as they are iterated, and the next one's token."""


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


class InstanceInventory:
    """The instances of a region, asked for from the moment this is made.

    Args:
        regional: whose, and where.
        pool: asks for the next page while one is being read.
        ids: these instances alone; all if empty.
    """

    def __init__(self, regional: RegionalAws, pool: Executor, ids: Collection[str] = ()) -> None:
        self._regional = regional
        self._pool = pool
        these = [{"Name": "instance-id", "Values": sorted(ids)}] if ids else []
        self._filters = [*_ALIVE, *these]
        self._image = cache(_image)  # a fleet has far fewer images than instances
        self._first = self._page(_METADATA)

    def instances(self, images: SeenImages) -> Iterator[Some]:
        """Yield the region's instances, some at a time, without those that are terminated.

        DescribeInstanceImageMetadata answers everything in one listing, even for images that are
        gone; where it is not available or not permitted, DescribeInstances and DescribeImages do.

        Raises:
            AwsError: a page could not be read; nothing after it is known.
        """
        try:
            self._first.result()
        except AwsError as error:
            if error.code not in NOT_AVAILABLE_HERE | FORBIDDEN:
                raise
            yield from self._with_images(images)
            return
        for some in self._rows(_METADATA, self._first):
            yield [
                self._subject(instance, self._image(instance.image_metadata))
                for instance in some
                if instance.state.name not in ENDED
            ]

    def _with_images(self, images: SeenImages) -> Iterator[Some]:
        for some in self._rows(_RESERVATIONS, self._page(_RESERVATIONS)):
            instances = [
                instance
                for reservation in some
                for instance in reservation.instances
                if instance.state.name not in ENDED
            ]
            seen = images.of({instance.image_id for instance in instances})
            yield [self._subject(instance, seen[instance.image_id]) for instance in instances]

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

    def _rows(self, listing: _Listing[R], answer: Page) -> Iterator[list[R]]:
        """Yield the rows of all pages; the next one is asked for while this one is being read."""
        more = True
        while more:
            rows, token = answer.result()
            if token:
                answer = self._page(listing, token)
            with _in_hand, explained(_DOING, self._regional.where, listing.call):
                while some := list(islice(rows, AT_ONCE)):
                    yield read_all(listing.row, some)
            more = bool(token)

    def _page(self, listing: _Listing[Any], token: str = "") -> Page:
        further = {"NextToken": token} if token else {}
        parameters = {"Filters": self._filters, "MaxResults": listing.size, **further}

        def ask() -> tuple[Iterator[Any], str]:
            with explained(_DOING, self._regional.where, listing.call):
                answer = self._regional.raw(listing.call, parameters)
                return iter(answer[listing.key]), answer.get("NextToken") or ""

        return self._pool.submit(again, ask)


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
