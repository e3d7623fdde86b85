"""Where an image comes from, and which releases there were: manifests, and tags where none is."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from goldenami.aws import images, parameters, regions
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.regional import RegionalAws
from goldenami.aws.session import Aws
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
        where or regions.enabled(aws), lambda one: images.produced(aws.in_region(one))
    )
    made = [one for several in answers.read.values() for one in several]
    build = name
    if names.AMI_ID.fullmatch(name):
        build = next((one.tags.get(tags.BUILD, "") for one in made if one.id == name), "")
    mine = [one for one in made if build and one.tags.get(tags.BUILD) == build]
    if not mine:
        answers.complete(f"looking for {name}")
        raise UsageError(
            f"{name}: goldenami has made no such thing in {', '.join(answers.read)}",
            fix="`goldenami images` and `goldenami history IMAGE` list what there is",
        )
    for region in dict.fromkeys(one.region for one in mine):
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
        for one in several:
            builds.setdefault(one.tags.get(tags.BUILD, ""), []).append(one)
    return [_release(build, builds[build]) for build in sorted(builds, reverse=True)], answers


def _kept(regional: RegionalAws, name: str) -> Manifest | None:
    there = parameters.parameter(regional, name)
    return manifest.read(there.value) if there else None


def _from_tags(build: str, made: list[Image]) -> Manifest:
    first, told = made[0], made[0].tags
    begun = started(build)
    return Manifest(
        build=build,
        image=first.image,
        version=first.version,
        ami_name=first.name,
        status=_status(made),
        started=f"{begun:%Y-%m-%dT%H:%M:%SZ}" if begun else "",
        inputs=Inputs(release="", release_sha256=told.get(tags.SPEC, "")),
        source=ManifestSource(id=told.get(tags.SOURCE, "")),
        approval=Approval(by=_first(made, tags.APPROVED_BY), at=_first(made, tags.APPROVED_AT)),
        images=tuple(
            Placed(account=one.owner, region=one.region, image_id=one.id, snapshots=one.snapshots)
            for one in made
        ),
        missing=_unpublished(made),
    )


def _release(build: str, made: list[Image]) -> PastRelease:
    told: Mapping[str, str] = made[0].tags
    begun = started(build)
    return PastRelease(
        version=made[0].version,
        build=build,
        status=_status(made),
        started=f"{begun:%Y-%m-%d %H:%M}" if begun else "",
        regions=tuple(one.region for one in made),
        source=told.get(tags.SOURCE, ""),
        approved_by=_first(made, tags.APPROVED_BY),
        approved_at=_first(made, tags.APPROVED_AT),
    )


def _status(made: list[Image]) -> str:
    found = ", ".join(dict.fromkeys(one.status for one in made))
    missing = " ".join(_unpublished(made))
    return f"{found} ({missing} missing)" if missing else found


def _unpublished(made: list[Image]) -> tuple[str, ...]:
    """Return the places that any image of a build tells to be unpublished."""
    told = [place for one in made for place in one.tags.get(tags.UNPUBLISHED, "").split()]
    return tuple(dict.fromkeys(told))


def _first(made: list[Image], key: str) -> str:
    return next((one.tags[key] for one in made if key in one.tags), "")
