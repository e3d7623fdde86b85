"""The same question to many regions at once; one that cannot answer is a value, not silence."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

from msgspec import Struct

from goldenami.errors import AwsError, GoldenamiError, IncompleteError

T = TypeVar("T")
K = TypeVar("K")
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
    answers = concurrently(regions, read)
    return Answers(
        read={region: one for region, one in answers.items() if not isinstance(one, AwsError)},
        unread=tuple(
            Unread(region, one) for region, one in answers.items() if isinstance(one, AwsError)
        ),
    )


def concurrently(questions: Iterable[K], ask: Callable[[K], T]) -> dict[K, T | AwsError]:
    """Return what ``ask`` says to each question, in their order; what AWS refuses is a value."""
    questions = list(questions)

    def answer(question: K) -> T | AwsError:
        try:
            return ask(question)
        except AwsError as error:
            return error

    with ThreadPoolExecutor(max_workers=min(WORKERS, len(questions) or 1)) as pool:
        return dict(zip(questions, pool.map(answer, questions), strict=True))


@contextmanager
def stoppable(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool that begins nothing more once its block has failed or was interrupted."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
