"""Counts how many calls of AWS stand one after the other, however fast the machine is.

A call comes after all answers that its thread knows: its own, those that the thread which started
it knew, and those of other threads that it waited for. So each thread has a clock that counts round
trips: it begins with that of the thread that started it, a call takes it one further, and who waits
for an answer goes on with the later of both clocks. A pool's thread that was free hangs on nothing
that it did before: what it is given begins with the clock of who gave it. Only what waits until a
full pool has a thread comes after that thread's work.

Threads hand answers to each other by `concurrent.futures.Future` alone (`aws/parallel.py`), and a
call is what botocore sends by HTTP, each attempt by itself.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

import pytest
from botocore.httpsession import URLLib3Session

START = {"DescribeRegions", "GetCallerIdentity"}
"""What a start asks, at once: who the caller is, and which regions there are."""


class RoundTrips:
    """Which operations were called in which round trip."""

    def __init__(self) -> None:
        self._operations: defaultdict[int, set[str]] = defaultdict(set)

    def note(self, number: int, operation: str) -> None:
        """Note a call, by the number of its round trip."""
        self._operations[number].add(operation)

    @property
    def operations(self) -> list[list[str]]:
        """The operations of each round trip, sorted."""
        return [sorted(self._operations[number]) for number in sorted(self._operations)]

    @property
    def beyond_start(self) -> int:
        """How many there are beyond the first one, if a start is part of that."""
        first, *_ = self.operations
        return len(self.operations) - bool(START & {*first})


class _Clock(threading.local):
    trips = 0


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundTrips]:
    """Count the round trips of what this thread, and what it starts, does in the block."""
    clock, trips = _Clock(), RoundTrips()
    start, send = threading.Thread.start, URLLib3Session.send

    def starting(self: threading.Thread) -> None:
        begun, run = clock.trips, self.run

        def running() -> None:
            clock.trips = begun
            run()

        self.run = running  # type: ignore[method-assign]
        start(self)

    def sending(self: Any, request: Any) -> Any:
        number = clock.trips + 1
        trips.note(number, _operation(request))
        response = send(self, request)
        clock.trips = number
        return response

    def settling(settle: Callable[..., None]) -> Callable[..., None]:
        def settled(self: Any, outcome: Any) -> None:
            self.trips = clock.trips
            settle(self, outcome)

        return settled

    def waiting(wait: Callable[..., Any]) -> Callable[..., Any]:
        def waited(self: Any, timeout: float | None = None) -> Any:
            try:
                return wait(self, timeout)
            finally:
                clock.trips = max(clock.trips, getattr(self, "trips", 0))

        return waited

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", starting)
        patched.setattr(URLLib3Session, "send", sending)
        patched.setattr(ThreadPoolExecutor, "submit", _submitting(clock))
        for name in ("set_result", "set_exception"):
            patched.setattr(Future, name, settling(getattr(Future, name)))
        for name in ("result", "exception"):
            patched.setattr(Future, name, waiting(getattr(Future, name)))
        yield trips


def _submitting(clock: _Clock) -> Callable[..., Any]:
    """Return how pools are given work then."""
    submit, lock = ThreadPoolExecutor.submit, threading.Lock()
    busy: WeakKeyDictionary[ThreadPoolExecutor, int] = WeakKeyDictionary()

    def submitting(self: Any, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        begun = clock.trips
        with lock:
            waits = busy.get(self, 0) >= self._max_workers
            busy[self] = busy.get(self, 0) + 1

        def working() -> Any:
            clock.trips = max(clock.trips, begun) if waits else begun
            return work(*arguments, **named)

        def ended(_: Any) -> None:
            with lock:
                busy[self] -= 1

        given = submit(self, working)
        given.add_done_callback(ended)
        return given

    return submitting


def _operation(request: Any) -> str:
    """Return the operation of a request: by its header, its form, or else by its path."""
    target = request.headers.get("X-Amz-Target", "")
    if target:
        text = target if isinstance(target, str) else target.decode()
        return text.rpartition(".")[2]
    body = request.body or b""
    form = parse_qs(body if isinstance(body, str) else bytes(body).decode())
    return form["Action"][0] if "Action" in form else f"{request.method} {request.url}"
