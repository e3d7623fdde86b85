"""What is said beside a result: on stderr as much of it as is asked for, in a log file with times.

A line that tells how far something is stands below all that is said. A terminal has it refreshed in
place each second; elsewhere it is said when nothing else was for a minute.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from threading import Event, RLock, Thread
from time import monotonic
from typing import TextIO

from msgspec import Struct

from goldenami.errors import GoldenamiError
from goldenami.report import layout
from goldenami.report.alike import together
from goldenami.report.streams import can_move, clean, line, width_of, words

EVERY_S = 1.0
"""How often a terminal's line is refreshed."""
SELDOM_S = 60.0
"""After how long a silence it is said elsewhere."""
_ERASED = "\r\x1b[2K"
_PROBLEMS = ("warning", "accepted")


class Verbosity(IntEnum):
    """Who is told something: everybody, all but the quiet, or who wants every detail."""

    PROBLEM = 0
    NORMAL = 1
    DETAIL = 2


class Manner(Struct, frozen=True):
    """How much is said on stderr, and where else it goes with its time.

    The log has what is said without ``--quiet``.
    """

    level: Verbosity = Verbosity.NORMAL
    log: TextIO | None = None


class _Speech:
    """What is said in this process, by whichever thread; each line is whole.

    Args:
        now: the clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self.now = now
        self.manner = Manner()
        self._lock = RLock()
        self._lines_of: list[Callable[[], str]] = []
        self._shown = ""
        self._last_s = 0.0
        self._stop = Event()

    def say(self, text: str, style: str, level: Verbosity) -> None:
        text = clean(text)
        with self._lock:
            if level <= max(self.manner.level, Verbosity.NORMAL):
                self.log(text)
            if level <= self.manner.level:
                self._last_s = self.now()
                shown = self._shown
                self._show("")
                err = words()
                if err.isatty():
                    line(text, style, out=err)
                else:
                    err.write(text + "\n")
                self._show(shown)

    def log(self, text: str) -> None:
        """Write to the log alone; that it takes nothing more is told once, and stops nothing."""
        with self._lock:
            log = self.manner.log
            if log is None:
                return
            at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
            try:
                log.write("".join(f"{at} {part}\n" for part in clean(text).splitlines()))
                log.flush()
            except (OSError, ValueError) as error:
                self.manner = Manner(self.manner.level)
                words = f"warning: the log file takes nothing more: {error}"
                self.say(words, "yellow", Verbosity.PROBLEM)

    def watch(self, line_of: Callable[[], str]) -> None:
        """Begin to show a line, in the place of any that is shown already."""
        with self._lock:
            if line_of in self._lines_of:
                return
            self._lines_of.append(line_of)
            if len(self._lines_of) == 1:
                self._last_s, self._stop = self.now(), Event()
                Thread(target=self._ticking, args=(self._stop,), daemon=True).start()
        self.tick()

    def unwatch(self, line_of: Callable[[], str]) -> None:
        """Show it no longer."""
        with self._lock:
            if line_of in self._lines_of:
                self._lines_of.remove(line_of)
            if not self._lines_of:
                self._stop.set()
                self._show("")

    def still(self) -> None:
        """Show none of the lines any longer."""
        for line_of in [*self._lines_of]:
            self.unwatch(line_of)

    def tick(self) -> None:
        """Refresh the line, or say it if it is time for that."""
        if self.manner.level < Verbosity.NORMAL:
            return
        with self._lock:
            line_of = self._lines_of[-1] if self._lines_of else None
        text = clean(line_of()) if line_of else ""  # it may wait for whoever is saying something
        with self._lock:
            if line_of not in self._lines_of:
                return
            if can_move(words()):
                self._show(text)
            elif text and self.now() - self._last_s >= SELDOM_S:
                self.say(f"  … {text}", "dim", Verbosity.NORMAL)

    def _ticking(self, stop: Event) -> None:
        while not stop.wait(EVERY_S):
            self.tick()

    def _show(self, text: str) -> None:
        """Put a text in the place of the line that is shown."""
        if text or self._shown:
            err = words()
            err.write(_ERASED + layout.shortened(text, width_of(err) - 1))
            err.flush()
        self._shown = text


_speech = _Speech()


@contextmanager
def in_manner(manner: Manner) -> Iterator[None]:
    """Say everything in a manner from here on; an error that ends the block is logged, too."""
    before, _speech.manner = _speech.manner, manner
    try:
        yield
    except GoldenamiError as error:
        _log(error_lines(error))
        raise
    except KeyboardInterrupt:
        _log(["interrupted"])
        raise
    finally:
        _speech.still()
        _speech.manner = before


def in_detail() -> bool:
    """Tell whether details are said, which may cost something to find out."""
    return _speech.manner.level >= Verbosity.DETAIL


def _log(lines: Iterable[str]) -> None:
    """Write to the log alone; stderr is told by whoever ends the program."""
    for text in lines:
        _speech.log(text)


def say(text: str, style: str = "", level: Verbosity = Verbosity.NORMAL) -> None:
    """Write one line of progress or summary to stderr; if nobody can read it, it is lost."""
    _speech.say(text, style, level)


def remark(text: str) -> None:
    """Write a line to the log alone."""
    _log([text])


def tell(
    notes: Iterable[str], kind: str = "note", style: str = "yellow", level: Verbosity | None = None
) -> None:
    """Say what is to be known beside a result, each line with what it is.

    Whoever is to be told of problems alone is told of warnings, not of notes.
    """
    usual = Verbosity.PROBLEM if kind in _PROBLEMS else Verbosity.NORMAL
    for note in notes:
        say(f"{kind}: {note}", style, usual if level is None else level)


def error_lines(error: GoldenamiError) -> list[str]:
    """Return the lines of an error: what is wrong, its notes, and the fix."""
    fix = [f"  fix: {error.fix}"] if error.fix else []
    notes = (f"  - {note}" for note in together(error.notes))
    return [f"goldenami: {error.message}", *notes, *fix]


@contextmanager
def watched(line_of: Callable[[], str]) -> Iterator[None]:
    """Show a line that tells how far something is, as long as the block lasts."""
    watch(line_of)
    try:
        yield
    finally:
        unwatch(line_of)


def watch(line_of: Callable[[], str]) -> None:
    """Show a line that tells how far something is, over and over, until `unwatch`."""
    _speech.watch(line_of)


def unwatch(line_of: Callable[[], str]) -> None:
    """Show a line no longer."""
    _speech.unwatch(line_of)


def refresh() -> None:
    """Show the line anew, as something has changed."""
    _speech.tick()


def elapsed(seconds: float) -> str:
    """Return a time that has passed as people say it: ``3 min 05 s``."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 1:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
