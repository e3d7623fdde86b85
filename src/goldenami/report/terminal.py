"""What people read: tables on stdout, progress and words on stderr. Colour only in a terminal.

rich is imported where something is drawn: what runs in a pipeline seldom needs it.

A result that cannot be written is an error; words that nobody can read any more (a lost terminal,
a pipe without a reader) stop nothing.
"""

import errno
import io
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TextIO, cast

from goldenami.domain.status import STATES
from goldenami.errors import GoldenamiError
from goldenami.report import layout

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PIPE_WIDTH = 200
_wide: ContextVar[bool] = ContextVar("wide", default=False)


@contextmanager
def wide_tables(*, wide: bool) -> Iterator[None]:
    """Let a terminal have all columns of the tables that are written here, if it is ``wide``."""
    before = _wide.set(wide)
    try:
        yield
    finally:
        _wide.reset(before)


def console(file: TextIO | None = None) -> "Console":
    """Return a console on a stream (stdout if none is given); a pipe gets wide, plain lines.

    It takes nothing for markup, and writes no escape codes to a pipe or with ``NO_COLOR``.
    """
    from rich.console import Console

    out = file or sys.stdout
    width = None if out.isatty() else PIPE_WIDTH
    terminal = Console(
        file=out,
        width=width,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not out.isatty(),
    )
    terminal.on_broken_pipe = _broken_pipe  # type: ignore[method-assign]  # rich exits, without a word
    return terminal


def _broken_pipe() -> None:
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class _Words:
    """A stream whose writes may be lost: its reader has gone, its disk is full, it is closed."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        with suppress(OSError, ValueError, AttributeError):
            return bool(self._stream and self._stream.isatty())
        return False

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError, AttributeError):
            self._stream.write(text)  # type: ignore[union-attr]
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            self._stream.flush()  # type: ignore[union-attr]


def _words() -> TextIO:
    return cast(TextIO, _Words(sys.stderr))


def say(text: str, style: str = "") -> None:
    """Write one line of progress or summary to stderr; if nobody can read it, it is lost."""
    err = _words()
    if not err.isatty():
        err.write(clean(text) + "\n")
        return
    line(clean(text), style, out=err)


def line(text: str = "", style: str = "", *, out: TextIO | None = None) -> None:
    """Write a line to stdout (or ``out``); a terminal breaks it between two words alone."""
    from rich.text import Text

    console(out).print(Text(text, style=style), overflow="ignore", crop=False)


def tell(notes: Iterable[str], kind: str = "note", style: str = "yellow") -> None:
    """Say what is to be known beside a result, each line with what it is."""
    for note in notes:
        say(f"{kind}: {note}", style)


class Unwritable(io.TextIOBase):
    """Stands for a stdout that was closed when the process began: nothing is lost in silence."""

    def write(self, _: str) -> int:
        """Refuse it.

        Raises:
            OSError: always.
        """
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def unwritable(error: Exception) -> GoldenamiError | None:
    """Return what an error of writing to stdout means; None if it is about something else.

    What could not be written is still in the stream's buffer, and fails again; but for a pipe
    without a reader, and no other pipe is written to.
    """
    broken: Exception | None = error if isinstance(error, BrokenPipeError) else None
    try:
        sys.stdout.write("")
        sys.stdout.flush()
    except (OSError, ValueError) as again:
        broken = again
    if broken is None:
        return None
    why = (broken.strerror if isinstance(broken, OSError) else "") or str(broken)
    return GoldenamiError(
        f"the output could not be written: {why}", fix="send it somewhere that takes it"
    )


@contextmanager
def watched(line_of: Callable[[], str]) -> Iterator[None]:
    """Show a line that tells how far something is, over and over; only in a terminal."""
    err = _words()
    if not err.isatty():
        yield
        return
    from rich.live import Live
    from rich.text import Text

    def line() -> Text:
        return Text(clean(line_of()), style="dim")

    with Live(get_renderable=line, console=console(err), transient=True):
        yield


def table(
    columns: Sequence[str],
    rows: Iterable[Iterable[object]],
    *,
    sentences: Collection[str] = (),
    spare: Sequence[str] | None = None,
    out: TextIO | None = None,
) -> None:
    """Write a table to stdout (or ``out``); nothing in the cells is taken for markup.

    No id is ever broken: a terminal that is too narrow gets fewer columns, and is told which are
    missing. A pipe gets all of them, and so does a terminal with ``--wide``.

    Args:
        columns: their names.
        rows: the cells of each.
        sentences: columns that may go on in the next line, between two words.
        spare: what a narrow terminal can do without, first what it misses least; if not given, all
            columns but the first, from the last one on.
        out: where to, if not to stdout.
    """
    stream = out or sys.stdout
    cells = [[clean(str(cell)).translate(_ONE_LINE) for cell in row] for row in rows]
    terminal = console(stream)
    fitted = layout.fitted(
        columns, cells, sentences=sentences,
        spare=tuple(reversed(columns[1:])) if spare is None else spare,
        width=terminal.width if stream.isatty() and not _wide.get() else None,
    )  # fmt: skip
    header, *lines = fitted.lines
    terminal.print(_row(header, dict.fromkeys(map(str.strip, header), "bold")), soft_wrap=True)
    for row in lines:
        terminal.print(_row(row, _STYLES), soft_wrap=True)
    if fitted.missing:
        say(f"{', '.join(fitted.missing)} left out for want of room; --wide shows all", "dim")


def _row(cells: Iterable[str], styles: Mapping[str, str]) -> "Text":
    from rich.text import Text

    return Text.assemble(*((cell, styles.get(cell.strip(), "")) for cell in cells))


def show_error(error: GoldenamiError) -> None:
    """Write an error to stderr: what is wrong, its notes, and the fix."""
    say(f"goldenami: {error.message}", "bold red")
    for note in error.notes:
        say(f"  - {note}")
    if error.fix:
        say(f"  fix: {error.fix}")


def clean(text: str) -> str:
    """Replace control characters, which a tag or an error of AWS could bring to the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


_ONE_LINE = str.maketrans("\n\t", "  ")

_STYLES = {
    "critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan",
    "available": "green", "failed": "red",
    **{status: state.style for status, state in STATES.items()},
}  # fmt: skip
