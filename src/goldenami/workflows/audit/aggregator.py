"""An AWS Config aggregator as the source of an audit: it holds an organization's inventory.

Images are counted in a few queries; only the instances of images with findings are fetched.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from goldenami.aws import config_aggregator
from goldenami.aws.config_aggregator import Count, SourceStatus
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
from goldenami.workflows.audit.sources import Batches, Counted, GoldenImages

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
        self._question = question
        self._live = live
        self._aggregator = name
        self.name = f"AWS Config aggregator {name}"
        self.account = live.account
        self.scope = AuditScope(frozenset({AuditPart.INSTANCES}))
        self._counts: dict[AccountRegion, list[Count]] = {}

    def places(self) -> AuditedPlaces:
        """Return the caller's regions, and every place that the aggregator has data of.

        An account that was asked for, and that it has none of, cannot be read.
        """
        region, name = self._aws.region, self._aggregator
        told = [
            one
            for one in config_aggregator.sources(self._aws.in_region(region), name)
            if self._asked(one)
        ]
        for count in config_aggregator.counts(self._aws.in_region(region), name):
            if self._asked(count):
                self._counts.setdefault(AccountRegion(count.account, count.region), []).append(
                    count
                )
        read = (AccountRegion(one.account, one.region) for one in told if not one.why)
        home = self._live.places().home
        others = [one for one in dict.fromkeys((*read, *self._counts)) if one not in home]
        unreadable = [
            *(
                UnreadPlace(AccountRegion(one.account, one.region), one.why)
                for one in told
                if one.why
            ),
            *self._missing({one.account for one in told}),
        ]
        return AuditedPlaces(
            home, tuple(one for one in others if one.region != ALL_REGIONS), tuple(unreadable)
        )

    def _asked(self, one: Count | SourceStatus) -> bool:
        regions = self._question.regions
        return not regions or one.region in (*regions, ALL_REGIONS)

    def _missing(self, known: Collection[str]) -> Iterator[UnreadPlace]:
        for account in accounts(self._aws, self._question):
            if account not in known and account != self.account:
                why = f"the aggregator {self._aggregator} has nothing of this account"
                yield UnreadPlace(AccountRegion(account, ALL_REGIONS), why)

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases made in the caller's account; others' images cannot be seen."""
        home = [one for one in places if one.account == self.account]
        found = self._live.goldens(home)
        others: dict[AccountRegion, Mapping[str, Produced]] = {
            one: {} for one in places if one.account != self.account
        }
        return GoldenImages({**found.produced, **others}, found.unreadable)

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters hold in a region of the caller's account."""
        return self._live.listed(region)

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield the instances of a place: counted, or one by one where there are findings."""
        yield "instances", self._instances(place, approved)

    def _instances(self, place: AccountRegion, approved: Approved) -> Batches:
        counts = self._counts.get(place, ())
        images = self._images(place, [one.image for one in counts], approved)
        judge = Judge(approved)
        bad = []
        for one in counts:
            sample = _subject(place, "", images[one.image], {})
            if judge(sample):
                bad.append(one)
            else:
                yield Counted(sample, one.instances)
        if bad:
            yield from self._fetched(place, bad, images)

    def _fetched(
        self, place: AccountRegion, bad: Sequence[Count], images: Mapping[str, ImageSeen]
    ) -> Batches:
        rows = config_aggregator.instances(
            self._aws.in_region(self._aws.region),
            self._aggregator,
            bad[0],
            [one.image for one in bad],
        )
        some: list[Subject] = []
        for row in rows:
            own = {tag.key: tag.value for tag in row.tags or ()}
            image_id = row.configuration.image_id
            image = images.get(image_id) or ImageSeen(id=image_id, state=UNSEEN)
            state = row.configuration.state.name
            some.append(_subject(place, row.resource_id, image, own, state))
            if len(some) == AT_ONCE:
                yield some
                some = []
        yield some

    def _images(
        self, place: AccountRegion, ids: Sequence[str], approved: Approved
    ) -> Mapping[str, ImageSeen]:
        """Look images up in the caller's account; of another's own images nothing can be seen."""
        seen = SeenImages(self._aws.in_region(place.region), self._live.own_images(place.region))
        found = {
            image_id: ImageSeen(id=image_id, state=UNSEEN)
            if image.state == DEREGISTERED and place.account != self.account
            else image
            for image_id, image in seen.of(ids).items()
        }
        subjects = [_subject(place, one.id, one, {}) for one in found.values()]
        explained = explained_by_ancestors(subjects, seen, approved)
        return {one.image.id: one.image for one in explained}


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
