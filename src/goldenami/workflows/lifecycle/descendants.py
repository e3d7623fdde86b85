"""What was made of images, over all generations, wherever it is."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce

from msgspec import Struct

from goldenami.aws import images, instances, records, regions
from goldenami.aws.parallel import concurrently
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

PURPOSE = "reading what images were made of"


class Descendant(Struct, frozen=True, kw_only=True):
    """An image that was made of another one: ``source``, which descends itself from those named."""

    place: AccountRegion
    image: Image
    source: ImageKey


class OwnImages(Struct, frozen=True, kw_only=True):
    """The images of several places, what they were made from, and what could not be read and why.

    Args:
        images: each with its place, by region and id.
        lineage: what they were made from.
        unread: the places that could not be read, each with the reason.
        regions: the enabled regions of the caller's account.
    """

    images: Mapping[ImageKey, tuple[AccountRegion, Image]]
    lineage: Lineage
    unread: Mapping[AccountRegion, str]
    regions: tuple[str, ...]


class _Place(Struct, frozen=True):
    images: Sequence[Image]
    lineage: Lineage


def descendants(
    aws: Aws, images: Collection[ImageKey], *, further: Iterable[AccountRegion] = ()
) -> tuple[list[Descendant], Mapping[AccountRegion, str]]:
    """Return what was made of images: by anybody, over all generations, regions and copies.

    Args:
        aws: whose account.
        images: region and id of each.
        further: places of other accounts to look at, beside all enabled regions of the caller's.

    Returns:
        The descendants, each after what it was made from; and the places that could not be read,
        with the reason: as long as there are any, more may have been made.

    Raises:
        AwsError: the enabled regions could not be listed.
    """
    every = read(aws, further=further)
    sources = every.lineage.descendants({*images})
    return [
        Descendant(place=place, image=image, source=source)
        for each, source in sources.items()
        if each in every.images
        for place, image in [every.images[each]]
    ], every.unread


def read(aws: Aws, *, further: Iterable[AccountRegion] = ()) -> OwnImages:
    """Read all own images, whoever made them, and what they were made from.

    Raises:
        AwsError: the enabled regions could not be listed.
    """
    places = [AccountRegion(aws.account, region) for region in regions.enabled(aws)]
    places += [place for place in further if place not in places]
    answers, errors = concurrently(places, lambda place: _read(aws.at(place), aws.account))
    return OwnImages(
        images={
            lineage.key(image): (place, image)
            for place, each in answers.items()
            for image in each.images
        },
        lineage=reduce(Lineage.also, (each.lineage for each in answers.values()), Lineage()),
        unread={place: error.message for place, error in errors.items()},
        regions=tuple(place.region for place in places if place.account == aws.account),
    )


def _read(regional: RegionalAws, account: str) -> _Place:
    own = images.own(regional)
    pairs = [*lineage.noted(own), *_from_instances(regional, own)]
    if regional.account == account:  # where the records of builds lie
        recorded = [each.record for each in records.every(regional).values()]
        pairs += lineage.recorded(regional.region, recorded)
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
