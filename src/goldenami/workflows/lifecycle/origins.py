"""`goldenami lineage`: up to the public source of an image, and down to all that was made of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from goldenami.aws import image_ancestry, images, regions
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain import lineage
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import INVISIBLE
from goldenami.domain.image import Image
from goldenami.domain.life import of_tags
from goldenami.domain.lineage import ImageKey
from goldenami.errors import AwsError, UsageError
from goldenami.workflows.lifecycle import descendants
from goldenami.workflows.lifecycle.descendants import OwnImages
from goldenami.workflows.lifecycle.releases import refuse_unread


class LineageImage(Struct, frozen=True, kw_only=True):
    """An image of a lineage.

    Args:
        generation: how many generations after the image in question; of its ancestors below 0.
        region: where it is.
        id: the image.
        name: its name, empty if it is not visible.
        owner: whose it is; the same.
        state: as EC2 has it; ``not-visible`` if it is gone, or not shared.
        golden: which golden image and version its tags say it is of.
        status: what its tags say of that, with who changed it and why.
        source: the id of the image that it was made from, as far as that is known.
        watermarks: the watermarks that it carries.
    """

    generation: int
    region: str
    id: str
    name: str = ""
    owner: str = ""
    state: str = INVISIBLE
    golden: str = ""
    status: str = ""
    source: str = ""
    watermarks: tuple[str, ...] = ()


class FamilyTree(Struct, frozen=True, kw_only=True):
    """The lineage of an image: the farthest ancestor first, each descendant after its source.

    Args:
        images: the image with its ancestors and descendants.
        unread: what could not be read, each with the reason.
    """

    images: tuple[LineageImage, ...]
    unread: Mapping[str, str]

    def complete(self, image: str) -> None:
        """See to it that everything was read.

        Raises:
            IncompleteError: naming what could not be.
        """
        refuse_unread(self.unread, f"tracing {image}")


def trace(aws: Aws, image: str) -> FamilyTree:
    """Return the lineage of an image, be it the account's own or one that it can see.

    Raises:
        UsageError: there is no such image in any enabled region.
        IncompleteError: there is none, and a region could not be read.
        AwsError: the enabled regions could not be listed.
    """
    places = regions.places(aws)
    every = descendants.read(aws, places)
    unread = {str(place): why for place, why in every.unread.items()}
    key, seen = _looked_up(aws, image, places, every, unread)
    try:
        known = every.lineage.also(lineage.of(_recorded_by_ec2(aws, key)))
    except AwsError as error:
        unread[f"the ancestry of {image}"] = error.message
        known = every.lineage
    ancestors, later = known.ancestors(key), known.descendants({key})
    there = {each: image for each, (_, image) in every.images.items()} | seen
    there |= _visible(aws, [each for each in ancestors if each not in there], unread)
    up = sorted((-away, each) for each, away in ancestors.items())

    def source(each: ImageKey) -> str:
        nearest = known.ancestors(each)
        return later.get(each, next(iter(nearest), ("", "")))[1]

    return FamilyTree(
        images=tuple(
            _entry(generation, each, there.get(each), source(each))
            for generation, each in (*up, (0, key), *_nested(key, later, 1))
        ),
        unread=unread,
    )


def _looked_up(
    aws: Aws,
    image: str,
    places: Sequence[AccountRegion],
    every: OwnImages,
    unread: dict[str, str],
) -> tuple[ImageKey, dict[ImageKey, Image]]:
    """Return where an image is: an own one, or one of others that is visible."""
    for key in every.images:
        if key[1] == image:
            return key, {}
    answers, errors = concurrently(places, lambda place: images.by_id(aws.at(place), [image]))
    unread |= {str(place): error.message for place, error in errors.items()}
    for each in (each for several in answers.values() for each in several):
        return lineage.key(each), {lineage.key(each): each}
    FamilyTree(images=(), unread=unread).complete(image)
    raise UsageError(
        f"{image}: there is no such image in {len(places)} regions, or this account cannot see it",
        fix="check the id, and the account",
    )


def _recorded_by_ec2(aws: Aws, image: ImageKey) -> Iterator[tuple[ImageKey, ImageKey]]:
    """Yield each image of the chain that EC2 has recorded with its source, be they there or not."""
    region, _ = at = image
    for ancestor in image_ancestry.ancestors(aws.in_region(region), image[1]):
        source = (ancestor.region or at[0], ancestor.image)
        yield at, source
        at = source


def _visible(
    aws: Aws, ancestors: Iterable[ImageKey], unread: dict[str, str]
) -> dict[ImageKey, Image]:
    """Return those of ancestors that can be seen; what is behind others' images cannot."""
    by_region = defaultdict[str, list[str]](list)
    for region, image in ancestors:
        by_region[region].append(image)
    answers, errors = concurrently(
        by_region, lambda region: images.by_id(aws.in_region(region), by_region[region])
    )
    unread |= {f"ancestors in {region}": error.message for region, error in errors.items()}
    return {lineage.key(each): each for several in answers.values() for each in several}


def _nested(
    source: ImageKey, later: Mapping[ImageKey, ImageKey], generation: int
) -> Iterator[tuple[int, ImageKey]]:
    """Yield descendants, each after what it was made from."""
    for each in sorted(child for child, origin in later.items() if origin == source):
        yield generation, each
        yield from _nested(each, later, generation + 1)


def _entry(generation: int, key: ImageKey, image: Image | None, source: str) -> LineageImage:
    entry = LineageImage(generation=generation, region=key[0], id=key[1], source=source)
    if image is None:
        return entry
    change = of_tags(image.tags)
    return structs.replace(
        entry,
        name=image.name,
        owner=image.owner_alias or image.owner,
        state=image.state,
        golden=f"{image.image} {image.version}".strip(),
        status=change.words if change and change.ends else image.status,
        watermarks=tuple(mark.key for mark in image.watermarks),
    )
