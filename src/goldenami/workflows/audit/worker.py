"""A process that reads and judges pages of an audit, which another process leads."""

import os
import signal
import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from msgspec import Struct

from goldenami.aws import allocator
from goldenami.aws.delegation import Delegate
from goldenami.aws.instance_reader import InstanceReader
from goldenami.aws.inventory import answered
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Produced
from goldenami.domain.audit.waivers import Waivers
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit.ancestors import with_ancestors
from goldenami.workflows.audit.bakes import Bakes
from goldenami.workflows.audit.instances import judged_by_image
from goldenami.workflows.audit.pieces import (
    READY,
    Brief,
    PageAnswer,
    PageJudged,
    PageTask,
)
from goldenami.workflows.audit.summary import Findings, PlaceSummary

PAGES_AT_ONCE = 16
"""How many pages are under way at once at most: they wait for AWS, and then, as text, for one that
is judged: a process computes on one core, and a page that is read takes several times its text."""

Send = Callable[[object], None]


def main(descriptor: int) -> None:
    """Judge what comes over a connection until that ends, and be gone at that moment.

    Who leads ends it, by whatever he ends himself: no process outlives its audit. A signal from
    the keyboard is his to act upon.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    allocator.give_back()
    serve(Connection(descriptor))
    os._exit(0)  # calls that are under way are waited for by nobody


def serve(connection: "Connection[Any, Any]") -> None:
    """Judge what comes over a connection: first a brief, then numbered tasks.

    What goes back is `READY`; by the number of a task `PageAnswer`, and then `PageJudged` or the
    text of a bug; and traced calls.
    """
    sending = Lock()

    def send(message: object) -> None:
        with sending, suppress(OSError):  # nobody listens any more: this process ends
            connection.send(message)

    try:
        work = _Work(connection.recv(), send)
        send(READY)
        pool = ThreadPoolExecutor(PAGES_AT_ONCE)
        while True:
            number, task = connection.recv()
            work.learn(task)
            pool.submit(work.do, task, _numbered(send, number))
    except (EOFError, OSError):
        return


def _numbered(send: Send, number: int) -> Send:
    return lambda message: send((number, message))


class _Place(Struct, frozen=True):
    """What pages of a place are read with, all of them."""

    produced: Mapping[str, Produced]
    seen: SeenImages
    reader: InstanceReader


class _Work:
    def __init__(self, brief: Brief, send: Send) -> None:
        self._brief = brief
        self._caller = Delegate(brief.caller, send if brief.follow else None)
        self._places: dict[AccountRegion, _Place] = {}
        self._judging = Lock()

    def learn(self, task: PageTask) -> None:
        """Note what a task tells for all those of its place, which come after it."""
        regional = self._caller.at(task.place, task.keys)
        if task.images is None:
            return
        produced = task.images.produced
        approved = self._brief.approved.also(task.place.region, produced)
        seen = SeenImages(regional, task.images.own)
        by_image = None if self._brief.keep else judged_by_image(seen, approved)
        reader = InstanceReader(regional, seen, by_image)
        self._places[task.place] = _Place(produced, seen, reader)

    def do(self, task: PageTask, send: Send) -> None:
        """Ask for a page, tell of it, judge it, and tell what came of it."""
        try:
            self._do(task, send)
        except Exception:
            send(traceback.format_exc())

    def _do(self, task: PageTask, send: Send) -> None:
        regional = self._caller.at(task.place, task.keys)
        try:
            page = answered(regional, task.request)
        except GoldenamiError as error:
            send(PageAnswer(error=error))
            return
        send(PageAnswer(page.token, page.texts(task.request.elements)))
        with self._judging:
            judged = self._judged(task, regional, page.rows)
        send(judged)

    def _judged(self, task: PageTask, regional: RegionalAws, rows: Iterable[Any]) -> PageJudged:
        brief, place = self._brief, self._places[task.place]
        waivers = Waivers(brief.waivers, brief.today)
        findings = Findings(waivers, brief.earlier, keep=brief.keep, line=brief.line)
        summary = PlaceSummary(0, task.place, place.produced, brief.approved, findings)
        bakes, failure = Bakes(regional), None
        instances = place.reader.instances(task.request.call, rows)
        batches = (bakes.apart(some) for some in instances)
        try:
            for batch in with_ancestors(batches, place.seen, summary.approved):
                summary.add(batch)
        except GoldenamiError as error:
            failure = error
        return PageJudged(share=summary.share(), error=failure, problem=bakes.problem)
