"""The processes that judge an audit: this one, and for a big audit one for each further core.

Python computes on one core in a process, however many threads it has: reading pages as text lets
go of its lock, and all that comes after does not. A further process takes a third of a second of
a core to begin and some memory, so none begins before there is something to do for it.

A process is started from scratch, and not forked: this one has threads by then, in which case a
fork may hang, or crash on macOS. It is talked to over a socket that nobody else has, and it ends
with that: not even a killed audit leaves one behind. It gets its own process group, so that Ctrl-C
at the terminal reaches this process alone, which then ends the others.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from signal import Signals
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from goldenami.aws.call_trace import Heard, TracedCall
from goldenami.aws.delegation import keys_of, settings_of
from goldenami.aws.inventory import PageElsewhere, PageRequest
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.errors import WorkerLostError
from goldenami.workflows.audit.cores import keep, usable
from goldenami.workflows.audit.pieces import (
    Brief,
    PageAnswer,
    PageJudged,
    PageTask,
    PlaceImages,
)
from goldenami.workflows.audit.question import AuditQuestion

if TYPE_CHECKING:
    import subprocess
    from multiprocessing.connection import Connection

BEGIN_AFTER = 12
"""How many pages beyond the first of a region are asked for when other processes begin."""

WAITING = 5
"""How many pages that are there may wait for another process to judge them."""

PROCESSES = 8
"""How many there are at most, this one included."""

_START = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from goldenami import garbage; garbage.collect_seldom(); "
    "from goldenami.workflows.audit.worker import main; main(int(sys.argv[1]))"
)


class _Task:
    """A page that another process has been given."""

    def __init__(self) -> None:
        self.answer: Future[PageAnswer] = Future()
        self.result: Future[PageJudged] = Future()

    def fail(self, error: Exception) -> None:
        for future in (self.answer, self.result):
            if not future.done():
                future.set_exception(error)


class Worker:
    """Another process. It can be given pages once it is ready.

    Args:
        crew: whose it is.
        brief: what it has to know.
        heard: is told of its calls.
    """

    def __init__(self, crew: "Crew", brief: Brief, heard: Heard | None) -> None:
        self._crew = crew
        self._brief = brief
        self._heard = heard
        self._numbers = count()
        self._tasks: dict[int, _Task] = {}
        self._told: set[AccountRegion] = set()
        self._lock = Lock()
        self._lost: WorkerLostError | None = None
        from multiprocessing import Pipe  # it takes a while, and few audits are big

        self._connection, theirs = Pipe()
        with theirs:
            self.process = _started(theirs)
        Thread(target=self._listen, daemon=True).start()

    def page(self, task: PageTask, images: Callable[[], PlaceImages]) -> PageElsewhere:
        """Have a page read and judged, and return as soon as it is there.

        Args:
            task: the page.
            images: those of its place, if they were not told yet.

        Raises:
            AwsError: AWS refused it.
            WorkerLostError: the process has ended.
        """
        waiting = _Task()
        with self._lock:
            if self._lost:
                raise self._lost
            if task.place not in self._told:
                task = replace(task, images=images())
                self._told.add(task.place)
            number = next(self._numbers)
            self._tasks[number] = waiting
            with suppress(OSError):  # it is gone, and who listens to it says so
                self._connection.send((number, task))
        answer = waiting.answer.result()
        if answer.error:
            raise answer.error
        return PageElsewhere(answer.token, answer.texts, waiting.result)

    def end(self) -> None:
        """End it at once: it has nothing that anybody needs."""
        self.process.kill()
        self.process.wait()

    def _listen(self) -> None:
        try:
            with self._connection, suppress(EOFError, OSError):
                self._connection.send(self._brief)
                while True:
                    self._hear(self._connection.recv())
        finally:  # whatever it is, somebody waits for the answers
            self.end()
            self._lose(self.process.returncode)

    def _hear(self, message: Any) -> None:
        match message:
            case str():
                self._crew.ready(self)
            case TracedCall():
                if self._heard:
                    self._heard(message)
            case number, PageAnswer() as answer:
                self._tasks[number].answer.set_result(answer)
                if answer.error:
                    self._done(number)
                else:
                    self._crew.there(self, 1)
            case number, PageJudged() as judged:
                self._crew.there(self, -1)
                self._done(number).result.set_result(judged)
            case number, str() as bug:
                self._done(number).fail(RuntimeError(bug))

    def _done(self, number: int) -> _Task:
        self._crew.done(self)
        return self._tasks.pop(number)

    def _lose(self, status: int) -> None:
        self._crew.lost(self)
        how = f"killed by {Signals(-status).name}" if status < 0 else f"exit status {status}"
        error = WorkerLostError(
            f"a process of this audit has ended ({how}), and what it was judging is not judged",
            fix="run it again, with more memory if there was none left",
        )
        with self._lock:
            self._lost = error
            tasks = [*self._tasks.values()]
            self._tasks.clear()
        for task in tasks:
            task.fail(error)


def _started(connection: "Connection[Any, Any]") -> "subprocess.Popen[bytes]":
    import subprocess

    descriptor = connection.fileno()
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _START, str(descriptor), *sys.path],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


class _Reader:
    """A page that this process reads: as long as it is there, there is something to do."""

    def __init__(self, crew: "Crew") -> None:
        self._crew = crew

    def __del__(self) -> None:
        self._crew.done(None)


class Crew:
    """The processes of an audit, and how much each of them is doing.

    Args:
        aws: the caller; without one there is this process alone.
    """

    def __init__(self, aws: Aws | None = None) -> None:
        self._aws = aws
        self._brief: Brief | None = None
        self._images: Callable[[AccountRegion], PlaceImages] | None = None
        self._pages = 0
        self.workers: list[Worker] = []
        self._busy: dict[Worker | None, int] = {None: 0}
        self._waiting: Counter[Worker | None] = Counter()
        self._cores: Sequence[int] = ()
        self._lock = RLock()
        self._ended = False

    def prepare(
        self,
        question: AuditQuestion,
        approved: Approved,
        earlier: frozenset[str] | None,
        images: Callable[[AccountRegion], PlaceImages],
    ) -> None:
        """Note what other processes have to know; before that none begins.

        Where root volumes are compared, none ever does: each would list all volumes for itself.

        Args:
            question: what is asked.
            approved: what counts as golden everywhere, and when.
            earlier: the keys of an earlier audit's findings, None if there is none.
            images: tells the images of a place.
        """
        caller = settings_of(self._aws) if self._aws else None
        if self._aws is None or caller is None or question.roots:
            return
        self._images = images
        self._brief = Brief(
            caller=caller,
            follow=self._aws.heard is not None,
            approved=approved,
            waivers=tuple(question.waivers),
            today=approved.at.date(),
            earlier=earlier,
            keep=question.keep is not None,
            line=question.line,
        )

    def page(self, place: AccountRegion, request: PageRequest) -> object:
        """Have a page read by the process that has least to do: see `OtherReaders`.

        Pages after the first one of a region tell how big the audit is.
        """
        with self._lock:
            self._pages += not request.first
            if self._pages >= BEGIN_AFTER:
                self._begin()
            # Of several this one comes last: it leads, too. Its pages wait for their turn, behind
            # what others judge: so no other has many that wait, or this one would end up idle.
            free = [each for each in reversed(self._busy) if self._waiting[each] < WAITING]
            reader = min(free, key=lambda process: self._busy[process])
            self._busy[reader] += 1
        if reader is None or self._aws is None or self._images is None:
            return _Reader(self)
        images = self._images
        try:
            keys = keys_of(self._aws, place.role)
        except BaseException:
            self.done(reader)
            raise
        task = PageTask(place=place, request=request, keys=keys, images=None)
        return reader.page(task, lambda: images(place))

    def there(self, worker: Worker, pages: int) -> None:
        """Note that another process has more pages, or less, that are there and not judged."""
        with self._lock:
            self._waiting[worker] += pages

    def done(self, process: Worker | None) -> None:
        """Note that a process has one page less to read."""
        with self._lock:
            if process in self._busy:
                self._busy[process] -= 1

    def ready(self, worker: Worker) -> None:
        """Give it pages from now on."""
        with self._lock:
            self._busy[worker] = 0

    def lost(self, worker: Worker) -> None:
        """Give it no pages any more."""
        with self._lock:
            self._busy.pop(worker, None)

    def end(self) -> None:
        """End all other processes."""
        with self._lock:
            self._ended = True
        for worker in self.workers:
            worker.end()
        if self._cores:
            keep(os.getpid(), self._cores)

    def _begin(self) -> None:
        if self.workers or self._aws is None or self._brief is None or self._ended:
            return
        if not sys.executable:  # Python is embedded in a program
            return
        cores = usable()
        with suppress(OSError):  # no further process can be had: it goes on without
            for _ in cores[1:PROCESSES]:
                self.workers.append(Worker(self, self._brief, self._aws.heard))
        processes = [os.getpid(), *(worker.process.pid for worker in self.workers)]
        if len(processes) == len(cores) > 1:  # else the system knows better where there is room
            self._cores = cores
            for process, core in zip(processes, cores, strict=True):
                keep(process, {core})
