"""From which image each image was made: by what EC2 notes of it, and by the records of builds.

Nobody can write either but EC2 and the pipeline; tags say nothing here.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify-source-ami-used-to-create-new-ami.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from goldenami.domain.image import Image
from goldenami.domain.record import Record

ImageKey = tuple[str, str]
"""An image: its region, and its id."""


class Lineage(Struct, frozen=True):
    """What each image was made from: `sources`, of which the nearest comes first.

    What EC2 notes and what a record says are usually the same image; neither has to know it.
    """

    sources: Mapping[ImageKey, tuple[ImageKey, ...]] = {}

    def ancestors(self, image: ImageKey) -> Iterator[ImageKey]:
        """Yield what an image was made from, as far as that is known: the nearest first."""
        seen, generation = {image}, [image]
        while generation:
            sources = [source for each in generation for source in self.sources.get(each, ())]
            generation = [source for source in dict.fromkeys(sources) if source not in seen]
            seen.update(generation)
            yield from generation

    def descendants(self, images: Collection[ImageKey]) -> dict[ImageKey, ImageKey]:
        """Return what was made of images, over all generations, and what each was made from."""
        children = dict[ImageKey, list[ImageKey]]()
        for child, sources in self.sources.items():
            for source in sources:
                children.setdefault(source, []).append(child)
        later, generation = dict[ImageKey, ImageKey](), [*images]
        while generation:
            pairs = [(child, each) for each in generation for child in children.get(each, ())]
            generation = []
            for child, source in pairs:
                if child not in later and child not in images:
                    later[child] = source
                    generation.append(child)
        return later

    def also(self, other: "Lineage") -> "Lineage":
        """Return what either of them knows."""
        return of(self.pairs, other.pairs)

    @property
    def pairs(self) -> Iterator[tuple[ImageKey, ImageKey]]:
        """Each image with each of its sources."""
        return ((each, source) for each, several in self.sources.items() for source in several)


def of(*known: Iterable[tuple[ImageKey, ImageKey]]) -> Lineage:
    """Return the lineage that pairs of an image and its source make."""
    sources = dict[ImageKey, dict[ImageKey, None]]()
    for pairs in known:
        for image, source in pairs:
            sources.setdefault(image, {})[source] = None
    return Lineage({image: tuple(several) for image, several in sources.items()})


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


def recorded(region: str, records: Iterable[Record]) -> Iterator[tuple[ImageKey, ImageKey]]:
    """Yield the images of the builds of a region with their sources, as their records have them."""
    return (
        ((region, record.image_id), (region, record.source))
        for record in records
        if record.image_id
    )
