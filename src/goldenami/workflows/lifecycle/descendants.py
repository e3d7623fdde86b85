"""What was made of images, over all generations, wherever it is."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce

from msgspec import Struct

from goldenami.aws import images, instances, records
from goldenami.aws.parallel import ahead, concurrently
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import lineage
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image
from goldenami.domain.lineage import ImageKey, Lineage

PERMISSIONS = (
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ssm:GetParametersByPath",
)
"""What finding them takes."""
ELSEWHERE = ("ec2:DescribeImages", "ec2:DescribeInstances")
"""What that takes of a role of another account, which has no records of builds."""

PURPOSE = "reading what images were made of"


class Descendant(Struct, frozen=True, kw_only=True):
    """An image that was made of another one.

    Args:
        place: where it is.
        image: the image.
        source: what it was made of itself.
        origin: the one of the images in question that it goes back to; what is between may be gone.
    """

    place: AccountRegion
    image: Image
    source: ImageKey
    origin: ImageKey


class OwnImages(Struct, frozen=True, kw_only=True):
    """The images of several places, what they were made from, and what could not be read and why.

    Args:
        images: each with its place, by region and id.
        lineage: what they were made from.
        unread: the places that could not be read, each with the reason.
    """

    images: Mapping[ImageKey, tuple[AccountRegion, Image]]
    lineage: Lineage
    unread: Mapping[AccountRegion, str]

    def descendants(self, images: Collection[ImageKey]) -> list[Descendant]:
        """Return those that were made of some images, each after what it was made from."""
        sources = self.lineage.descendants({*images})
        return [
            Descendant(place=place, image=image, source=source, origin=_origin(source, sources))
            for each, source in sources.items()
            if each in self.images
            for place, image in [self.images[each]]
        ]

    def also(self, other: "OwnImages") -> "OwnImages":
        """Return these and those of other places as one."""
        return OwnImages(
            images={**self.images, **other.images},
            lineage=self.lineage.also(other.lineage),
            unread={**self.unread, **other.unread},
        )


def _origin(image: ImageKey, sources: Mapping[ImageKey, ImageKey]) -> ImageKey:
    while image in sources:
        image = sources[image]
    return image


class _Place(Struct, frozen=True):
    images: Sequence[Image]
    lineage: Lineage


def read(aws: Aws, places: Iterable[AccountRegion]) -> OwnImages:
    """Read all own images of places, whoever made them, and what they were made from."""
    answers, errors = concurrently(places, lambda place: _read(aws.at(place), aws.account))
    return OwnImages(
        images={
            lineage.key(image): (place, image)
            for place, each in answers.items()
            for image in each.images
        },
        lineage=reduce(Lineage.also, (each.lineage for each in answers.values()), Lineage()),
        unread={place: error.message for place, error in errors.items()},
    )


def _read(regional: RegionalAws, account: str) -> _Place:
    at_home = regional.account == account  # where the records of builds lie
    records_there = ahead(partial(records.every, regional)) if at_home else dict
    own = images.own(regional)
    pairs = [*lineage.noted(own), *_from_instances(regional, own)]
    pairs += lineage.recorded(regional.region, [each.record for each in records_there().values()])
    return _Place(own, lineage.of(pairs, marks=lineage.marked(own)))


def _from_instances(
    regional: RegionalAws, own: Iterable[Image]
) -> Iterator[tuple[ImageKey, ImageKey]]:
    """Yield what was made of an instance, of which EC2 notes no image, with what that runs."""
    origins = {image.source_instance for image in own if not image.source_image} - {""}
    known = instances.having(regional, "instance-id", sorted(origins), PURPOSE)
    run = {instance.id: instance.image_id for instance in known}
    for image in own:
        if image.source_instance in run and not image.source_image:
            yield lineage.key(image), (regional.region, run[image.source_instance])
