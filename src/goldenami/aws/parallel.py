"""The same question to many regions at once; one that cannot answer is a value, not silence."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

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
    answers = {question: Future[T]() for question in questions}
    settled: SimpleQueue[Future[T]] = SimpleQueue()
    for answer in answers.values():
        answer.add_done_callback(settled.put)
    further = iter(questions[WORKERS:])  # whoever is free takes the next one
    ended = Event()

    def work(first: K) -> None:
        for question in chain([first], further):
            if ended.is_set():
                return
            _settle(answers[question], partial(ask, question))

    try:
        for question in questions[:WORKERS]:
            Thread(target=work, args=[question], daemon=True).start()
        for _ in questions:
            error = take(settled).exception()
            if error and not isinstance(error, AwsError):
                raise error
    finally:
        ended.set()
    errors = {question: answer.exception() for question, answer in answers.items()}
    return (
        {question: answers[question].result() for question in questions if not errors[question]},
        {question: error for question, error in errors.items() if isinstance(error, AwsError)},
    )


def ahead(ask: Callable[[], T]) -> Callable[[], T]:
    """Begin to ask, and return what waits for the answer, or raises its error, as often as called.

    So what will be needed is asked for while something else is; what goes wrong with it is told
    where it is needed, and nowhere if it is not.
    """
    answer = Future[T]()
    Thread(target=_settle, args=[answer, ask], daemon=True).start()
    return partial(_awaited, answer)


def side_by_side(questions: Iterable[K], ask: Callable[[K], T]) -> dict[K, T]:
    """Return what ``ask`` says to each of a few questions, all of which need an answer.

    Raises:
        GoldenamiError: that of the first question, in their order, to which there is no answer.
    """
    answers = {question: ahead(partial(ask, question)) for question in questions}
    return {question: answer() for question, answer in answers.items()}


def _settle(answer: "Future[T]", ask: Callable[[], T]) -> None:
    try:
        answer.set_result(ask())
    except BaseException as error:  # whatever it is, somebody waits for the answer
        answer.set_exception(error)


def _awaited(answer: "Future[T]") -> T:
    """Wait for an answer, as `take` does."""
    while not answer.done():
        with suppress(TimeoutError):
            answer.exception(timeout=WAIT_S)
    return answer.result()


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
