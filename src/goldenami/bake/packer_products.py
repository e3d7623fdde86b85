"""What a build of Packer has made, in every region, by what EC2 records of it.

EC2 says of which instance an image was made, and of which image a copy. Packer's log and manifest
are hints: anybody's script could write there. What only they name is told, and left alone.
"""

import re
from collections.abc import Iterable, Iterator, Set
from datetime import datetime, timedelta

from msgspec import Struct

from goldenami.aws import images, instances, leftovers, regions, snapshots
from goldenami.aws.leftovers import TEMPORARY
from goldenami.aws.parallel import UnreadRegion, in_regions
from goldenami.aws.session import RegionalAws
from goldenami.domain.identity import origin
from goldenami.domain.image import Build, Image, started
from goldenami.domain.instance import Instance

CLOCK_DIFFERENCE = timedelta(minutes=5)
"""How much a clock may be ahead of AWS's for its requests to be accepted."""
_PURPOSE = "looking for what Packer has made"
_NAME = re.compile(rf"{TEMPORARY}[0-9A-Za-z-]{{8,}}")
_ID = re.compile(r"\b(?:ami|i|snap)-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")


class Mentions:
    """The ids and the names of temporary things that Packer's log speaks of.

    ``keys`` are the names that come before the first instance: no script of the template can have
    written them, so an instance with such a key pair is Packer's. ``originals`` are regions and ids
    of images that EC2 has said were made of the build's instances: Packer may remove one and leave
    its copies.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.keys: set[str] = set()
        self.ids: set[str] = set()
        self.originals: set[tuple[str, str]] = set()

    def add(self, text: str) -> None:
        """Note what a line speaks of: images, instances, snapshots, key pairs, groups."""
        ids = _ID.findall(text)
        names = _NAME.findall(text)
        self.ids.update(ids)
        self.names.update(names)
        if not self.of("i-"):
            self.keys.update(names)

    def of(self, kind: str) -> list[str]:
        """Return the ids of a kind, such as ``ami-``."""
        return sorted(each for each in self.ids if each.startswith(kind))


class Products(Struct, frozen=True, kw_only=True):
    """What there is of a build.

    Args:
        images: those that EC2 says were made of its instances, and their copies, anywhere.
        mentioned: those that have come into being since, and that Packer's log, or their name,
            names.
        instances: the living ones that Packer's log names.
        others: kind, region and id of the temporary things, and of snapshots that no image has.
        unread: where nobody could look.
    """

    images: tuple[Image, ...] = ()
    mentioned: tuple[Image, ...] = ()
    instances: tuple[Instance, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()
    unread: tuple[UnreadRegion, ...] = ()

    def lines(self, but: Set[str] = frozenset()) -> Iterator[str]:
        """Tell by id what there is, but for these ids."""
        for image in (*self.images, *self.mentioned):
            if image.id not in but:
                public = " (public)" if image.public else ""
                yield f"image {image.id}{public} in {image.region}, {origin(image)}"
        for instance in self.instances:
            if instance.id not in but:
                yield f"instance {instance.id} ({instance.state}) in {instance.region}"
        for kind, region, name in self.others:
            if name not in but:
                yield f"{kind} {name} in {region}"
        for part in self.unread:
            yield f"{part.region} could not be looked at: {part.error.message}"


NOTHING = Products()


class _Beside(Struct, frozen=True):
    """What there is beside images in a region."""

    instances: tuple[Instance, ...]
    others: tuple[tuple[str, str, str], ...]


def since(build: Build) -> datetime | None:
    """Return before when nothing of a build has come into being, by AWS's clock."""
    begun = started(build.id)
    return begun - CLOCK_DIFFERENCE if begun else None


def is_recent(instance: Instance, build: Build) -> bool:
    """Tell whether EC2 says that an instance was launched since the build began."""
    begun = since(build)
    return bool(begun and instance.launched and instance.launched >= begun)


def look(
    regional: RegionalAws, build: Build, instance_ids: Set[str], mentions: Mentions
) -> Products:
    """Look in every region of the account for what a build has made.

    Args:
        regional: whose account, and its build region.
        build: the build.
        instance_ids: its instances.
        mentions: what Packer's log speaks of.
    """
    aws = regional.aws
    enabled = regions.enabled(aws)
    read = in_regions(enabled, lambda name: images.own(aws.in_region(name)))
    every = [image for several in read.read.values() for image in several]
    of_build = _descended(every, instance_ids, mentions.originals)
    ids = {image.id for image in of_build}
    begun = since(build)
    mentioned = tuple(
        image
        for image in every
        if image.id not in ids
        and (image.id in mentions.ids or image.name == build.ami_name)
        and begun
        and image.created
        and image.created >= begun
    )

    def beside(name: str) -> _Beside:
        return _beside(aws.in_region(name), build, mentions, (*of_build, *mentioned))

    close = in_regions({regional.region, *(image.region for image in of_build)}, beside)
    here = {each.id for answer in close.read.values() for each in answer.instances}
    if set(mentions.of("i-")) - instance_ids - here:  # it is in another region, or gone
        close = in_regions(enabled, beside)
    unread = {part.region: part for part in (*read.unread, *close.unread)}
    answers = close.read.values()
    return Products(
        images=of_build,
        mentioned=mentioned,
        instances=tuple(each for answer in answers for each in answer.instances if each.alive),
        others=tuple(other for answer in answers for other in answer.others),
        unread=tuple(unread.values()),
    )


def _descended(
    every: Iterable[Image], instance_ids: Set[str], originals: Set[tuple[str, str]]
) -> tuple[Image, ...]:
    """Return the images that were made of these instances, and all copies of them.

    ``originals`` are further images of theirs, which may be gone by now.
    """
    every = list(every)
    descended = [image for image in every if image.source_instance in instance_ids]
    copied = list(dict.fromkeys([*((image.region, image.id) for image in descended), *originals]))
    for original in copied:  # which grows
        copies = [
            image
            for image in every
            if not image.source_instance
            and (image.source_region, image.source_image) == original
            and image not in descended
        ]
        descended += copies
        copied += ((image.region, image.id) for image in copies)
    return tuple(descended)


def _beside(
    regional: RegionalAws, build: Build, mentions: Mentions, of_build: tuple[Image, ...]
) -> _Beside:
    """Look for what a build has made beside images in a region."""
    named = mentions.of("i-")
    patterns = [f"{TEMPORARY}{build.id}-*", *sorted(mentions.names)]
    key_pairs, groups = leftovers.temporary(regional, patterns)
    used = {snapshot for image in of_build for snapshot in image.snapshots}
    ids = [each for each in mentions.of("snap-") if each not in used]
    alone = [each.snapshot_id for each in snapshots.own(regional, ids, _PURPOSE)] if ids else []
    kinds = (("snapshot", alone), ("key pair", key_pairs), ("security group", groups))
    return _Beside(
        tuple(instances.having(regional, "instance-id", named, _PURPOSE)),
        tuple((kind, regional.region, name) for kind, names in kinds for name in names),
    )
