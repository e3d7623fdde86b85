"""What events tell of a place as a source of an audit, beside what AWS lists there now."""

from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws import instances, leftovers, manifests, records
from goldenami.aws.instances_by_image import SomeInstances
from goldenami.aws.parallel import concurrently
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.rules import exposed_image, lost_approval, lost_image
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.events.subjects import EVERYTHING
from goldenami.domain.instance import ENDED
from goldenami.domain.status import Status
from goldenami.domain.tags import ApprovalTag
from goldenami.spec.model import Release
from goldenami.workflows.audit import bakes
from goldenami.workflows.audit.account_regions import AuditedPlaces
from goldenami.workflows.audit.ancestors import with_ancestors
from goldenami.workflows.audit.instances import apart
from goldenami.workflows.audit.live import LiveSource
from goldenami.workflows.audit.sources import Batch, Batches, GoldenImages

STANDING = (Status.APPROVED, Status.DEPRECATED)
"""Releases whose images are still to be there and enabled."""


class _Standing(Struct, frozen=True):
    """A release that stands and lists an image: which, and the region that has its lease."""

    image: str
    version: str
    status: str
    region: str


class EventSource:
    """What events tell, and what they only name, which is listed.

    Args:
        aws: the caller.
        live: lists what the events name alone.
        known: what the events tell with its image.
        named: everything that the events are about, by `Subject.resource`.
        approval: the approval tag.
        release: who may have which images, None if no release file was given.
        home: the regions of the caller's account, where manifests lie.
    """

    name = "events"

    def __init__(
        self,
        aws: Aws,
        live: LiveSource,
        known: Sequence[Subject],
        named: Container[str],
        approval: ApprovalTag,
        release: Release | None,
        home: Sequence[AccountRegion],
    ) -> None:
        self._aws = aws
        self._live = live
        self._known = known
        self._named = named
        self._approval = approval
        self._release = release
        self._home = home
        self.account = live.account
        self.scope = live.scope

    def places(self) -> AuditedPlaces:
        """Return where to look, as AWS has it."""
        return self._live.places()

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases made in these places."""
        return self._live.goldens(places)

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters hold in a region."""
        return self._live.listed(region)

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield what events tell, then what they only name."""
        regional, seen = self._aws.at(place), self._live.seen_images(place)
        launched = self._instances(regional, seen, approved)
        yield "instances", with_ancestors(launched, seen, approved)
        yield "spot requests", with_ancestors(self._spot_requests(seen), seen, approved)
        yield "images", with_ancestors(self._images(place, seen, approved), seen, approved)
        for part, batches in self._live.parts(place, approved):
            yield part, self._only_named(batches)

    def _with_images(self, seen: SeenImages, kind: Kind) -> Iterator[list[Subject]]:
        several = [subject for subject in self._known if subject.kind is kind]
        if several:
            images = seen.of({subject.image.id for subject in several})
            yield [replace(subject, image=images[subject.image.id]) for subject in several]

    def _instances(self, regional: RegionalAws, seen: SeenImages, approved: Approved) -> Batches:
        """Yield instances, and apart from them those of bakes: under way, or ended with the bake.

        An audit meets the second kind never, but the event of its launch may be read much later.
        """
        for several in self._with_images(seen, Kind.INSTANCE):
            ended = self._of_ended_bakes(regional, several, approved)
            yield Batch(baking=tuple(each for each in several if each.id in ended))
            others = SomeInstances([each for each in several if each.id not in ended])
            yield from apart([others], regional)

    def _of_ended_bakes(
        self, regional: RegionalAws, several: Sequence[Subject], approved: Approved
    ) -> frozenset[str]:
        """Return which instances are gone, and were what a bake has made its image of.

        Its record says so, or EC2 of an image that the build has made.
        """
        claims = {subject.id: build for subject in several if (build := bakes.build_of(subject))}
        if not claims or regional.account != self.account:
            return frozenset()
        recorded = records.every(regional)
        proved = {
            name
            for name, build in claims.items()
            if build in recorded and recorded[build].record.instance_id == name
        }
        proved |= {
            image.source_instance
            for image in self._live.own_images(regional.region)
            if (claim := approved.known(image.id)) and not claim.forged
        }
        names = sorted(proved & claims.keys())
        purpose = "reading instances of bakes"
        there = instances.having(regional, "instance-id", names, purpose)
        alive = {each.id for each in there if each.state not in ENDED}
        return frozenset(names) - alive

    def _spot_requests(self, seen: SeenImages) -> Batches:
        for subjects in self._with_images(seen, Kind.SPOT_REQUEST):
            yield Batch(subjects=subjects)

    def _only_named(self, batches: Batches) -> Batches:
        for batch in batches:
            yield Batch(
                subjects=[each for each in batch.subjects if each.resource in self._named],
                baking=tuple(each for each in batch.baking if each.resource in self._named),
            )

    def _images(self, place: AccountRegion, seen: SeenImages, approved: Approved) -> Batches:
        """Yield images; while somebody holds the lease of a golden image, its images are under way.

        A bake, and each change of a version's life, is several calls: their events are not judged
        between two of them, and what they leave is judged by the last one's.
        """
        for subjects in self._with_images(seen, Kind.IMAGE):
            standing = self._standing(subjects)
            names = {
                subject.id: _golden_name(approved.claim(subject), standing.get(subject.id))
                for subject in subjects
            }
            under_way = self._under_way(place, standing) if any(names.values()) else frozenset()
            baking = {subject.id for subject in subjects if names[subject.id] in under_way}
            yield Batch(
                subjects=[
                    self._noted(subject, approved, standing.get(subject.id))
                    for subject in subjects
                    if subject.id not in baking
                ],
                baking=tuple(subject for subject in subjects if subject.id in baking),
            )

    def _under_way(self, place: AccountRegion, standing: Mapping[str, _Standing]) -> frozenset[str]:
        """Return the names of the golden images whose leases somebody holds."""
        regions = {place.region, *(each.region for each in self._home)}
        regions |= {each.region for each in standing.values()}
        answers, errors = concurrently(
            sorted(regions), lambda region: leftovers.leases(self._aws.in_region(region))
        )
        for error in errors.values():
            raise error
        return frozenset().union(*(leases.images for leases in answers.values()))

    def _standing(self, subjects: Sequence[Subject]) -> dict[str, _Standing]:
        """Return the releases that stand of the images that were taken out of use or tagged."""
        asked_for = {
            subject.id
            for subject in subjects
            if {lost_image.FACT, lost_approval.FACT} & subject.facts.keys()
        }
        if not asked_for:
            return {}
        answers, errors = concurrently(
            self._home, lambda place: manifests.every(self._aws.at(place))
        )
        for error in errors.values():
            raise error
        return {
            placed.image_id: _Standing(each.image, each.version, each.status, place.region)
            for place, several in answers.items()
            for each in several
            if each.status in STANDING
            for placed in each.images
            if placed.image_id in asked_for
        }

    def _noted(self, subject: Subject, approved: Approved, standing: _Standing | None) -> Subject:
        """Keep of what the event tells what is not as it should be."""
        facts = dict(subject.facts)
        shared = facts.pop(exposed_image.FACT, "")
        if beyond := self._beyond_release(shared.split(), approved.claim(subject)):
            facts[exposed_image.FACT] = " ".join(beyond)
        keys = facts.pop(lost_approval.FACT, "").split()
        if {self._approval.key, EVERYTHING} & {*keys}:
            facts[lost_approval.FACT] = " ".join(keys)
        if standing:
            facts[lost_image.RELEASE] = f"{standing.image} {standing.version}"
        return replace(subject, facts=facts)

    def _beyond_release(self, consumers: Sequence[str], claim: Produced | None) -> list[str]:
        """Return with whom an image should not have been shared: everybody, or whom its file lacks.

        Of an image that is not the release file's nobody knows whom it is meant for.
        """
        release = self._release
        if release is None or claim is None or claim.image != release.image:
            return [each for each in consumers if each == exposed_image.PUBLIC]
        share = release.share
        meant = {*share.accounts, *share.organizations, *share.organizational_units}
        meant |= {*release.copying_accounts}
        return [each for each in consumers if each not in meant]


def _golden_name(claim: Produced | None, standing: _Standing | None) -> str:
    return claim.image if claim else standing.image if standing else ""
