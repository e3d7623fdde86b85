"""Which build of a release file is to be gone on with, or approved.

Tags tell which builds come into question; what is a build's own, `recover` tells.
"""

from collections.abc import Callable, Mapping, Sequence

from goldenami.aws import builds, lease, regions
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.image import Image
from goldenami.domain.status import Status, reached
from goldenami.errors import RefusedError
from goldenami.spec import ReleaseFile
from goldenami.workflows.release.recovery import Claims, claimed, judged


def unfinished(aws: Aws, file: ReleaseFile) -> str | None:
    """Return the newest build of a release file, as it is now, that did not end.

    A role of another account that cannot be assumed is not told here: the checks do.

    Raises:
        IncompleteError: a region could not be read.
        RefusedError: something claims to be of an open build, and none has made it.
    """
    release = file.release
    enabled = regions.enabled(aws)
    if release.build_region not in enabled:
        return None
    places = release.places(aws.account, aws.partition)
    own = [place for place in places if place.is_home and place.region in enabled]
    others = [one for one in places if not one.is_home]
    made = claimed(aws, release, own).complete("looking for builds")
    made |= claimed(aws, release, others).read
    held = lease.of_image(aws.in_region(release.build_region), release.image)
    holder = held.holder.build if held else ""
    instances = builds.instances(
        aws.in_region(release.build_region), tags.IMAGE, release.image, alive=False
    )
    claims = Claims(made, instances)
    for build in sorted(_open(claims, file, holder), reverse=True):
        found = judged(aws, release, build, claims)
        if found is None or found.record.spec != file.sha256:
            continue
        if found.open or build == holder:
            return build
        found.refuse()
    return None


def _open(claims: Claims, file: ReleaseFile, holder: str) -> set[str]:
    """Return the builds of a release file that seem to be open, by the tags there are.

    An image without a status counts, so that nothing is passed over for a tag that is gone, and a
    candidate: that somebody has approved it, its record may know alone.
    """
    open_ones = [
        one.tags
        for one in _of_all(claims.images)
        if one.status in ("", Status.BUILDING, Status.CANDIDATE)
        or tags.UNPUBLISHED in one.tags
        or one.tags.get(tags.BUILD) == holder
    ]
    open_ones += [one.tags for one in claims.instances if one.alive]
    mine = {one.get(tags.BUILD, "") for one in open_ones if one.get(tags.SPEC) == file.sha256}
    return (mine | {holder}) - {""}


def to_approve(aws: Aws, file: ReleaseFile, build: str | None) -> str:
    """Return the build that is to be approved, of the release file as it is now.

    It is a candidate, or one whose approval or publication did not come to its end.

    Args:
        aws: whose account.
        file: the release file.
        build: this one; it may also be approved and published already. The newest if None.

    Raises:
        RefusedError: there is none, or the named one is none.
        IncompleteError: a place could not be read.
    """
    answers = claimed(aws, file.release, file.release.places(aws.account, aws.partition))
    made = _of_all(answers.complete("looking for candidates"))
    if build:
        chosen = _builds(file, made, lambda one: reached(one.status, Status.CANDIDATE))
        chosen = [one for one in chosen if one == build]
    else:
        chosen = _builds(file, made, _waits)
    if chosen:
        return chosen[0]
    raise RefusedError(
        f"{file.path}: build {build} is no candidate" if build else f"{file.path}: no candidate",
        fix="`goldenami images --status candidate` lists all; a changed release file has none",
    )


def _waits(image: Image) -> bool:
    return image.status == Status.CANDIDATE or (
        image.status == Status.APPROVED and tags.UNPUBLISHED in image.tags
    )


def _of_all(answers: Mapping[str, Sequence[Image]]) -> list[Image]:
    return [one for several in answers.values() for one in several]


def _builds(file: ReleaseFile, made: list[Image], chosen: Callable[[Image], bool]) -> list[str]:
    mine = [one for one in made if one.tags.get(tags.SPEC) == file.sha256]
    return sorted({one.tags.get(tags.BUILD, "") for one in mine if chosen(one)}, reverse=True)
