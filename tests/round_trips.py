"""Counts how many calls of AWS stand one after the other, however fast the machine is.

A call comes after all answers that its thread knows: its own, those of the thread that started it
before it did, and those of other threads that it waited for. So each thread has a clock that counts
round trips; a thread begins with its parent's, and goes on with the later of its own and that of
the answer that it waits for.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.httpsession import URLLib3Session

START = ("DescribeRegions", "GetCallerIdentity")
"""The calls of a start: who the caller is, and which regions there are."""


class RoundTrips:
    """What was sent in each round trip: operations by region, in the order of the trips."""

    def __init__(self) -> None:
        self._rounds: defaultdict[int, list[str]] = defaultdict(list)

    def note(self, number: int, operation: str) -> None:
        self._rounds[number].append(operation)

    @property
    def rounds(self) -> list[list[str]]:
        """The operations of each round trip, sorted."""
        return [sorted(set(self._rounds[number])) for number in sorted(self._rounds)]

    @property
    def sizes(self) -> list[int]:
        return [len(self._rounds[number]) for number in sorted(self._rounds)]

    @property
    def after_start(self) -> int:
        """How many there are beyond those that ask for nothing but what a start needs."""
        return sum(not set(operations) <= set(START) for operations in self.rounds)


class _Clock(threading.local):
    trips = 0


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundTrips]:
    """Count the round trips of what this thread does in the block."""
    clock, trips = _Clock(), RoundTrips()
    ends: dict[int, int] = {}
    start, send = threading.Thread.start, URLLib3Session.send
    settle, fail, wait = Future.set_result, Future.set_exception, Future.exception
    result = Future.result

    def started(self: threading.Thread) -> None:
        begun, run = clock.trips, self.run

        def running() -> None:
            clock.trips = begun
            run()

        self.run = running  # type: ignore[method-assign]
        start(self)

    def sent(self: Any, request: Any) -> Any:
        number = clock.trips + 1
        trips.note(number, operation_of(request))
        response = send(self, request)
        clock.trips = number
        return response

    def stamped(ending: Any) -> Any:
        def end(self: Any, value: Any) -> None:
            self.trips = clock.trips
            ending(self, value)

        return end

    def awaited(waiting: Any) -> Any:
        def take(self: Any, timeout: float | None = None) -> Any:
            try:
                return waiting(self, timeout)
            finally:
                clock.trips = max(clock.trips, getattr(self, "trips", 0))

        return take

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", started)
        patched.setattr(URLLib3Session, "send", sent)
        patched.setattr(Future, "set_result", stamped(settle))
        patched.setattr(Future, "set_exception", stamped(fail))
        patched.setattr(Future, "exception", awaited(wait))
        patched.setattr(Future, "result", awaited(result))
        yield trips


def operation_of(request: Any) -> str:
    """Return the operation of a request, whatever protocol it has."""
    target = request.headers.get("X-Amz-Target", b"")
    if target:
        return (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
    body = request.body or b""
    text = body if isinstance(body, str) else bytes(body).decode()
    fields = dict(field.partition("=")[::2] for field in text.split("&"))
    return fields.get("Action") or f"{request.method} {request.url}"
