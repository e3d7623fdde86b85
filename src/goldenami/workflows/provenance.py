"""Where an image comes from, and which releases there were: manifests, and tags where none is."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from goldenami.aws import images, parameters, regions
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import manifest, names, tags
from goldenami.domain.image import Image, started
from goldenami.domain.manifest import Approval, Inputs, Manifest, ManifestSource, Placed
from goldenami.errors import UsageError

IN_TAGS = (
    "read from the images' tags: there is no manifest, so that timings and inputs are not known"
)


class FoundManifest(Struct, frozen=True):
    """A manifest, where it was found, and the regions that could not be read."""

    manifest: Manifest
    found_in: str
    answers: RegionAnswers[list[Image]]


class PastRelease(Struct, frozen=True, kw_only=True):
    """One release of a golden image, as `history` lists it."""

    version: str
    build: str
    status: str
    started: str
    regions: tuple[str, ...]
    source: str
    approved_by: str
    approved_at: str


def show(aws: Aws, name: str, *, where: Iterable[str] | None) -> FoundManifest:
    """Return the manifest of a build, or of the build that made an image.

    Args:
        aws: whose account.
        name: the id of a build, or of an image.
        where: the regions, all enabled ones if None.

    Raises:
        UsageError: there is no such build, or goldenami did not make the image.
        IncompleteError: it was not found, and a region could not be read.
    """
    answers = in_regions(
        where or regions.enabled(aws), lambda region: images.produced(aws.in_region(region))
    )
    produced = [image for several in answers.read.values() for image in several]
    build = name
    if names.AMI_ID.fullmatch(name):
        build = next((image.tags.get(tags.BUILD, "") for image in produced if image.id == name), "")
    mine = [image for image in produced if build and image.tags.get(tags.BUILD) == build]
    if not mine:
        answers.complete(f"looking for {name}")
        raise UsageError(
            f"{name}: goldenami has made no such thing in {', '.join(answers.read)}",
            fix="`goldenami images` and `goldenami history IMAGE` list what there is",
        )
    for region in dict.fromkeys(image.region for image in mine):
        parameter = manifest.parameter(mine[0].image, build)
        kept = _kept(aws.in_region(region), parameter)
        if kept:
            return FoundManifest(kept, f"{parameter} in {region}", answers)
    return FoundManifest(_from_tags(build, mine), IN_TAGS, answers)


def history(
    aws: Aws, image: str, *, where: Iterable[str] | None
) -> tuple[list[PastRelease], RegionAnswers[list[Image]]]:
    """Return the releases of a golden image, the newest first, and what every region answered."""
    answers = in_regions(
        where or regions.enabled(aws),
        lambda region: images.produced(aws.in_region(region), image=image),
    )
    builds: dict[str, list[Image]] = {}
    for several in answers.read.values():
        for made_image in several:
            builds.setdefault(made_image.tags.get(tags.BUILD, ""), []).append(made_image)
    return [_release(build, builds[build]) for build in sorted(builds, reverse=True)], answers


def _kept(regional: RegionalAws, name: str) -> Manifest | None:
    there = parameters.parameter(regional, name)
    return manifest.read(there.value) if there else None


def _from_tags(build: str, images: list[Image]) -> Manifest:
    first, first_tags = images[0], images[0].tags
    begun = started(build)
    return Manifest(
        build=build,
        image=first.image,
        version=first.version,
        ami_name=first.name,
        status=_status(images),
        started=f"{begun:%Y-%m-%dT%H:%M:%SZ}" if begun else "",
        inputs=Inputs(release="", release_sha256=first_tags.get(tags.SPEC, "")),
        source=ManifestSource(id=first_tags.get(tags.SOURCE, "")),
        approval=Approval(by=_first(images, tags.APPROVED_BY), at=_first(images, tags.APPROVED_AT)),
        images=tuple(
            Placed(
                account=image.owner,
                region=image.region,
                image_id=image.id,
                snapshots=image.snapshots,
            )
            for image in images
        ),
        missing=_unpublished(images),
    )


def _release(build: str, images: list[Image]) -> PastRelease:
    first_tags: Mapping[str, str] = images[0].tags
    begun = started(build)
    return PastRelease(
        version=images[0].version,
        build=build,
        status=_status(images),
        started=f"{begun:%Y-%m-%d %H:%M}" if begun else "",
        regions=tuple(image.region for image in images),
        source=first_tags.get(tags.SOURCE, ""),
        approved_by=_first(images, tags.APPROVED_BY),
        approved_at=_first(images, tags.APPROVED_AT),
    )


def _status(images: list[Image]) -> str:
    statuses = ", ".join(dict.fromkeys(image.status for image in images))
    missing = " ".join(_unpublished(images))
    return f"{statuses} ({missing} missing)" if missing else statuses


def _unpublished(images: list[Image]) -> tuple[str, ...]:
    """Return the places that any image of a build tells to be unpublished."""
    places = [place for image in images for place in image.tags.get(tags.UNPUBLISHED, "").split()]
    return tuple(dict.fromkeys(places))


def _first(images: list[Image], key: str) -> str:
    return next((image.tags[key] for image in images if key in image.tags), "")
