"""Which build of a release file is to be gone on with, or approved: read from the tags."""

from collections.abc import Callable, Iterable

from goldenami.aws import builds, images, lease, regions
from goldenami.aws.parallel import Answers, in_regions
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.image import Image
from goldenami.domain.place import Place
from goldenami.domain.tags import Status
from goldenami.errors import RefusedError
from goldenami.spec import ReleaseFile


def unfinished(aws: Aws, file: ReleaseFile) -> list[str]:
    """Return the builds of a release file, as it is now, that did not end; the newest first.

    A role of another account that cannot be assumed is not told here: the checks do.

    Raises:
        IncompleteError: a region could not be read.
    """
    release = file.release
    enabled = regions.enabled(aws)
    if release.build_region not in enabled:
        return []
    own = [Place(one) for one in release.regions if one in enabled]
    others = [one for one in release.places(aws.partition) if one.account]
    made = _of_all(_made(aws, file, own).complete("looking for builds"))
    made += _of_all(_made(aws, file, others).read)
    held = lease.of_image(aws, release.build_region, release.image)
    open_ones = [
        one.tags
        for one in made
        if one.status == Status.BUILDING
        or tags.UNPUBLISHED in one.tags
        or (held and one.tags.get(tags.BUILD) == held.holder.build)
    ]
    living = builds.instances(aws, release.build_region, tags.IMAGE, release.image)
    open_ones += [one.tags for one in living]
    mine = {one[tags.BUILD] for one in open_ones if one.get(tags.SPEC) == file.sha256}
    return sorted(mine, reverse=True)


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
    answers = _made(aws, file, file.release.places(aws.partition))
    made = _of_all(answers.complete("looking for candidates"))
    if build:
        chosen = _builds(file, made, lambda one: tags.reached(one.status, Status.CANDIDATE))
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


def _made(aws: Aws, file: ReleaseFile, places: Iterable[Place]) -> Answers[list[Image]]:
    by_name = {str(one): one for one in places}
    return in_regions(
        by_name,
        lambda name: images.produced(
            aws.at(by_name[name].role), by_name[name].region, image=file.release.image
        ),
    )


def _of_all(answers: dict[str, list[Image]]) -> list[Image]:
    return [one for several in answers.values() for one in several]


def _builds(file: ReleaseFile, made: list[Image], chosen: Callable[[Image], bool]) -> list[str]:
    mine = [one for one in made if one.tags.get(tags.SPEC) == file.sha256]
    return sorted({one.tags.get(tags.BUILD, "") for one in mine if chosen(one)}, reverse=True)
