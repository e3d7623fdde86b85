"""From which image each image was made: by what EC2 notes of it, and by the records of builds.

Nobody can write either but EC2 and the pipeline; tags say nothing here.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify-source-ami-used-to-create-new-ami.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain

from msgspec import Struct

from goldenami.domain.image import Image
from goldenami.domain.record import Record

ImageKey = tuple[str, str]
"""An image: its region, and its id."""


class Lineage(Struct, frozen=True):
    """What each image was made from.

    What EC2 notes and what a record says are usually the same image; neither has to know it. A
    watermark leaves out what is between, so it counts only where nothing else leads on.

    Args:
        sources: the images that each was made from.
        marks: the images that the watermarks of each were attached to.
    """

    sources: Mapping[ImageKey, tuple[ImageKey, ...]] = {}
    marks: Mapping[ImageKey, tuple[ImageKey, ...]] = {}

    def ancestors(self, image: ImageKey) -> dict[ImageKey, int]:
        """Return what an image was made from, the nearest first, and how many steps it is away."""
        away, generation, steps = {image: 0}, [image], 0
        while generation:
            steps += 1
            generation = _beyond(away, generation, self.sources) or _beyond(away, away, self.marks)
            away |= dict.fromkeys(generation, steps)
        del away[image]
        return away

    def descendants(self, images: Collection[ImageKey]) -> dict[ImageKey, ImageKey]:
        """Return what was made of images, over all generations, and what each was made from."""
        children, marked = _reversed(self.sources), _reversed(self.marks)
        known = dict.fromkeys(images, ("", ""))
        generation = [*images]
        while generation:
            later = _first_of(known, generation, children) or _first_of(known, known, marked)
            known |= later
            generation = [*later]
        return {each: source for each, source in known.items() if source != ("", "")}

    def also(self, other: "Lineage") -> "Lineage":
        """Return what either of them knows."""
        return Lineage(
            _joined(_pairs(self.sources), _pairs(other.sources)),
            _joined(_pairs(self.marks), _pairs(other.marks)),
        )


Sources = Mapping[ImageKey, tuple[ImageKey, ...]]
Pairs = Iterable[tuple[ImageKey, ImageKey]]


def of(*known: Pairs, marks: Pairs = ()) -> Lineage:
    """Return the lineage that pairs of an image and its source make, and such of watermarks."""
    return Lineage(_joined(*known), _joined(marks))


def _beyond(
    seen: Collection[ImageKey], images: Iterable[ImageKey], sources: Sources
) -> list[ImageKey]:
    """Return the sources of images that were not seen yet."""
    further = (source for each in images for source in sources.get(each, ()))
    return [source for source in dict.fromkeys(further) if source not in seen]


def _first_of(
    known: Collection[ImageKey], images: Iterable[ImageKey], children: Sources
) -> dict[ImageKey, ImageKey]:
    """Return the children of images that are not known yet, each with its first source."""
    later = dict[ImageKey, ImageKey]()
    for source in images:
        for child in children.get(source, ()):
            if child not in known:
                later.setdefault(child, source)
    return later


def _pairs(sources: Sources) -> Iterator[tuple[ImageKey, ImageKey]]:
    return ((each, source) for each, several in sources.items() for source in several)


def _reversed(sources: Sources) -> Sources:
    return _joined((source, each) for each, source in _pairs(sources))


def _joined(*known: Pairs) -> Sources:
    sources = dict[ImageKey, dict[ImageKey, None]]()
    for image, source in chain(*known):
        sources.setdefault(image, {})[source] = None
    return {image: tuple(several) for image, several in sources.items()}


def key(image: Image) -> ImageKey:
    """Return what an image is known by here."""
    return (image.region, image.id)


def noted(images: Iterable[Image]) -> Iterator[tuple[ImageKey, ImageKey]]:
    """Yield images with their sources, as EC2 notes them of each that is created or copied."""
    return (
        (key(image), (image.source_region or image.region, image.source_image))
        for image in images
        if image.source_image
    )


def marked(images: Iterable[Image]) -> Iterator[tuple[ImageKey, ImageKey]]:
    """Yield images with those that their watermarks were attached to."""
    return (
        (key(image), (mark.region, mark.image))
        for image in images
        for mark in image.watermarks
        if mark.image != image.id
    )


def recorded(region: str, records: Iterable[Record]) -> Iterator[tuple[ImageKey, ImageKey]]:
    """Yield the images of the builds of a region with their sources, as their records have them."""
    return (
        ((region, record.image_id), (region, record.source))
        for record in records
        if record.image_id
    )
