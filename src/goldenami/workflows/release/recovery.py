"""What an earlier run of a build has made: what carries its tags, judged by its record and EC2.

What it has made tells which steps are done, and which come in addition.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from goldenami.aws import builds, images, records
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.session import Aws
from goldenami.bake import record as recording
from goldenami.bake.actions import available, complete, created_by, deregister
from goldenami.bake.boot_test import TEST
from goldenami.bake.distribute import deprecated_at
from goldenami.bake.interface import Recipe
from goldenami.domain import identity, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.identity import LAUNCH, Forgery, Recorded
from goldenami.domain.image import Image
from goldenami.domain.instance import Instance
from goldenami.domain.plan import Action
from goldenami.domain.record import Record
from goldenami.domain.status import Status, may_become, reached
from goldenami.domain.tags import InstanceRole
from goldenami.errors import RefusedError
from goldenami.spec import Release

USABLE = ("pending", "available")

Outputs = dict[str, dict[str, Any]]


class Claims(Struct, frozen=True):
    """What says that builds of an image made it: its images by place, its instances."""

    images: Mapping[str, Sequence[Image]]
    instances: Sequence[Instance]

    def of(self, build: str) -> "Claims":
        """Return what says so of one build."""
        return Claims(
            {
                place: [image for image in images if image.tags.get(tags.BUILD) == build]
                for place, images in self.images.items()
            },
            [instance for instance in self.instances if instance.build == build],
        )

    @property
    def ids(self) -> list[str]:
        """Name it all, but for instances that have ended."""
        return [
            *(
                f"{image.id} in {place}"
                for place, images in self.images.items()
                for image in images
            ),
            *(f"{each.id} in {each.region}" for each in self.instances if each.alive),
        ]


class EarlierRun(Struct, frozen=True, kw_only=True):
    """What a build has left in the account.

    Args:
        recorded: its record.
        places: where the release has its image, the build region first.
        instance_id: its living base instance, if there is one.
        images: its pending or available images by place.
        broken: its images that will never be complete, by place; they hold the name.
        forgeries: what carries its tags and is not its own.
    """

    recorded: Recorded
    places: tuple[AccountRegion, ...]
    instance_id: str | None = None
    images: Mapping[str, Image] = {}
    broken: Mapping[str, Image] = {}
    forgeries: tuple[Forgery, ...] = ()

    @property
    def record(self) -> Record:
        """The record of the build."""
        return self.recorded.record

    @property
    def all_images(self) -> tuple[tuple[str, Image], ...]:
        """All its images, each with its place."""
        return (*self.images.items(), *self.broken.items())

    @property
    def finished(self) -> frozenset[str]:
        """The places whose image is complete: it was proposed or approved."""
        return frozenset(
            place
            for place, image in self.images.items()
            if image.state == "available" and reached(image.status, Status.CANDIDATE)
        )

    @property
    def open(self) -> bool:
        """Whether the build did not end: something of it is under way, or not published."""
        decided = self.record.approval is not None
        return self.instance_id is not None or any(
            image.status == Status.BUILDING
            or tags.UNPUBLISHED in image.tags
            or (decided and image.status == Status.CANDIDATE)
            for _, image in self.all_images
        )

    @property
    def is_whole(self) -> bool:
        """Whether the release has ended: approved everywhere, and nothing unpublished."""
        return all(
            place.name in self.finished
            and _is_approved(self.images[place.name])
            and tags.UNPUBLISHED not in self.images[place.name].tags
            for place in self.places
        )

    def refuse(self) -> None:
        """Refuse to go on with a build of which something is forged, or past its approval.

        Raises:
            RefusedError: it by its ids; to complete the release would take a status back.
        """
        if self.forgeries:
            raise RefusedError(
                f"build {self.record.build} cannot be gone on with: something with its tags was "
                "not made by it, and is left alone",
                notes=list(map(str, self.forgeries)),
                fix="find in CloudTrail who made it, take it or its goldenami: tags away, and run "
                "this again",
            )
        if past := [*self._past()]:
            raise RefusedError(
                f"build {self.record.build} cannot be gone on with: a status never goes back",
                notes=past,
                fix="bake a new version of the image",
            )

    def _past(self) -> Iterator[str]:
        for place, image in self.images.items():
            if not may_become(image.status, Status.APPROVED):
                yield f"{image.id} in {place} is {image.status}"
        for place, image in self.broken.items():
            if image.state == "disabled" or _is_approved(image):
                status = image.status or "none"
                yield f"{image.id} in {place} is {image.state}, and its status {status}"
        home = self.places[0].region
        if self.record.image_id and self.images and home not in self.images:
            yield f"{self.record.image_id} in {home} is gone, and its copies are not"


def _is_approved(image: Image) -> bool:
    """Tell whether an image was approved, or is about to be: the first tag of it counts."""
    return reached(image.status, Status.APPROVED) or tags.APPROVED_BY in image.tags


def claimed(
    aws: Aws, release: Release, places: Iterable[AccountRegion]
) -> RegionAnswers[list[Image]]:
    """Return the images in these places that say that builds of the release's image made them."""
    by_name = {place.name: place for place in places}
    return in_regions(
        by_name, lambda name: images.produced(aws.at(by_name[name]), image=release.image)
    )


def find(aws: Aws, release: Release, build: str) -> EarlierRun | None:
    """Return what a build has left in the release's places; None if there is no trace of it.

    Raises:
        IncompleteError: a place could not be read, so nothing is known.
        RefusedError: there is no record that tells what is the build's own.
    """
    places = release.places(aws.account, aws.partition)
    images = claimed(aws, release, places).complete("looking for the build")
    home = aws.in_region(release.build_region)
    instances = builds.instances(home, tags.BUILD, build, alive=False)
    return judged(aws, release, build, Claims(images, instances))


def judged(aws: Aws, release: Release, build: str, claims: Claims) -> EarlierRun | None:
    """Return what of the claims is a build's own.

    Raises:
        RefusedError: there is no record that tells.
    """
    places, own = release.places(aws.account, aws.partition), claims.of(build)
    recorded = records.read(aws.in_region(release.build_region), release.image, build)
    if recorded is None:
        if own.ids:
            raise RefusedError(
                f"build {build} has no record, so nothing proves that what carries its tags is its "
                "own: somebody wrote them by hand, or an earlier version of goldenami began it",
                notes=own.ids,
                fix="find in CloudTrail who made it, take it or its goldenami: tags away, and bake "
                "anew",
            )
        return None
    judge = _Judge(aws, places, recorded, own)
    usable = {place: image for place, image in judge.own.items() if image.state in USABLE}
    return EarlierRun(
        recorded=recorded,
        places=places,
        instance_id=judge.instance(),
        images=usable,
        broken={name: image for name, image in judge.own.items() if name not in usable}
        | judge.unfit,
        forgeries=tuple(judge.forgeries),
    )


def outputs(recipe: Recipe, plan: Sequence[Action], earlier: EarlierRun) -> Outputs:
    """Return the outputs of those actions that need not be done again.

    Once the image is made, all that led to it is done; what is left of it is the end of the base
    instance, if that still lives. A gate is passed if the record of the build says so. Where the
    image was proposed or approved it is complete; it is only compared once more with what was
    wanted, unless the release has ended.
    """
    done: Outputs = {recording.BEGUN: {"version": earlier.recorded.version}}
    if earlier.instance_id:
        done[LAUNCH] = {"instance_id": earlier.instance_id}
    if recipe.place.name in earlier.images:
        done |= _until_tested(recipe, plan, earlier)
    ended = earlier.is_whole
    for place in recipe.places:
        if image := earlier.images.get(place.name):
            done[created_by(recipe, place)] = {"image_id": image.id}
        if image and place.name in earlier.finished:
            if image.deprecated_at == deprecated_at(recipe):  # `lifecycle` may have changed
                done[f"deprecate:{place.name}"] = {}
            done[available(place)] = {"snapshot_ids": list(image.snapshots)}
            if recipe.release.share_candidates:
                done |= {f"{step}:{place.name}": {} for step in ("share", "share-snapshots")}
        if ended:
            done[complete(place)] = {}
    proposed = earlier.finished and recipe.release.approval == "manual"
    if proposed or (ended and not earlier.instance_id):
        done["tidy"] = {}  # no build is proposed before
    return done


def _until_tested(recipe: Recipe, plan: Sequence[Action], earlier: EarlierRun) -> Outputs:
    """Return what need not be done again once there is the image, and the gates it has passed."""
    version = {"version": earlier.recorded.version}
    done: Outputs = {
        step: version if step.split(":")[0] == recording.BEGUN else {}
        for step in _leading_to(created_by(recipe, recipe.place), plan)
        if step != LAUNCH or not earlier.instance_id
    }
    if not earlier.instance_id:
        done["terminate"] = {}
    if earlier.record.passed(recording.gates(recipe)):
        done |= {action.id: {} for action in plan if action.id.startswith(TEST)}
        if earlier.record.image_id:
            done[recording.MADE] = version
    return done


def discarding(plan: Iterable[Action], recipe: Recipe, earlier: EarlierRun) -> tuple[Action, ...]:
    """Return the actions with those in front that remove broken images, which hold the name."""
    discards: dict[str, Action] = {}
    for place in recipe.places:
        if image := earlier.broken.get(place.name):
            why = "of a build whose end was not seen" if image.state in USABLE else image.state
            summary = f"deregister {image.id}, which is {why}"
            discard = deregister(place, f"discard:{image.id}", summary, image.id)
            discards[created_by(recipe, place)] = discard
    return (
        *discards.values(),
        *(
            action.following(discards[action.id].id) if action.id in discards else action
            for action in plan
        ),
    )


def _leading_to(action_id: str, plan: Sequence[Action]) -> set[str]:
    after = {action.id: action.after for action in plan}
    leading: set[str] = set()
    waiting = list(after.get(action_id, ()))
    while waiting:
        step = waiting.pop()
        if step not in leading:
            leading.add(step)
            waiting.extend(after[step])
    return leading


class _Judge:
    """Parts what carries a build's tags into what is its own, what is not, and what is unfit.

    Args:
        aws: the caller.
        places: where the release has its image, the build region first.
        recorded: the build's record.
        claims: what carries the tags.
    """

    def __init__(
        self, aws: Aws, places: Sequence[AccountRegion], recorded: Recorded, claims: Claims
    ) -> None:
        self._aws = aws
        self._home = places[0]
        self._recorded = recorded
        self._claims = claims
        self.own: dict[str, Image] = {}
        self.unfit: dict[str, Image] = {}
        self.forgeries: list[Forgery] = []
        record, instances = recorded.record, claims.instances
        strays = {each.id for each in instances if identity.is_unrecorded(record, each)}
        self._packers = {*strays, record.instance_id} - {""}
        # a copy comes after what it was copied from
        for place in places:
            for image in claims.images.get(place.name, ()):
                self._judge(place, image)
        if record.method == "packer" and self._packers and self._home.region not in self.own:
            self._look_for_orphan()

    def instance(self) -> str | None:
        """Return the living base instance; others with its tags are forgeries."""
        own = []
        for instance in self._claims.instances:
            if not instance.alive:
                continue
            if why := identity.removal_problem(self._recorded.record, instance):
                self._forged("instance", instance.id, instance.region, why)
            elif instance.role == InstanceRole.BASE:
                own.append(instance.id)
        recorded = self._recorded.record.instance_id
        return recorded if recorded in own else next(iter(own), None)

    def _judge(self, place: AccountRegion, image: Image) -> None:
        record = self._recorded.record
        if place == self._home:
            why = identity.image_problem(self._recorded, image, place.account)
        else:
            why = identity.copy_problem(record, image, self._source(place), place.account)
        if not why:
            self.own[place.name] = image
        elif place == self._home and self._is_of_packer(image):
            self.unfit[place.name] = image
        else:
            self._forged("image", image.id, place.name, why)

    def _source(self, place: AccountRegion) -> str:
        """Return the image that copies in a place are made from, empty if it is gone."""
        region = self._home.region if place.is_home else place.region
        own = self.own.get(region)
        if own:
            return own.id
        return self._recorded.record.image_id if region == self._home.region else ""

    def _is_of_packer(self, image: Image) -> bool:
        """Tell whether Packer made an image whose end it did not see: it has to be made anew."""
        record = self._recorded.record
        return (
            record.method == "packer"
            and not record.image_id
            and image.owner == self._aws.account
            and image.source_instance in self._packers
        )

    def _look_for_orphan(self) -> None:
        """Look for the image that Packer made, and that nobody has tagged since."""
        for image in images.own(self._aws.in_region(self._home.region)):
            if tags.BUILD not in image.tags and self._is_of_packer(image):
                self.unfit[self._home.region] = image

    def _forged(self, kind: str, name: str, region: str, why: str) -> None:
        build = self._recorded.record.build
        self.forgeries.append(Forgery(kind=kind, id=name, region=region, build=build, why=why))
