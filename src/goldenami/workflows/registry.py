"""The registry: which golden images there are. The tags on the images are the database."""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.aws import images, regions
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.image import Image


class Entry(Struct, frozen=True, kw_only=True):
    """One golden image in one region, as the registry lists it.

    ``unpublished`` are the places where its release is not published (yet).
    """

    image: str
    version: str
    build: str
    status: str
    unpublished: tuple[str, ...]
    region: str
    id: str
    name: str
    state: str
    created: str
    deprecated: str
    snapshots: tuple[str, ...]


def read(
    aws: Aws,
    *,
    where: Iterable[str] | None = None,
    image: str | None = None,
    status: str | None = None,
) -> RegionAnswers[list[Entry]]:
    """Return the golden images by region (every enabled one if none is named).

    Within a region they stand by image name, the newest version first.
    """

    def entries(region: str) -> list[Entry]:
        newest_first = images.produced(aws.in_region(region), image=image)
        by_name = sorted(newest_first, key=lambda entry: entry.image)
        return [_entry(image) for image in by_name if status is None or image.status == status]

    return in_regions(where or regions.enabled(aws), entries)


def _entry(image: Image) -> Entry:
    return Entry(
        image=image.image,
        version=image.version,
        build=image.tags.get(tags.BUILD, ""),
        status=image.status,
        unpublished=tuple(image.tags.get(tags.UNPUBLISHED, "").split()),
        region=image.region,
        id=image.id,
        name=image.name,
        state=image.state,
        created=f"{image.created:%Y-%m-%d %H:%M}" if image.created else "",
        deprecated=f"{image.deprecated_at:%Y-%m-%d}" if image.deprecated_at else "",
        snapshots=image.snapshots,
    )
