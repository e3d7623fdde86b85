"""Reads and judges all places, several at once."""

from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import closing
from threading import Event

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit.crew import Crew
from goldenami.workflows.audit.sources import AuditSource, Batches, GoldenImages
from goldenami.workflows.audit.summary import Findings, PlaceSummary

PLACES_AT_ONCE = 6
"""How many places are read at once: reading is bound by the processor, and each takes memory."""


class AuditProgress:
    """How far an audit is: read by whoever shows it, while it runs."""

    def __init__(self) -> None:
        self._places: Sequence[PlaceSummary] = ()

    def begin(self, places: Sequence[PlaceSummary]) -> None:
        """Tell which places there are to read."""
        self._places = places

    @property
    def text(self) -> str:
        """How far it is, in a few words."""
        if not self._places:
            return "looking for golden images"
        read = sum(place.read for place in self._places)
        judged = sum(place.judged for place in self._places)
        return f"{read} of {len(self._places)} places read, {judged:,} instances and launches"


def judged(
    source: AuditSource,
    places: Sequence[AccountRegion],
    goldens: GoldenImages,
    approved: Approved,
    findings: Findings,
    progress: AuditProgress,
    crew: Crew | None = None,
) -> list[PlaceSummary]:
    """Return the count of every place; a part of one that fails does not stop the others.

    The processes of a crew are ended when all is judged, or when something goes wrong.
    """
    stopped = Event()
    summaries = [
        PlaceSummary(number, place, goldens.produced[place], approved, findings)
        for number, place in enumerate(places)
    ]
    progress.begin(summaries)

    def judge(summary: PlaceSummary) -> None:
        for part, batches in source.parts(summary.place, summary.approved):
            try:
                _judge_part(summary, batches, stopped)
            except GoldenamiError as error:
                summary.unread.append(f"{part}: {error.message}")
        summary.read = True

    with ThreadPoolExecutor(max_workers=min(PLACES_AT_ONCE, len(places) or 1)) as pool:
        try:
            list(pool.map(judge, summaries))
        finally:
            stopped.set()  # Ctrl-C, or a bug in one place: the others need not go on
            if crew is not None:
                crew.end()
    return summaries


def _judge_part(summary: PlaceSummary, batches: Batches, stopped: Event) -> None:
    with closing(batches):
        for batch in batches:
            if stopped.is_set():
                raise CancelledError
            summary.add(batch)
