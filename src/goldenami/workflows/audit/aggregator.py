"""An AWS Config aggregator as the source of an audit: it holds an organization's inventory.

Images are counted in a few queries; only the instances of images with findings are fetched.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from goldenami.aws.config_aggregator import AggregatedInstance, Aggregator, Count, SourceStatus
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.rules import Judge
from goldenami.domain.audit.subject import DEREGISTERED, UNSEEN, ImageSeen, Kind, Subject
from goldenami.domain.choices import AuditPart
from goldenami.workflows.audit.account_regions import (
    ALL_REGIONS,
    AuditedPlaces,
    UnreadPlace,
    accounts,
)
from goldenami.workflows.audit.live import LiveSource, explained_by_ancestors
from goldenami.workflows.audit.question import AuditQuestion, AuditScope
from goldenami.workflows.audit.sources import Batch, Batches, GoldenImages

AT_ONCE = 100


class AggregatorSource:
    """What an aggregator says; releases and images are read from the caller's own account.

    Args:
        aws: the caller, in the aggregator's region.
        question: what is asked.
        live: the caller's account.
        name: the aggregator.
    """

    def __init__(self, aws: Aws, question: AuditQuestion, live: LiveSource, name: str) -> None:
        self._aws = aws
        self._aggregator = Aggregator(aws.in_region(aws.region), name)
        self._question = question
        self._live = live
        self.name = f"AWS Config aggregator {name}"
        self.account = live.account
        self.scope = AuditScope(frozenset({AuditPart.INSTANCES}))
        self._counts: dict[AccountRegion, list[Count]] = {}

    def places(self) -> AuditedPlaces:
        """Return the caller's regions, and every place that the aggregator has data of.

        An account that was asked for, and that it has none of, cannot be read.
        """
        sources = [source for source in self._aggregator.sources() if self._selected(source)]
        for count in filter(self._selected, self._aggregator.counts()):
            place = AccountRegion(count.account, count.region)
            self._counts.setdefault(place, []).append(count)
        stale = [source for source in sources if source.why]
        read = (
            AccountRegion(source.account, source.region) for source in sources if not source.why
        )
        home = self._live.places().home
        others = [
            place
            for place in dict.fromkeys((*read, *self._counts))
            if place not in home and place.region != ALL_REGIONS
        ]
        unreadable = (
            *(
                UnreadPlace(AccountRegion(source.account, source.region), source.why)
                for source in stale
            ),
            *self._missing({source.account for source in sources}),
        )
        return AuditedPlaces(home, tuple(others), unreadable)

    def _selected(self, source: Count | SourceStatus) -> bool:
        regions = self._question.regions
        return not regions or source.region in (*regions, ALL_REGIONS)

    def _missing(self, known: Collection[str]) -> Iterator[UnreadPlace]:
        for account in accounts(self._aws, self._question):
            if account not in known and account != self.account:
                why = f"the aggregator {self._aggregator.name} has nothing of this account"
                yield UnreadPlace(AccountRegion(account, ALL_REGIONS), why)

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases made in the caller's account; others' images cannot be seen."""
        home = [place for place in places if place.account == self.account]
        own = self._live.goldens(home)
        others: dict[AccountRegion, Mapping[str, Produced]] = {
            place: {} for place in places if place.account != self.account
        }
        return GoldenImages({**own.produced, **others}, own.unreadable)

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters hold in a region of the caller's account."""
        return self._live.listed(region)

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield the instances of a place: counted, or one by one where there are findings."""
        yield "instances", self._instances(place, approved)

    def _instances(self, place: AccountRegion, approved: Approved) -> Batches:
        counts = self._counts.get(place, ())
        images = self._images(place, [count.image for count in counts], approved)
        judge = Judge(approved)
        with_findings = []
        for count in counts:
            sample = _subject(place, "", images[count.image], {})
            if judge(sample):
                with_findings.append(count.image)
            else:
                yield Batch(compliant=((sample, count.instances),))
        instances = self._aggregator.instances(place, with_findings)
        while some := list(islice(instances, AT_ONCE)):
            yield Batch(subjects=[_of_instance(place, instance, images) for instance in some])

    def _images(
        self, place: AccountRegion, ids: Sequence[str], approved: Approved
    ) -> Mapping[str, ImageSeen]:
        """Look images up in the caller's account; of another's own images nothing can be seen."""
        seen = SeenImages(self._aws.in_region(place.region), self._live.own_images(place.region))
        unseen = place.account != self.account
        known = {
            image_id: ImageSeen(id=image_id, state=UNSEEN)
            if image.state == DEREGISTERED and unseen
            else image
            for image_id, image in seen.of(ids).items()
        }
        subjects = [_subject(place, image.id, image, {}) for image in known.values()]
        explained = explained_by_ancestors(subjects, seen, approved)
        return {subject.image.id: subject.image for subject in explained}


def _of_instance(
    place: AccountRegion, instance: AggregatedInstance, images: Mapping[str, ImageSeen]
) -> Subject:
    image = images.get(instance.image) or ImageSeen(id=instance.image, state=UNSEEN)
    return _subject(place, instance.id, image, instance.tags, instance.state)


def _subject(
    place: AccountRegion,
    instance_id: str,
    image: ImageSeen,
    own: Mapping[str, str],
    state: str = "",
) -> Subject:
    return Subject(
        kind=Kind.INSTANCE,
        account=place.account,
        region=place.region,
        id=instance_id,
        name=own.get("Name", ""),
        state=state,
        image=image,
        tags=own,
    )
