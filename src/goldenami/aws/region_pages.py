"""The pages of a region's instances: one after the other, or partition beside partition.

What is listed side by side is proved: each page has to fit its partition, and every instance of the
first page, which was asked for without partitions, has to come again, or be gone. An endpoint that
heeds no filter is read in sequence.
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from threading import BoundedSemaphore
from typing import Any, Protocol

from goldenami.aws.errors import NO_ANSWER
from goldenami.aws.partitions import (
    ID_FILTER,
    ONE_IN,
    Partition,
    RegionPage,
    Zones,
    by_id,
    by_zone,
    probe,
)
from goldenami.errors import AwsError

Filters = list[dict[str, Any]]
Answer = Future[RegionPage]

BIG_PAGES = 8
"""From how many pages on, as far as can be told, a region is read in partitions: they take 17
requests at least."""

PAGES_AHEAD = 15
"""How many pages, of all regions together, may be under way or wait as text beside those that are
needed next: one region can have all its partitions under way. A page has up to 1.2 MB."""

IDS_A_CALL = 150
"""How many are asked for at once: a call may have 200 values in its filters."""

_ahead = BoundedSemaphore(PAGES_AHEAD)


class PageSource(Protocol):
    """One of the listings of a region."""

    size: int
    """How many instances a page may have."""
    whole: bool
    """Whether it is the whole region, and not some instances by their ids."""

    def ask(self, filters: Filters, token: str = "") -> Answer:
        """Ask for a page; with a filter beside the usual ones, or with a token of the same."""

    def zones(self) -> Collection[str]:
        """Return the names of all zones of the region.

        Raises:
            AwsError: they could not be read.
        """

    def unfit(self, why: str) -> AwsError:
        """Return the error of a listing whose parts do not make the whole."""


class _UnfitError(Exception):
    """Partitions do not list what they should; the message says why."""


def every(source: PageSource, first: RegionPage) -> Iterator[RegionPage]:
    """Yield the pages of a listing: of each instance one row, in an order that no timing changes.

    Args:
        source: the listing.
        first: its first page, without partitions.

    Raises:
        AwsError: a page could not be read, or partitions turned out not to list everything after
            some of them was yielded; nothing more is known.
    """
    sample = _sample(first) if first.token and source.whole else {}
    partitions = _partitions(source, sample)
    begun = False
    try:
        for page in _side_by_side(source, partitions, sample):
            begun = True
            yield page
    except _UnfitError as error:
        if begun:
            raise source.unfit(str(error)) from None
    except AwsError as error:
        if begun or error.code in NO_ANSWER:
            raise
    if not begun:
        yield from _in_sequence(source, first)


def _sample(page: RegionPage) -> Zones:
    ids, zones = page.ids, page.zones
    return dict(zip(ids, zones if len(zones) == len(ids) else [""] * len(ids), strict=True))


def _in_sequence(source: PageSource, page: RegionPage) -> Iterator[RegionPage]:
    """Yield a page and those after it, each of which is asked for while the last one is read."""
    while page.token:
        following = source.ask([], page.token)
        yield page
        page = following.result()
    yield page


def _partitions(source: PageSource, sample: Zones) -> Sequence[Partition]:
    """Return the partitions of a listing; none if it is not worth it, or cannot be."""
    if not sample:
        return ()
    try:
        return _by_id(source, sample)
    except _UnfitError:
        return _by_zone(source, sample)
    except AwsError as error:
        if error.code in NO_ANSWER:
            raise
        return _by_zone(source, sample)


def _by_id(source: PageSource, sample: Zones) -> Sequence[Partition]:
    """Return the partitions by id, if there are pages enough for them.

    Raises:
        _UnfitError: the filter does not go by wildcards, or ids are none to go by.
        AwsError: it could not be tried.
    """
    if (small := probe(sample)) is None:
        raise _UnfitError
    page = source.ask(small.filters).result()
    ids = page.ids
    if sample.keys().isdisjoint(ids) or not small.fits(page, ids):
        raise _UnfitError
    if _thin(page, ids, source.size):
        return ()
    others = len(ids) - 1  # one was chosen for being there
    return by_id() if others * ONE_IN >= BIG_PAGES * source.size else ()


def _by_zone(source: PageSource, sample: Zones) -> Sequence[Partition]:
    try:
        return by_zone(source.zones(), sample)
    except AwsError:
        return ()  # it is slower so, and nothing worse


def _thin(page: RegionPage, ids: Sequence[str], size: int) -> bool:
    """Tell whether a page has little although more follows: filters are applied to pages then."""
    return bool(page.token) and len(ids) < size / 2


def _side_by_side(
    source: PageSource, partitions: Sequence[Partition], sample: Zones
) -> Iterator[RegionPage]:
    """Yield the first page of each partition, then the second of each, and so on.

    Raises:
        _UnfitError: a page does not fit its partition, or an instance that there is was missed.
        AwsError: a page could not be read.
    """
    missing = set(sample)
    for number, (partition, page) in enumerate(_in_turn(source, partitions)):
        ids = page.ids
        if not partition.fits(page, ids) or (not number and _thin(page, ids, source.size)):
            raise _UnfitError(f"what the filter {partition.filter} lists does not fit it")
        missing.difference_update(ids)
        if not page.token:
            missed = sorted(name for name in missing if partition.has(name, sample[name]))
            if _alive(source, missed):
                raise _UnfitError(f"the filter {partition.filter} does not list all that fits it")
        yield page


def _alive(source: PageSource, ids: Sequence[str]) -> bool:
    """Tell whether any of these instances is still there."""
    some = (ids[start : start + IDS_A_CALL] for start in range(0, len(ids), IDS_A_CALL))
    by_ids = ([{"Name": ID_FILTER, "Values": several}] for several in some)
    return any(source.ask(each).result().ids for each in by_ids)


def _in_turn(
    source: PageSource, partitions: Sequence[Partition]
) -> Iterator[tuple[Partition, RegionPage]]:
    """Yield the pages of partitions in turn; those of the next ones are under way meanwhile."""
    turn = deque(_Turn(source, partition) for partition in partitions)
    try:
        while turn:
            turn[0].begin(needed=True)
            _begin(turn)
            this = turn.popleft()
            page = this.page()
            if page.token:
                turn.append(_Turn(source, this.partition, page.token))
                _begin(turn)
            yield this.partition, page
    finally:
        for each in turn:
            each.end()


def _begin(turn: "deque[_Turn]") -> None:
    for each in turn:
        if not each.begin():
            return


class _Turn:
    """The next page of a partition, from before it is asked for."""

    def __init__(self, source: PageSource, partition: Partition, token: str = "") -> None:
        self.partition = partition
        self._source = source
        self._token = token
        self._answer: Answer | None = None
        self._is_ahead = False

    def begin(self, *, needed: bool = False) -> bool:
        """Ask for the page, if that was not done; tell whether it is on its way.

        Args:
            needed: whether it is needed now. Else it has to be one of the few that may wait.
        """
        if self._answer is None:
            self._is_ahead = not needed and _ahead.acquire(blocking=False)
            if needed or self._is_ahead:
                self._answer = self._source.ask(self.partition.filters, self._token)
        return self._answer is not None

    def page(self) -> RegionPage:
        """Wait for the page."""
        assert self._answer is not None  # noqa: S101  it was begun
        try:
            return self._answer.result()
        finally:
            self.end()

    def end(self) -> None:
        """Let another page wait."""
        if self._answer is not None:
            self._answer.cancel()
        if self._is_ahead:
            self._is_ahead = False
            _ahead.release()
