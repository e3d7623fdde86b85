"""Launches and changes of images, judged as they happen: by the audit's rules, place by place.

An event is judged by what was read after it was received, never by what was known before: an image
may have been approved, or revoked, a moment ago. Only regions that no event is of are known from an
earlier reading, for `FULL_READING_S`: where else a golden image may come from.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from time import monotonic

from msgspec.structs import replace

from goldenami.aws.session import Aws
from goldenami.domain.events.event import BrokenEvent, Event, read
from goldenami.domain.events.verdict import EventOutcome, EventVerdict
from goldenami.spec.model import Release
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.judge.assessment import Assessment
from goldenami.workflows.judge.feeds import Delivery, EventFeed

REMEMBERED = 100_000
"""How many events are known by their ids, so that a repetition is judged once."""
FULL_READING_S = 300.0


class _Settled:
    """The ids of the events that need not be judged again, the newest of them."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, event: Event) -> bool:
        return bool(event.id) and event.id in self._ids

    def add(self, verdict: EventVerdict) -> None:
        """Remember an event, unless it could not be judged."""
        if verdict.id and verdict.outcome.settled:
            self._ids[verdict.id] = None
            while len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)


def judge(
    aws: Aws, question: AuditQuestion, release: Release | None, feed: EventFeed
) -> Iterator[EventVerdict]:
    """Judge the events of a feed, and yield what became of each.

    A delivery is confirmed only when all of its events are judged and their verdicts were taken:
    what could not be judged stays where it came from.

    Args:
        aws: the caller, whose account's releases count.
        question: what is golden, waived, and looked at; how other accounts are reached.
        release: the release file, which says who may have its images; None if there is none.
        feed: where the events come from.

    Raises:
        RefusedError: nothing is approved, so that everything would be a finding.
        AwsError: the feed could not be read.
    """
    settled, assessment, read_at = _Settled(), Assessment(aws, question, release), monotonic()
    for deliveries in feed.batches():
        if monotonic() - read_at > FULL_READING_S:
            assessment, read_at = Assessment(aws, question, release), monotonic()
        several = [(each, event) for each in deliveries for event in read(each.content)]
        kept = set[str]()
        for delivery, verdict in _verdicts(several, assessment, settled):
            if not verdict.outcome.settled:
                kept.add(delivery.receipt)
            settled.add(verdict)
            yield verdict
        feed.confirm([each for each in deliveries if each.receipt not in kept])


def _verdicts(
    several: Sequence[tuple[Delivery, Event | BrokenEvent]], assess: Assessment, settled: _Settled
) -> Iterator[tuple[Delivery, EventVerdict]]:
    """Yield what became of each event, beside what brought it; a repetition is judged once."""
    fresh: dict[str | int, Event] = {}
    for number, (_, event) in enumerate(several):
        if isinstance(event, Event) and event not in settled:
            fresh.setdefault(event.id or number, event)
    judged = dict(zip(fresh, assess(list(fresh.values())), strict=True))
    for number, (delivery, event) in enumerate(several):
        if isinstance(event, BrokenEvent):
            verdict = EventVerdict(
                outcome=EventOutcome.BROKEN, origin=delivery.origin, why=event.why
            )
        elif event in settled:
            verdict = EventVerdict(
                outcome=EventOutcome.REPEATED, origin=delivery.origin, id=event.id, call=event.call
            )
        else:
            verdict = replace(judged[event.id or number], origin=delivery.origin)
        yield delivery, verdict
