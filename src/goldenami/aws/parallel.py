"""The same question to many regions at once; one that cannot answer is a value, not silence."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Generic, TypeVar

from msgspec import Struct

from goldenami.errors import AwsError, GoldenamiError, IncompleteError

T = TypeVar("T")
K = TypeVar("K")
WORKERS = 32
WAIT_S = 0.2


class UnreadRegion(Struct, frozen=True):
    """A region that could not be read, and why."""

    region: str
    error: GoldenamiError


class RegionAnswers(Struct, Generic[T], frozen=True):
    """What every region answered, in the order they were asked."""

    read: dict[str, T]
    unread: tuple[UnreadRegion, ...]

    def complete(self, purpose: str) -> dict[str, T]:
        """Return the answers of all regions.

        Raises:
            IncompleteError: naming every region that could not be read, and its reason.
        """
        if not self.unread:
            return self.read
        raise IncompleteError(
            f"{purpose}: {len(self.unread)} of {len(self.read) + len(self.unread)} regions "
            "could not be read",
            notes=[f"{unread.region}: {unread.error.message}" for unread in self.unread],
            fix="give the caller access to these regions, or leave them out",
        )


def in_regions(regions: Iterable[str], read: Callable[[str], T]) -> RegionAnswers[T]:
    """Call ``read`` for every region, concurrently."""
    answers, errors = concurrently(regions, read)
    return RegionAnswers(answers, tuple(UnreadRegion(*unread) for unread in errors.items()))


def concurrently(
    questions: Iterable[K], ask: Callable[[K], T]
) -> tuple[dict[K, T], dict[K, AwsError]]:
    """Return what ``ask`` says to each question, and what AWS refuses, both in their order.

    The threads that ask are waited for by no exit: who interrupts this is not kept.
    """
    questions = list(questions)
    waiting = iter(questions)  # whoever is free takes the next one
    queue: SimpleQueue[tuple[K, Any]] = SimpleQueue()
    ended = Event()

    def work() -> None:
        for question in waiting:
            if ended.is_set():
                return
            try:
                queue.put((question, ask(question)))
            except BaseException as error:  # whatever it is, somebody waits for the answer
                queue.put((question, error))

    answers: dict[K, T] = {}
    errors: dict[K, AwsError] = {}
    try:
        for _ in islice(questions, WORKERS):
            Thread(target=work, daemon=True).start()
        for _ in questions:
            question, answer = take(queue)
            if isinstance(answer, AwsError):
                errors[question] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                answers[question] = answer
    finally:
        ended.set()
    return (
        {question: answers[question] for question in questions if question in answers},
        {question: errors[question] for question in questions if question in errors},
    )


def take(queue: SimpleQueue[T]) -> T:
    """Wait for the next thing in a queue that other threads fill.

    Python calls a signal's handler between two of its own steps: a signal that comes just before
    the wait is noticed when the wait ends. So no wait is long.
    """
    while True:
        with suppress(Empty):
            return queue.get(timeout=WAIT_S)


@contextmanager
def stoppable(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool that begins nothing more once its block has failed or was interrupted."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
