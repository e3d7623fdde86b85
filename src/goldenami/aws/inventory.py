"""Every instance of a region with what is known of its image, a page at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from itertools import islice
from threading import BoundedSemaphore
from typing import Any

from goldenami.aws.errors import FORBIDDEN, NOT_AVAILABLE_HERE, explained
from goldenami.aws.images import when
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.audit.subject import DEREGISTERED, ImageSeen, Kind, Subject
from goldenami.errors import AwsError

METADATA_PAGE = 1000
INSTANCES_PAGE = 500  # an instance is several times as much text here, all in memory at once
_ALIVE = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
_DOING = "reading instances"

AT_ONCE = 100
"""How many instances are handed over at once."""

PAGES_IN_HAND = 2
"""How many pages are turned into objects at a time: text needs far less memory while it waits."""

_in_hand = BoundedSemaphore(PAGES_IN_HAND)
Some = list[Subject]
Answer = Mapping[str, Any]


class Inventory:
    """The instances of a region, asked for from the moment this is made.

    Args:
        aws: whose.
        region: where.
        pool: asks for the next page while one is being read.
    """

    def __init__(self, aws: Aws, region: str, pool: Executor) -> None:
        self._aws = aws
        self._region = region
        self._pool = pool
        self._images: dict[tuple[str, ...], ImageSeen] = {}
        self._first = self._asked("describe_instance_image_metadata", METADATA_PAGE)

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
        yield from self._with_metadata()

    def _with_metadata(self) -> Iterator[Some]:
        for page in self._pages(self._first, "describe_instance_image_metadata", METADATA_PAGE):
            for some in _some(page["InstanceImageMetadata"]):
                yield [self._from_metadata(told) for told in some]

    def _with_images(self, images: SeenImages) -> Iterator[Some]:
        first = self._asked("describe_instances", INSTANCES_PAGE)
        for page in self._pages(first, "describe_instances", INSTANCES_PAGE):
            for some in _some(page["Reservations"]):
                found = [(one["OwnerId"], told) for one in some for told in one["Instances"]]
                seen = images.of({told["ImageId"] for _, told in found})
                yield [
                    self._instance(told, account, seen[told["ImageId"]]) for account, told in found
                ]

    def _from_metadata(self, told: Answer) -> Subject:
        about = told.get("ImageMetadata", {})
        key = tuple([about.get(name, "") for name in _TOLD])
        image = self._images.get(key)  # a fleet has far fewer images than instances
        if image is None:
            image = self._images[key] = _image(key)
        return self._instance(told, told.get("OwnerId", ""), image)

    def _instance(self, told: Answer, account: str, image: ImageSeen) -> Subject:
        """Return an instance, of which both listings tell these fields alike."""
        own = tags.from_aws(told.get("Tags"))
        return Subject(
            kind=Kind.INSTANCE,
            account=account,
            region=self._region,
            id=told["InstanceId"],
            name=own.get("Name", ""),
            state=told["State"]["Name"],
            image=image,
            launched=told.get("LaunchTime"),
            tags=own,
        )

    def _pages(self, asked: Future[Answer], operation: str, size: int) -> Iterator[Answer]:
        """Yield the pages of a listing; the next one is asked for while this one is being read."""
        more = True
        while more:
            page = asked.result()
            if token := page.get("NextToken"):
                asked = self._asked(operation, size, NextToken=token)
            with _in_hand, explained(_DOING, self._region):
                yield page
            more = bool(token)

    def _asked(self, operation: str, size: int, **token: str) -> Future[Answer]:
        def ask() -> Answer:
            call = getattr(self._aws.client("ec2", self._region), operation)
            with explained(_DOING, self._region):
                answer: Answer = call(Filters=_ALIVE, MaxResults=size, **token)
            return answer

        return self._pool.submit(ask)


def _some(items: Iterable[Answer]) -> Iterator[list[Answer]]:
    """Yield a listing's items, some at a time."""
    listed = iter(items)
    while some := list(islice(listed, AT_ONCE)):
        yield some


_TOLD = ("ImageId", "Name", "OwnerId", "State", "CreationDate", "DeprecationTime")


def _image(told: Sequence[str]) -> ImageSeen:
    image_id, name, owner, state, created, deprecated = told
    return ImageSeen(
        id=image_id,
        name=name,
        owner=owner,
        state=state or DEREGISTERED,
        created=when(created),
        deprecated_at=when(deprecated),
    )
