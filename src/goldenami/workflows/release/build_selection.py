"""Which build of a release file is to be gone on with, or approved.

Tags tell which builds come into question; what is a build's own, `recover` tells.
"""

from functools import partial
from itertools import chain

from goldenami.aws import builds, lease, records, regions
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws
from goldenami.domain import lookup, tags
from goldenami.domain.image import Image, bake_of, build_of
from goldenami.domain.status import Status, reached
from goldenami.errors import RefusedError
from goldenami.spec import ReleaseFile
from goldenami.workflows.release.recovery import Claims, claimed, judged


def unfinished(aws: Aws, file: ReleaseFile) -> str | None:
    """Return the newest build of a release file, as it is now, that did not end.

    Of several architectures it is their bake: if one build of it did not end, that did not.

    A role of another account that cannot be assumed is not told here: the checks do.

    Raises:
        IncompleteError: a region could not be read.
        RefusedError: something claims to be of an open build, and none has made it.
    """
    release = file.release
    regions.begin(aws)
    enabled = regions.enabled(aws)
    if release.build_region not in enabled:
        return None
    places = release.places(aws.account, aws.partition)
    own = [place for place in places if place.is_home and place.region in enabled]
    others = [place for place in places if not place.is_home]
    home = aws.in_region(release.build_region)
    elsewhere = ahead(partial(claimed, aws, release, others))
    holding = ahead(partial(lease.of_image, home, release.image))
    running = ahead(partial(builds.instances, home, tags.IMAGE, release.image, alive=False))
    images = claimed(aws, release, own).complete("looking for builds")
    images |= elsewhere().read
    current = holding()
    holder = current.holder.build if current else ""
    claims = Claims(images, running())
    for build in sorted(_open(claims, file, holder), reverse=True):
        earlier = judged(aws, release, build, claims)
        if earlier is None or earlier.record.spec != file.spec:
            continue
        if earlier.open or bake_of(build) == holder:
            return bake_of(build)
        earlier.refuse()
    return None


def _open(claims: Claims, file: ReleaseFile, holder: str) -> set[str]:
    """Return the builds of a release file that seem to be open, by the tags there are.

    An image without a status counts, so that nothing is passed over for a tag that is gone, and a
    candidate: that somebody has approved it, its record may know alone.
    """
    claiming = [
        image.tags
        for image in chain.from_iterable(claims.images.values())
        if image.status in ("", Status.BUILDING, Status.CANDIDATE)
        or tags.UNPUBLISHED in image.tags
        or bake_of(image.tags.get(tags.BUILD, "")) == holder
    ]
    claiming += [instance.tags for instance in claims.instances if instance.alive]
    own = {each.get(tags.BUILD, "") for each in claiming if each.get(tags.SPEC) == file.spec}
    of_holder = {
        build_of(holder, architecture) for architecture in file.release.architectures or ("",)
    }
    return (own | of_holder if holder else own) - {""}


def to_approve(aws: Aws, file: ReleaseFile, build: str | None) -> str:
    """Return the build that is to be approved, of the release file as it is now.

    It is a candidate, or one whose approval or publication did not come to its end.

    Args:
        aws: whose account.
        file: the release file.
        build: this one; it may also be approved and published already. The newest if None. Of
            several architectures it is that of their bake, or of any of them.

    Raises:
        UsageError: there is no such build.
        RefusedError: there is no candidate, or the named build is none.
        IncompleteError: a place could not be read.
    """
    answers = claimed(aws, file.release, file.release.places(aws.account, aws.partition))
    images = [*chain.from_iterable(answers.complete("looking for candidates").values())]
    every = {bake_of(image.tags.get(tags.BUILD, "")) for image in images}
    candidates = {
        bake_of(image.tags.get(tags.BUILD, ""))
        for image in images
        if image.tags.get(tags.SPEC) == file.spec
        and (reached(image.status, Status.CANDIDATE) if build else _waits(image))
    }
    bake = bake_of(build or "")
    if bake in candidates or (candidates and not build):
        return bake or max(candidates)
    home = aws.in_region(file.release.build_region)
    every |= {bake_of(name) for name in records.every(home, file.release.image)}
    if bake and bake not in every:
        raise lookup.unknown(
            f"build of {file.release.image}", bake, every,
            fix=f"`goldenami history {file.release.image}` lists all",
        )  # fmt: skip
    raise RefusedError(
        f"{file.path}: build {build} is no candidate" if build else f"{file.path}: no candidate",
        fix="`goldenami images --status candidate` lists all; a changed release file has none",
    )


def _waits(image: Image) -> bool:
    return image.status == Status.CANDIDATE or (
        image.status == Status.APPROVED and tags.UNPUBLISHED in image.tags
    )
