"""What an earlier run of a build has made, read from the account's tags alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import builds, images
from goldenami.aws.builds import Instance
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.bake.boot_test import TEST
from goldenami.bake.create_image import deregister
from goldenami.bake.distribute import complete
from goldenami.bake.packer_leftovers import unclaimed
from goldenami.domain import names, tags
from goldenami.domain.image import Build, Image
from goldenami.domain.place import Place
from goldenami.domain.plan import Action
from goldenami.domain.tags import Status
from goldenami.errors import RefusedError
from goldenami.spec import Release

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
        return len(self.images) > 1 or bool(self.finished)

    @property
    def finished(self) -> frozenset[str]:
        """The places whose image is complete: it was proposed or approved."""
        return frozenset(
            place
            for place, one in self.images.items()
            if one.state == "available" and tags.reached(one.status, Status.CANDIDATE)
        )

    @property
    def approved(self) -> bool:
        """Whether somebody has approved the build: from then on it is only completed."""
        return any(map(_is_approved, self.images.values()))

    @property
    def approval(self) -> tuple[str, str] | None:
        """Who has approved it and when, as it was recorded first."""
        recorded = [
            (one.tags.get(tags.APPROVED_AT, ""), one.tags[tags.APPROVED_BY])
            for one in self.images.values()
            if one.tags.get(tags.APPROVED_BY)
        ]
        return min(recorded)[::-1] if recorded else None

    def is_whole(self, places: Iterable[Place]) -> bool:
        """Tell whether the release has ended: approved everywhere, and nothing unpublished."""
        return all(
            str(one) in self.finished
            and _is_approved(self.images[str(one)])
            and tags.UNPUBLISHED not in self.images[str(one)].tags
            for one in places
        )

    def refuse_beyond(self) -> None:
        """Refuse to go on with a build of which something is past its approval.

        Raises:
            RefusedError: its images by id; to complete the release would take a status back.
        """
        past = [*self._past()]
        if past:
            raise RefusedError(
                f"build {self.build.id} cannot be gone on with: a status never goes back",
                notes=past,
                fix="bake a new version of the image",
            )

    def _past(self) -> Iterator[str]:
        for place, one in self.images.items():
            if not tags.may_become(one.status, Status.APPROVED):
                yield f"{one.id} in {place} is {one.status}"
        for place, one in self.broken.items():
            if one.state == "disabled" or _is_approved(one):
                yield f"{one.id} in {place} is {one.state}, and its status {one.status or 'none'}"


def _is_approved(image: Image) -> bool:
    """Tell whether an image was approved, or is about to be: the first tag of it counts."""
    return tags.reached(image.status, Status.APPROVED) or tags.APPROVED_BY in image.tags


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


def results(
    plan: Sequence[Action], found: Found, release: Release, places: Iterable[Place]
) -> dict[str, dict[str, Any]]:
    """Return the outputs of those actions that need not be done again.

    Once the image is made, all that led to it is done; what is left of it is the end of the base
    instance, if that still lives. Where it was proposed or approved it is complete; it is only
    compared once more with what was wanted, unless the release has ended.
    """
    done: dict[str, dict[str, Any]] = {}
    for place, image in found.images.items():
        created_by = "image" if place == release.build_region else "copy"
        done[f"{created_by}:{place}"] = {"image_id": image.id}
    if found.instance_id:
        done["launch"] = {"instance_id": found.instance_id}
    image_action = f"image:{release.build_region}"
    if image_action in done:
        done = {one: {} for one in _leading_to(image_action, plan)} | done
        if not found.instance_id:
            done["terminate"] = {}
        if found.tested:
            done |= {one.id: {} for one in plan if one.id.startswith(TEST)}
    for place in found.finished:
        done |= {f"{step}:{place}": {} for step in ("share", "share-snapshots", "deprecate")}
        done[f"available:{place}"] = {"snapshot_ids": list(found.images[place].snapshots)}
    ended = found.is_whole(places)
    if ended:
        done |= {complete(one): {} for one in places}
    if (found.finished and release.approval == "manual") or (ended and not found.instance_id):
        done["tidy"] = {}  # no build is proposed before
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
