"""Makes instances of pages, as far as they have to be read."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache, partial
from itertools import islice
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.answers.ec2 import (
    DescribeInstanceImageMetadata,
    DescribeInstances,
    ImageMetadata,
    InstanceAnswer,
    InstanceMetadata,
    Reservation,
)
from goldenami.aws.answers.interface import read_all
from goldenami.aws.errors import explained
from goldenami.aws.images import watermarks
from goldenami.aws.instances_by_image import (
    METADATA,
    RESERVATIONS,
    ByImage,
    InstanceElements,
    SomeInstances,
)
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.audit.subject import INVISIBLE, ImageSeen, Kind, Subject
from goldenami.domain.instance import ENDED

if TYPE_CHECKING:
    from goldenami.aws.instance_text import PageOfInstances

METADATA_PAGE = 1000
INSTANCES_PAGE = 500  # an instance is several times as much text here, all in memory at once
DOING = "reading instances"

AT_ONCE = 100
"""How many instances are handed over at once."""

PAGES_IN_HAND = 2
"""How many pages are read at a time: as text alone they need less memory while they wait."""

_in_hand = BoundedSemaphore(PAGES_IN_HAND)
R = TypeVar("R")


class InstanceListing(Struct, Generic[R], frozen=True):
    """One of the two listings: its call, the list in its answer, and how many a page may have."""

    call: str
    key: str
    row: type[R]
    elements: InstanceElements
    size: int


METADATA_LISTING = InstanceListing(
    DescribeInstanceImageMetadata.call,
    "InstanceImageMetadata",
    InstanceMetadata,
    METADATA,
    METADATA_PAGE,
)
RESERVATION_LISTING = InstanceListing(
    DescribeInstances.call,
    "Reservations",
    Reservation[InstanceAnswer],
    RESERVATIONS,
    INSTANCES_PAGE,
)
LISTINGS: Final[Mapping[str, InstanceListing[Any]]] = {
    listing.call: listing for listing in (METADATA_LISTING, RESERVATION_LISTING)
}
"""Both, by their calls."""


class InstanceReader:
    """Reads the pages of a region, several threads at once.

    Args:
        regional: whose, and where.
        images: looks images up.
        by_image: tells which instances have to be read; all of them if it is not given.
    """

    def __init__(
        self, regional: RegionalAws, images: SeenImages, by_image: ByImage | None = None
    ) -> None:
        self._regional = regional
        self._images = images
        self._by_image = by_image
        self._image = cache(_image)  # a fleet has far fewer images than instances
        self._described: dict[str, ImageSeen] = {}
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
        with _in_hand:
            if self._by_image and (some := self._some(LISTINGS[call], rows, self._by_image)):
                yield some
            elif call == METADATA_LISTING.call:
                yield from self._with_metadata(rows)
            else:
                yield from self._with_images(rows)

    def _with_metadata(self, rows: Iterable[Any]) -> Iterator[SomeInstances]:
        for instances in self._rows(METADATA_LISTING, rows):
            yield SomeInstances(
                [
                    self._subject(instance, self._image(instance.image_metadata))
                    for instance in instances
                    if instance.state.name not in ENDED
                ]
            )

    def _with_images(self, rows: Iterable[Any]) -> Iterator[SomeInstances]:
        for reservations in self._rows(RESERVATION_LISTING, rows):
            instances = [
                instance
                for reservation in reservations
                for instance in reservation.instances
                if instance.state.name not in ENDED
            ]
            known = self._images.of({instance.image_id for instance in instances})
            yield SomeInstances(
                [self._subject(instance, known[instance.image_id]) for instance in instances]
            )

    def _some(
        self, listing: InstanceListing[Any], rows: Iterable[Any], by_image: ByImage
    ) -> SomeInstances | None:
        from goldenami.aws.instance_text import some_of  # its grammar takes a while

        seen = self._seen if listing.elements.described else self._looked_up
        reading = partial(self._reading, listing)
        return some_of(rows, listing.elements, by_image, seen, self._like, reading)

    def _looked_up(self, _: "PageOfInstances", ids: Iterable[str]) -> Mapping[str, ImageSeen]:
        return self._images.of(ids)

    def _seen(self, page: "PageOfInstances", _: object) -> Mapping[str, ImageSeen]:
        """Return what is known of all images of a page, by all that it tells of each."""
        for text in dict.fromkeys(page.images):
            if text not in self._described:
                metadata = page.image(text)
                self._described[text] = self._image(*read_all(ImageMetadata, [metadata]))
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

    def _rows(self, listing: InstanceListing[R], rows: Iterable[Any]) -> Iterator[list[R]]:
        """Yield the rows of a page, some at a time."""
        remaining = iter(rows)
        while True:
            with self._reading(listing):
                some = read_all(listing.row, list(islice(remaining, AT_ONCE)))
            if not some:
                return
            yield some

    def _reading(self, listing: InstanceListing[Any]) -> AbstractContextManager[None]:
        return explained(DOING, self._regional.where, listing.call)


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
