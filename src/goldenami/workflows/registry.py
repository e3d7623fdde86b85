"""The registry: which golden images there are, where they come from, and of which releases.

The tags on the images are the database; a release's manifest tells more, where there is one.
"""

from collections.abc import Iterable
from functools import partial

from msgspec import UNSET, Struct

from goldenami.aws import images, parameters, regions
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.session import Aws
from goldenami.domain import life, lookup, manifest, names, tags
from goldenami.domain.image import Image, architecture_of, bake_of, started
from goldenami.domain.manifest import (
    Approval,
    Inputs,
    Manifest,
    ManifestArchitecture,
    ManifestSource,
    Placed,
)
from goldenami.domain.status import state
from goldenami.errors import UsageError
from goldenami.workflows import golden_names

IN_TAGS = (
    "read from the images' tags: there is no manifest, so that timings and inputs are not known"
)


class Entry(Struct, frozen=True, kw_only=True):
    """One golden image in one region, as the registry lists it.

    ``unpublished`` are the places where its release is not published (yet); ``changed_by``,
    ``changed_at``, ``why`` and ``successor`` tell of what became of it after its approval.
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
    architecture: str
    created: str
    deprecated: str
    snapshots: tuple[str, ...]
    changed_by: str = ""
    changed_at: str = ""
    why: str = ""
    successor: str = ""


class FoundManifest(Struct, frozen=True):
    """A manifest, where it was found, and the regions that could not be read."""

    manifest: Manifest
    found_in: str
    answers: RegionAnswers[list[Image]]

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each of the caller's own images, by its id."""
        every = (image for several in self.answers.read.values() for image in several)
        return {image.id: image.status for image in every}

    @property
    def became(self) -> list[str]:
        """What became of the release after its approval, by the manifest and by images' tags."""
        own = {placed.image_id for placed in self.manifest.images}
        tagged = (
            change
            for several in self.answers.read.values()
            for image in several
            if image.id in own and (change := life.of_tags(image.tags)) and change.ends
        )
        kept = self.manifest.life or ()
        return [*dict.fromkeys(change.words for change in (*kept, *tagged))]


class PastRelease(Struct, frozen=True, kw_only=True):
    """One release of a golden image, as `history` lists it.

    ``status`` says where, if it is not the same everywhere; ``statuses`` is by region. The last
    four tell of what became of it after its approval.
    """

    version: str
    build: str
    status: str
    started: str
    regions: tuple[str, ...]
    source: str
    approved_by: str
    approved_at: str
    statuses: dict[str, str] = {}
    changed_by: str = ""
    changed_at: str = ""
    why: str = ""
    successor: str = ""


def produced(
    aws: Aws, where: Iterable[str] | None = None, image: str | None = None
) -> RegionAnswers[list[Image]]:
    """Return the images of releases by region (every enabled one if none is named)."""
    read = partial(images.produced, image=image)
    return in_regions(where or regions.enabled(aws), lambda region: read(aws.in_region(region)))


def read(
    aws: Aws,
    *,
    where: Iterable[str] | None = None,
    image: str | None = None,
    status: str | None = None,
) -> RegionAnswers[list[Entry]]:
    """Return the golden images by region (every enabled one if none is named).

    Within a region they stand by image name, the newest version first.

    Raises:
        UsageError: there is no golden image of that name.
        IncompleteError: whether there is could not be read.
    """
    answers = produced(aws, where, image)
    entries = {
        region: [
            Entry(
                image=image.image,
                version=image.version,
                build=image.tags.get(tags.BUILD, ""),
                status=image.status,
                unpublished=tuple(image.tags.get(tags.UNPUBLISHED, "").split()),
                region=image.region,
                id=image.id,
                name=image.name,
                state=image.state,
                architecture=image.architecture,
                created=f"{image.created:%Y-%m-%d %H:%M}" if image.created else "",
                deprecated=f"{image.deprecated_at:%Y-%m-%d}" if image.deprecated_at else "",
                snapshots=image.snapshots,
                **_became([image]),
            )
            for image in sorted(newest_first, key=lambda each: each.image)
            if status is None or image.status == status
        ]
        for region, newest_first in answers.read.items()
    }
    _refuse_unknown(aws, image, answers)
    return RegionAnswers(entries, answers.unread)


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
    answers = produced(aws, where)
    every = [image for several in answers.read.values() for image in several]
    build = name
    if names.AMI_ID.fullmatch(name):
        build = next((image.tags.get(tags.BUILD, "") for image in every if image.id == name), "")
    build = bake_of(build)
    mine = [image for image in every if build and bake_of(image.tags.get(tags.BUILD, "")) == build]
    if not mine:
        answers.complete(f"looking for {name}")
        raise _unknown(name, every)
    for region in dict.fromkeys(image.region for image in mine):
        parameter = manifest.parameter(mine[0].image, build)
        there = parameters.parameter(aws.in_region(region), parameter)
        if there and (kept := manifest.read(there.value)):
            return FoundManifest(kept, f"{parameter} in {region}", answers)
    return FoundManifest(_from_tags(build, mine), IN_TAGS, answers)


def _unknown(name: str, images: Iterable[Image]) -> UsageError:
    """Return the error of what is neither a build nor an image of one."""
    if name in {image.image for image in images}:
        return UsageError(
            f"{name} is a golden image, and no build of one",
            fix=f"`goldenami history {name}` lists its builds",
        )
    fix = "`goldenami images` and `goldenami history IMAGE` list what there is"
    if names.AMI_ID.fullmatch(name):
        return lookup.unknown("image of a build", name, {image.id for image in images}, fix=fix)
    builds = {bake_of(image.tags.get(tags.BUILD, "")) for image in images} - {""}
    return lookup.unknown("build", name, builds, fix=fix)


def history(
    aws: Aws, image: str, *, where: Iterable[str] | None
) -> tuple[list[PastRelease], RegionAnswers[list[Image]]]:
    """Return the releases of a golden image, the newest first, and what every region answered.

    Raises:
        UsageError: there is no golden image of that name.
        IncompleteError: whether there is could not be read.
    """
    answers = produced(aws, where, image)
    _refuse_unknown(aws, image, answers)
    builds: dict[str, list[Image]] = {}
    for several in answers.read.values():
        for made_image in several:
            bake = bake_of(made_image.tags.get(tags.BUILD, ""))
            builds.setdefault(bake, []).append(made_image)
    return [_release(build, builds[build]) for build in sorted(builds, reverse=True)], answers


def _refuse_unknown(aws: Aws, image: str | None, answers: RegionAnswers[list[Image]]) -> None:
    """See to it that a name of which no image was found is one all the same."""
    if image and not answers.unread and not any(answers.read.values()):
        golden_names.refuse_unknown(aws, image)


def _from_tags(build: str, images: list[Image]) -> Manifest:
    first, first_tags = images[0], images[0].tags
    begun = started(build)
    several = {
        architecture: ManifestArchitecture(
            build=image.tags[tags.BUILD],
            ami_name=image.name,
            source=ManifestSource(id=image.tags.get(tags.SOURCE, "")),
        )
        for image in images
        if (architecture := _architecture(image))
    }
    return Manifest(
        build=build,
        image=first.image,
        version=first.version,
        ami_name=names.ami_name(first.image, first.version) if several else first.name,
        status=_status(images),
        started=f"{begun:%Y-%m-%dT%H:%M:%SZ}" if begun else "",
        inputs=Inputs(release="", release_sha256="", spec=first_tags.get(tags.SPEC, "")),
        source=ManifestSource(id="" if several else first_tags.get(tags.SOURCE, "")),
        architectures=several or UNSET,
        approval=Approval(by=_first(images, tags.APPROVED_BY), at=_first(images, tags.APPROVED_AT)),
        images=tuple(
            Placed(
                account=image.owner,
                region=image.region,
                image_id=image.id,
                snapshots=image.snapshots,
                architecture=_architecture(image) or UNSET,
            )
            for image in images
        ),
        missing=_unpublished(images),
    )


def _architecture(image: Image) -> str:
    return architecture_of(image.tags.get(tags.BUILD, ""))


def _release(build: str, images: list[Image]) -> PastRelease:
    release, begun = _from_tags(build, images), started(build)
    return PastRelease(
        version=release.version,
        build=build,
        status=release.status,
        started=f"{begun:%Y-%m-%d %H:%M}" if begun else "",
        regions=tuple(dict.fromkeys(image.region for image in images)),
        source=" ".join(dict.fromkeys(image.tags.get(tags.SOURCE, "") for image in images)),
        approved_by=release.approval.by,
        approved_at=release.approval.at,
        statuses=_by_region(images),
        **_became(images),
    )


def _became(images: list[Image]) -> dict[str, str]:
    """Return what became of a release after its approval, as its images' tags tell: the worst."""
    changes = (life.of_tags(image.tags) for image in images)
    ends = [change for change in changes if change and change.ends]
    if not ends:
        return {}
    last = max(ends, key=lambda change: state(change.status).rank)
    return {
        "changed_by": last.by,
        "changed_at": last.at,
        "why": last.why,
        "successor": last.successor,
    }


def _by_region(images: list[Image]) -> dict[str, str]:
    """Return the status of a release in each region: of several architectures, each that occurs."""
    statuses = dict[str, dict[str, None]]()
    for image in images:
        statuses.setdefault(image.region, {})[image.status] = None
    return {region: ", ".join(several) for region, several in statuses.items()}


def _status(images: list[Image]) -> str:
    by_region = _by_region(images)
    where = dict[str, list[str]]()
    for region, status in by_region.items():
        where.setdefault(status, []).append(region)
    several = len(where) > 1
    statuses = ", ".join(
        f"{status} in {' '.join(regions)}" if several else status
        for status, regions in where.items()
    )
    missing = " ".join(_unpublished(images))
    return f"{statuses} ({missing} missing)" if missing else statuses


def _unpublished(images: list[Image]) -> tuple[str, ...]:
    """Return the places that any image of a build tells to be unpublished."""
    places = [place for image in images for place in image.tags.get(tags.UNPUBLISHED, "").split()]
    return tuple(dict.fromkeys(places))


def _first(images: list[Image], key: str) -> str:
    return next((image.tags[key] for image in images if key in image.tags), "")
