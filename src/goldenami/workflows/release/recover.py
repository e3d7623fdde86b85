"""What an earlier run of a build has made, read from the account's tags alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import builds, images, lease, regions
from goldenami.aws.builds import Instance
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.bake.boot_test import TEST
from goldenami.bake.create_image import deregister
from goldenami.bake.packer_leftovers import unclaimed
from goldenami.domain import names, tags
from goldenami.domain.image import Build, Image
from goldenami.domain.place import Place
from goldenami.domain.plan import Action
from goldenami.domain.tags import Status
from goldenami.spec import Release, ReleaseFile

MADE = ("pending", "available")


class Found(Struct, frozen=True, kw_only=True):
    """What a build has left in the account.

    Args:
        build: the build.
        source: the id of the image it is made from.
        instance_id: its living base instance, if there is one.
        images: its pending or available images by place.
        broken: its images that will never be available, by place; they hold the name.
    """

    build: Build
    source: str
    instance_id: str | None = None
    images: Mapping[str, Image] = {}
    broken: Mapping[str, Image] = {}

    @property
    def tested(self) -> bool:
        """Whether the image passed its boot test: it was copied, or proposed, or approved."""
        moved_on = any(one.status != Status.BUILDING for one in self.images.values())
        return len(self.images) > 1 or moved_on


def find(aws: Aws, release: Release, build: str) -> Found | None:
    """Return what a build has left in the release's places; None if there is no trace of it.

    Raises:
        IncompleteError: a place could not be read, so nothing is known.
    """
    places = {str(one): one for one in release.places(aws.partition)}

    def look(name: str) -> list[Image]:
        place = places[name]
        return builds.images_of(aws.at(place.role), place.region, build)

    found = in_regions(places, look).complete("looking for the build")
    made = [one for several in found.values() for one in several]
    launched = builds.instances(aws, release.build_region, tags.BUILD, build, alive=False)
    living = [one for one in launched if one.state in builds.ALIVE]
    orphan = _orphan(aws, release.build_region, launched)
    traces = [one.tags for one in (*made, *living, *(launched if orphan else ()))]
    if not traces:
        return None
    written = traces[0]
    broken = _by_place(found, lambda image: image.state not in MADE)
    return Found(
        build=Build(
            id=build,
            image=written.get(tags.IMAGE, ""),
            version=written.get(tags.VERSION, ""),
            spec=written.get(tags.SPEC, ""),
        ),
        source=written.get(tags.SOURCE, ""),
        instance_id=next((one.id for one in living if one.role == tags.Role.BASE), None),
        images=_by_place(found, lambda image: image.state in MADE),
        broken=broken | ({release.build_region: orphan} if orphan else {}),
    )


def _orphan(aws: Aws, region: str, launched: Sequence[Instance]) -> Image | None:
    """Return the image that Packer made of a build's instance and was killed before it tagged."""
    if not launched:
        return None
    told = launched[0].tags
    name = names.ami_name(told.get(tags.IMAGE, ""), told.get(tags.VERSION, ""))
    return next(iter(unclaimed(images.named(aws, region, name), launched)), None)


def _by_place(
    found: Mapping[str, list[Image]], chosen: Callable[[Image], bool]
) -> dict[str, Image]:
    return {place: one for place, several in found.items() for one in several if chosen(one)}


def unfinished(aws: Aws, file: ReleaseFile) -> list[str]:
    """Return the builds of a release file, as it is now, that did not end; the newest first.

    Raises:
        IncompleteError: a region could not be read.
    """
    release = file.release
    enabled = regions.enabled(aws)
    if release.build_region not in enabled:
        return []
    where = [one for one in release.regions if one in enabled]
    answers = in_regions(where, lambda region: images.produced(aws, region, image=release.image))
    made = [one for several in answers.complete("looking for builds").values() for one in several]
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


def candidates(aws: Aws, file: ReleaseFile) -> list[str]:
    """Return the builds of a release file, as it is now, that wait for approval; newest first.

    Raises:
        IncompleteError: a region could not be read.
    """
    release = file.release
    answers = in_regions(
        release.regions, lambda region: images.produced(aws, region, image=release.image)
    )
    found = [
        one.tags[tags.BUILD]
        for several in answers.complete("looking for candidates").values()
        for one in several
        if one.status == Status.CANDIDATE and one.tags.get(tags.SPEC) == file.sha256
    ]
    return sorted(set(found), reverse=True)


def results(plan: Sequence[Action], found: Found, build_region: str) -> dict[str, dict[str, Any]]:
    """Return the outputs of those actions that need not be done again.

    Once the image is made, all that led to it is done; what is left of it is the end of the base
    instance, if that still lives.
    """
    done: dict[str, dict[str, Any]] = {}
    for place, image in found.images.items():
        created_by = "image" if place == build_region else "copy"
        done[f"{created_by}:{place}"] = {"image_id": image.id}
    if found.instance_id:
        done["launch"] = {"instance_id": found.instance_id}
    image_action = f"image:{build_region}"
    if image_action in done:
        done = {one: {} for one in _leading_to(image_action, plan)} | done
        if not found.instance_id:
            done["terminate"] = {}
        if found.tested:
            done |= {one.id: {} for one in plan if one.id.startswith(TEST)}
    return done


def discarding(plan: Iterable[Action], found: Found, places: Iterable[Place]) -> tuple[Action, ...]:
    """Return the actions with those in front that remove broken images, which hold the name."""
    actions = list(plan)
    discards = []
    for place in places:
        image = found.broken.get(str(place))
        if image is None:
            continue
        base = deregister(place, "")
        discard = structs.replace(
            base,
            id=f"discard:{image.id}",
            summary=f"deregister {image.id}, which is {image.state}",
            parameters={**base.parameters, "ImageId": image.id},
        )
        discards.append(discard)
        makers = (f"image:{place}", f"copy:{place}")
        actions = [
            structs.replace(one, after=(*one.after, discard.id)) if one.id in makers else one
            for one in actions
        ]
    return (*discards, *actions)


def _leading_to(action_id: str, plan: Sequence[Action]) -> set[str]:
    after = {one.id: one.after for one in plan}
    found: set[str] = set()
    waiting = list(after.get(action_id, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(after[one])
    return found
