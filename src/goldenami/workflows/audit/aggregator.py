"""An AWS Config aggregator as the source of an audit: it holds an organization's inventory.

Images are counted in a few queries; only the instances of images with findings are fetched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from goldenami.aws.config_aggregator import Aggregator
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws
from goldenami.domain import lookup
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.rules import Judge
from goldenami.domain.audit.subject import INVISIBLE, UNSEEN, ImageSeen, Kind, Subject
from goldenami.domain.choices import AuditPart
from goldenami.errors import AwsError
from goldenami.workflows.audit.account_regions import ALL_REGIONS, AuditedPlaces, accounts
from goldenami.workflows.audit.ancestors import explained_by_ancestors
from goldenami.workflows.audit.live import LiveSource
from goldenami.workflows.audit.question import AuditQuestion, AuditScope
from goldenami.workflows.audit.sources import Batch, Batches, GoldenImages

AT_ONCE = 100
NO_AGGREGATOR = "NoSuchConfigurationAggregatorException"
T = TypeVar("T")


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
        self._counts: dict[AccountRegion, dict[str, int]] = {}

    def places(self) -> AuditedPlaces:
        """Return the caller's regions, and every place that the aggregator has data of.

        An account that was asked for, and that it has none of, cannot be read.

        Raises:
            UsageError: there is no such aggregator.
            AwsError: it could not be read.
        """
        sources = self._selected(self._sources())
        self._counts = self._selected(self._aggregator.counts())
        home = self._live.places().readable
        known = (*(place for place, why in sources.items() if not why), *self._counts)
        others = [
            place
            for place in dict.fromkeys(known)
            if place not in home and place.region != ALL_REGIONS
        ]
        unreadable = {place: why for place, why in sources.items() if why}
        accounts_known = {self.account, *(place.account for place in sources)}
        for account in accounts(self._aws, self._question):
            if account not in accounts_known:
                why = f"the aggregator {self._aggregator.name} has nothing of this account"
                unreadable[AccountRegion(account, ALL_REGIONS)] = why
        return AuditedPlaces((*home, *others), unreadable)

    def _sources(self) -> dict[AccountRegion, str]:
        try:
            return self._aggregator.sources()
        except AwsError as error:
            if error.code != NO_AGGREGATOR:
                raise
            thing = f"aggregator in {self._aws.region}"
            fix = "`aws configservice describe-configuration-aggregators` lists them; --region"
            raise lookup.unknown(
                thing, self._aggregator.name, (), fix=f"{fix} names another region"
            ) from error

    def _selected(self, places: Mapping[AccountRegion, T]) -> dict[AccountRegion, T]:
        regions = (*self._question.regions, ALL_REGIONS)
        return {
            place: item
            for place, item in places.items()
            if not self._question.regions or place.region in regions
        }

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases made in the caller's account; others' images cannot be seen."""
        home = [place for place in places if place.account == self.account]
        own = self._live.goldens(home)
        others: dict[AccountRegion, Mapping[str, Produced]] = {
            place: {} for place in places if place.account != self.account
        }
        return GoldenImages({**own.produced, **others}, own.unreadable, lineage=own.lineage)

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters hold in a region of the caller's account."""
        return self._live.listed(region)

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield the instances of a place: counted, or one by one where there are findings."""
        yield "instances", self._instances(place, approved)

    def _instances(self, place: AccountRegion, approved: Approved) -> Batches:
        counts = self._counts.get(place, {})
        images = self._images(place, counts, approved)
        judge = Judge(approved)
        with_findings = []
        for image_id, instances in counts.items():
            sample = _sample(place, images[image_id])
            if judge(sample):
                with_findings.append(image_id)
            else:
                yield Batch(compliant=((sample, instances),))
        subjects = self._aggregator.instances(place, with_findings, images)
        while some := list(islice(subjects, AT_ONCE)):
            yield Batch(subjects=some)

    def _images(
        self, place: AccountRegion, ids: Iterable[str], approved: Approved
    ) -> Mapping[str, ImageSeen]:
        """Look images up in the caller's account; of another's own images nothing can be seen."""
        seen = SeenImages(self._aws.in_region(place.region), self._live.own_images(place.region))
        unseen = place.account != self.account
        known = {
            image_id: ImageSeen(id=image_id, state=UNSEEN)
            if image.state == INVISIBLE and unseen
            else image
            for image_id, image in seen.of(ids).items()
        }
        subjects = [_sample(place, image) for image in known.values()]
        explained = explained_by_ancestors(subjects, seen, approved)
        return {subject.image.id: subject.image for subject in explained}


def _sample(place: AccountRegion, image: ImageSeen) -> Subject:
    """Return what stands for every instance of an image."""
    return Subject(
        kind=Kind.INSTANCE, account=place.account, region=place.region, id="", image=image
    )
