"""The same question to many regions at once; one that cannot answer is a value, not silence."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from msgspec import Struct

from goldenami.errors import AwsError, GoldenamiError, IncompleteError

T = TypeVar("T")
WORKERS = 32


class Unread(Struct, frozen=True):
    """A region that could not be read, and why."""

    region: str
    error: GoldenamiError


class Answers(Struct, Generic[T], frozen=True):
    """What every region answered, in the order they were asked."""

    read: dict[str, T]
    unread: tuple[Unread, ...]

    def complete(self, doing: str) -> dict[str, T]:
        """Return the answers of all regions.

        Raises:
            IncompleteError: naming every region that could not be read, and its reason.
        """
        if not self.unread:
            return self.read
        raise IncompleteError(
            f"{doing}: {len(self.unread)} of {len(self.read) + len(self.unread)} regions "
            "could not be read",
            notes=[f"{one.region}: {one.error.message}" for one in self.unread],
            fix="give the caller access to these regions, or leave them out",
        )


def in_regions(regions: Iterable[str], read: Callable[[str], T]) -> Answers[T]:
    """Call ``read`` for every region, concurrently."""
    regions = list(regions)

    def ask(region: str) -> T | Unread:
        try:
            return read(region)
        except AwsError as error:
            return Unread(region, error)

    with ThreadPoolExecutor(max_workers=min(WORKERS, len(regions) or 1)) as pool:
        answers = dict(zip(regions, pool.map(ask, regions), strict=True))
    return Answers(
        read={region: one for region, one in answers.items() if not isinstance(one, Unread)},
        unread=tuple(one for one in answers.values() if isinstance(one, Unread)),
    )
