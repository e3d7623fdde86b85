"""AWS itself as the source of an audit."""

from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from goldenami.aws import allowed_images, images, parameters
from goldenami.aws.inventory import InstanceInventory, OtherReaders
from goldenami.aws.parallel import concurrently
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws, RegionalAws
from goldenami.aws.snapshots import behind_roots
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.choices import AuditPart
from goldenami.domain.image import Image
from goldenami.errors import AwsError
from goldenami.workflows import goldens
from goldenami.workflows.audit import bakes, instances
from goldenami.workflows.audit.account_regions import AuditedPlaces, begin_places, places
from goldenami.workflows.audit.ancestors import with_ancestors
from goldenami.workflows.audit.question import PART, AuditQuestion
from goldenami.workflows.audit.sources import AuditSelection, Batch, Batches, GoldenImages

if TYPE_CHECKING:
    from goldenami.workflows.audit.published import PublishedParameters

ASKING = 40
"""How many calls that were made ahead are under way at once."""

AHEAD = 17
"""How many places are listed ahead: all regions of an account that has opted into none. A first
page is up to two megabytes of text."""


class LiveSource:
    """What AWS says now.

    Args:
        aws: the caller.
        question: what is asked.
        pool: asks for pages ahead.
        only: what is judged, if it is not everything.
        builds: builds of the caller's account, in regions that are not read.
        others: who else may read pages of instances.
    """

    name = "live"

    def __init__(
        self,
        aws: Aws,
        question: AuditQuestion,
        pool: Executor,
        *,
        only: AuditSelection | None = None,
        builds: frozenset[str] = frozenset(),
        others: OtherReaders | None = None,
    ) -> None:
        self._others = others
        self._aws = aws
        self._question = question
        self._pool = pool
        self._only = only
        self._builds = builds
        self.scope = question.scope
        self._listings: dict[AccountRegion, InstanceInventory] = {}
        self._to_list: Iterator[AccountRegion] = iter(())
        self._lock = Lock()
        self._own: Mapping[AccountRegion, Sequence[Image]] = {}
        self._published: PublishedParameters | None = None
        begin_places(aws, question)
        self.account = aws.account  # first: missing credentials are one error, not one a region

    def places(self) -> AuditedPlaces:
        """Return the regions of every account that is asked for."""
        return places(self._aws, self._question)

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what the accounts' own images tell of the releases that made them."""
        if AuditPart.INSTANCES in self._question.parts:
            selected = places if self._only is None else self._only.places
            self._to_list = iter([place for place in places if place in selected])
            self._list_ahead()
        if self._looks_at(Kind.PARAMETER):
            from goldenami.workflows.audit.published import PublishedParameters

            self._published = PublishedParameters(self._aws, places, self._pool)
        self._own, errors = concurrently(places, lambda place: images.own(self._aws.at(place)))
        self._leave_out_all_but(self._own)
        if not self._whole:
            self._pool.submit(self._cut_ahead)
        produced = goldens.read(self._aws, self._own, self._question.approval, builds=self._builds)
        return GoldenImages(
            produced,
            {place: error.message for place, error in errors.items()},
            goldens.known_builds(self._aws, self._own),
            goldens.lineage_of(self._own, produced),
        )

    def _listing(self, place: AccountRegion) -> InstanceInventory:
        """Return the listing of a place, and let the next ones begin."""
        with self._lock:
            listing = self._listings.pop(place, None)
        self._list_ahead()
        return listing or self._inventory(place)

    def _list_ahead(self) -> None:
        """Ask for the first page of the places that come next: the answers are under way then.

        Waiting for AWS, and judging what came, are the two halves of an audit's time; so the first
        pages come while images are read and other places are judged. Few are asked for, since a
        page waits in memory until its place is judged. Places are judged by several threads, each
        of which ends here: the lock gives each place to one of them alone.
        """
        with self._lock:
            while len(self._listings) < AHEAD and (place := next(self._to_list, None)):
                self._listings[place] = self._inventory(place)

    def _cut_ahead(self) -> None:
        """Cut the pages that wait, while the records of builds are asked for.

        Only then is there nothing else to compute: before, calls would have to wait for it. A page
        that is cut takes some two megabytes beside its text, and at most `AHEAD` of them wait.
        """
        with self._lock:
            waiting = [*self._listings]
        for place in waiting:
            listing = self._listings.get(place)
            if listing is not None:
                listing.cut_ahead(bakes.MARK)

    def _inventory(self, place: AccountRegion) -> InstanceInventory:
        ids = self._only.instances if self._only else ()
        return InstanceInventory(self._aws.at(place), self._pool, ids, self._others)

    def _leave_out_all_but(self, readable: Container[AccountRegion]) -> None:
        """Do not list what cannot be judged.

        Nobody fetches the listing of a place whose images could not be read, so that it would keep
        one of the few places ahead for good, and in the end the audit would list nothing ahead.
        """
        with self._lock:
            for place in [place for place in self._listings if place not in readable]:
                del self._listings[place]
            self._to_list = iter([place for place in self._to_list if place in readable])

    def own_images(self, region: str) -> Sequence[Image]:
        """Return the caller's own images of a region, as far as they were read."""
        return self._own.get(AccountRegion(self.account, region), ())

    def own_at(self, place: AccountRegion) -> Sequence[Image]:
        """Return the own images of a place that could be read."""
        return self._own[place]

    def seen_images(self, place: AccountRegion) -> SeenImages:
        """Return what looks images of a place up; its own were read already."""
        return SeenImages(self._aws.at(place), self._own[place])

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters hold in a region."""
        return parameters.image_ids(self._aws.in_region(region), self._question.listed.parameters)

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield the instances, what will launch, the settings, as far as they are asked for."""
        regional, parts = self._aws.at(place), self._question.parts
        seen = self.seen_images(place)
        if AuditPart.INSTANCES in parts:
            listing = self._listing(place)
            batches = instances.read(listing, regional, seen, approved, whole=self._whole)
            if self._question.roots:
                batches = self._with_roots(batches, regional, approved)
            yield "instances", batches
        if AuditPart.LAUNCHES in parts:
            for name, batches in self._launches(regional, seen):
                yield name, with_ancestors(batches, seen, approved)
        if self._published:
            yield "published parameters", self._published.of(regional, seen, approved)
        if AuditPart.SETTINGS in parts:
            yield "Allowed AMIs", _setting(regional)
        file = self._question.guardrails if AuditPart.GUARDRAILS in parts else None
        if file and place == AccountRegion(self.account, file.release.build_region):
            from goldenami.workflows.audit.guardrails import guardrails

            yield "guardrails", guardrails(self._aws, file)

    @property
    def _whole(self) -> bool:
        """Whether each instance is needed, and not only what has findings."""
        return bool(self._only or self._question.keep or self._question.roots)

    def _launches(self, regional: RegionalAws, seen: SeenImages) -> Iterator[tuple[str, Batches]]:
        """Yield what will launch; all of it is asked for at once."""
        from goldenami.aws.launches import Launches

        launches = Launches(regional, regional.account, seen)
        readers = {
            Kind.LAUNCH_TEMPLATE: ("launch templates", launches.launch_templates),
            Kind.LAUNCH_CONFIGURATION: ("launch configurations", launches.launch_configurations),
            Kind.AUTO_SCALING_GROUP: ("Auto Scaling groups", launches.auto_scaling_groups),
            Kind.FLEET: ("EC2 fleets", launches.fleets),
            Kind.SPOT_FLEET: ("spot fleets", launches.spot_fleets),
            Kind.NODE_GROUP: ("EKS node groups", launches.node_groups),
        }
        answers = {
            name: self._pool.submit(list, read())
            for kind, (name, read) in readers.items()
            if self._looks_at(kind)
        }
        for name, answer in answers.items():
            yield name, _of_future(answer)

    def _looks_at(self, kind: Kind) -> bool:
        asked_for = self._only is None or kind in self._only.kinds
        return asked_for and PART[kind] in self._question.parts

    def _with_roots(self, batches: Batches, regional: RegionalAws, approved: Approved) -> Batches:
        """Note the snapshots of root volumes; without them the rest is judged all the same."""
        every = self._own[regional.place]
        own = [image for image in every if approved.released(regional.region, image.id)]
        snapshots = {image.id: " ".join(image.snapshots) for image in own}
        devices = {image.root_device for image in own if image.root_device}
        volumes, problem = {}, None
        try:
            volumes = behind_roots(regional, devices) if devices else {}
        except AwsError as error:
            problem = error

        def with_root(subject: Subject) -> Subject:
            if subject.image.id not in snapshots or subject.id not in volumes:
                return subject
            root, expected = volumes[subject.id], snapshots[subject.image.id]
            facts = {**subject.facts, "root-snapshot": root, "image-snapshots": expected}
            return replace(subject, facts=facts)

        for batch in batches:
            yield replace(batch, subjects=[with_root(subject) for subject in batch.subjects])
        if problem:
            raise problem


def _of_future(answer: "Future[list[list[Subject]]]") -> Batches:
    yield from (Batch(subjects=subjects) for subjects in answer.result())


def _setting(regional: RegionalAws) -> Batches:
    setting = allowed_images.setting(regional)
    subject = Subject(
        kind=Kind.SETTING,
        account=regional.account,
        region=regional.region,
        id="allowed-amis",
        name="Allowed AMIs",
        state=setting.state,
        facts={"allowed-amis": setting.state},
    )
    yield Batch(subjects=[subject])
