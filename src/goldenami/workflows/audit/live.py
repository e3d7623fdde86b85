"""AWS itself as the source of an audit."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws import allowed_images, images, parameters, root_volumes
from goldenami.aws.inventory import InstanceInventory
from goldenami.aws.launches import Launches
from goldenami.aws.parallel import concurrently
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.choices import AuditPart
from goldenami.domain.image import Image
from goldenami.errors import AwsError
from goldenami.workflows import goldens
from goldenami.workflows.audit import bakes
from goldenami.workflows.audit.account_regions import AuditedPlaces, UnreadPlace, places
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.audit.sources import AuditSelection, Baking, Batches, Counted, GoldenImages

AHEAD = 12
"""How many places are listed ahead; a first page is up to two megabytes of text."""


class LiveSource:
    """What AWS says now.

    Args:
        aws: the caller.
        question: what is asked.
        pool: asks for pages ahead.
        only: what is judged, if it is not everything.
        builds: builds of the caller's account, in regions that are not read.
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
    ) -> None:
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
        self.account = aws.account  # first: missing credentials are one error, not one a region

    def places(self) -> AuditedPlaces:
        """Return the regions of every account that is asked for."""
        return places(self._aws, self._question)

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what the accounts' own images tell of the releases that made them."""
        if AuditPart.INSTANCES in self._question.parts:
            only = self._only
            self._to_list = iter([one for one in places if only is None or one in only.places])
            self._list_ahead()
        answers = concurrently(places, lambda place: images.own(self._aws.at(place)))
        found = {place: one for place, one in answers.items() if not isinstance(one, AwsError)}
        self._leave_out(places, found)
        self._own = found
        return GoldenImages(
            goldens.read(self._aws, found, self._question.approval, builds=self._builds),
            tuple(
                UnreadPlace(place, one.message)
                for place, one in answers.items()
                if isinstance(one, AwsError)
            ),
            goldens.known_builds(self._aws, found),
        )

    def _listing(self, place: AccountRegion) -> InstanceInventory:
        """Return the listing of a place, and let the next ones begin."""
        with self._lock:
            listing = self._listings.pop(place, None)
        self._list_ahead()
        return listing or self._inventory(place)

    def _list_ahead(self) -> None:
        """Ask for the first page of the places that come next: the answers are under way then."""
        with self._lock:
            while len(self._listings) < AHEAD and (place := next(self._to_list, None)):
                self._listings[place] = self._inventory(place)

    def _inventory(self, place: AccountRegion) -> InstanceInventory:
        ids = self._only.instances if self._only else ()
        return InstanceInventory(self._aws.at(place), self._pool, ids)

    def _leave_out(self, places: Sequence[AccountRegion], found: Container[AccountRegion]) -> None:
        """Do not list what cannot be judged."""
        with self._lock:
            for place in places:
                if place not in found:
                    self._listings.pop(place, None)
            self._to_list = iter([one for one in self._to_list if one in found])

    def own_images(self, region: str) -> Sequence[Image]:
        """Return the caller's own images of a region, as far as they were read."""
        return self._own.get(AccountRegion(self.account, region), ())

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters hold in a region."""
        return parameters.image_ids(self._aws.in_region(region), self._question.listed.parameters)

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield the instances, what will launch, the settings, as far as they are asked for."""
        aws, wanted = self._aws.acting_as(place.role), self._question.parts
        seen = SeenImages(aws.in_region(place.region), self._own[place])
        if AuditPart.INSTANCES in wanted:
            instances = bakes.without(
                self._listing(place).instances(seen), aws.in_region(place.region)
            )
            found = with_ancestors(instances, seen, approved)
            if self._question.roots:
                found = self._with_roots(found, aws, place, approved)
            yield "instances", found
        if AuditPart.LAUNCHES in wanted:
            for name, batches in self._launches(aws, place, seen):
                yield name, with_ancestors(batches, seen, approved)
        if AuditPart.SETTINGS in wanted:
            yield "Allowed AMIs", _setting(aws, place)
        file = self._question.guardrails if AuditPart.GUARDRAILS in wanted else None
        if file and place == AccountRegion(self.account, file.release.build_region):
            from goldenami.workflows.audit.guardrails import guardrails

            yield "guardrails", guardrails(self._aws, file)

    def _launches(
        self, aws: Aws, place: AccountRegion, seen: SeenImages
    ) -> Iterator[tuple[str, Batches]]:
        """Yield what will launch; all of it is asked for at once."""
        launches = Launches(aws.in_region(place.region), place.account, seen)
        parts = {
            Kind.LAUNCH_TEMPLATE: ("launch templates", launches.launch_templates),
            Kind.LAUNCH_CONFIGURATION: ("launch configurations", launches.launch_configurations),
            Kind.AUTO_SCALING_GROUP: ("Auto Scaling groups", launches.auto_scaling_groups),
            Kind.FLEET: ("EC2 fleets", launches.fleets),
            Kind.SPOT_FLEET: ("spot fleets", launches.spot_fleets),
            Kind.NODE_GROUP: ("EKS node groups", launches.node_groups),
        }
        asked = {
            name: self._pool.submit(list, read())
            for kind, (name, read) in parts.items()
            if self._only is None or kind in self._only.kinds
        }
        for name, answer in asked.items():
            yield name, _of_future(answer)

    def _with_roots(
        self, batches: Batches, aws: Aws, place: AccountRegion, approved: Approved
    ) -> Batches:
        """Note the snapshots of root volumes; without them the rest is judged all the same."""
        problem = None
        try:
            roots = self._roots(aws, place, approved)
        except AwsError as error:
            roots, problem = Roots({}, {}), error
        for batch in batches:
            yield [_with_root(one, roots) for one in batch] if isinstance(batch, list) else batch
        if problem:
            raise problem

    def _roots(self, aws: Aws, place: AccountRegion, approved: Approved) -> "Roots":
        golden = approved.produced.get(place.region, {})
        own = [one for one in self._own[place] if (made := golden.get(one.id)) and made.golden]
        devices = {one.root_device for one in own if one.root_device}
        volumes = root_volumes.snapshots(aws.in_region(place.region), devices) if devices else {}
        return Roots({one.id: " ".join(one.snapshots) for one in own}, volumes)


class Roots(Struct, frozen=True):
    """The snapshots of golden images, and of the root volumes of instances."""

    images: Mapping[str, str]
    volumes: Mapping[str, str]


def _of_future(answer: "Future[list[list[Subject]]]") -> Batches:
    yield from answer.result()


def _setting(aws: Aws, place: AccountRegion) -> Batches:
    found = allowed_images.setting(aws.in_region(place.region))
    yield [
        Subject(
            kind=Kind.SETTING,
            account=place.account,
            region=place.region,
            id="allowed-amis",
            name="Allowed AMIs",
            state=found.state,
            facts={"allowed-amis": found.state},
        )
    ]


def _with_root(subject: Subject, roots: Roots) -> Subject:
    expected, made_from = roots.images.get(subject.image.id), roots.volumes.get(subject.id)
    if expected is None or made_from is None:
        return subject
    return replace(
        subject, facts={**subject.facts, "root-snapshot": made_from, "image-snapshots": expected}
    )


def with_ancestors(
    batches: Iterable[list[Subject] | Counted | Baking], seen: SeenImages, approved: Approved
) -> Batches:
    """Fill in which golden image an account's own unapproved ones were made from."""
    for batch in batches:
        if isinstance(batch, list):
            yield explained_by_ancestors(batch, seen, approved)
        else:
            yield batch


def explained_by_ancestors(
    subjects: list[Subject], seen: SeenImages, approved: Approved
) -> list[Subject]:
    """Return subjects with the golden images that their own unapproved ones were made from."""

    def golden(region: str, image_id: str) -> bool:
        made = approved.produced.get(region, {}).get(image_id)
        return made is not None and made.golden

    own = {one.image.id for one in subjects if _unexplained(one, approved)}
    found = seen.golden_ancestors(own, golden) if own else {}
    return [_with_ancestor(one, found) for one in subjects] if found else subjects


def _unexplained(subject: Subject, approved: Approved) -> bool:
    image = subject.image
    return image.known and approved.own(subject) and not approved.golden(subject)


def _with_ancestor(subject: Subject, found: Mapping[str, str]) -> Subject:
    ancestor = found.get(subject.image.id)
    if not ancestor:
        return subject
    return replace(subject, image=replace(subject.image, golden_ancestor=ancestor))
