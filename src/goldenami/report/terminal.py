"""What people read: tables on stdout, progress and words on stderr. Colour only in a terminal.

A result that cannot be written is an error; words that nobody can read any more (a lost terminal,
a pipe without a reader) stop nothing.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO

from goldenami.domain.status import STATES
from goldenami.errors import GoldenamiError
from goldenami.report import layout
from goldenami.report.speech import Verbosity, error_lines, say, tell, watched
from goldenami.report.streams import Unwritable, clean, console, line, unwritable

if TYPE_CHECKING:
    from rich.text import Text

__all__ = [
    "Unwritable",
    "Verbosity",
    "clean",
    "console",
    "line",
    "say",
    "show_error",
    "table",
    "tell",
    "unwritable",
    "watched",
    "wide_tables",
]

_wide: ContextVar[bool] = ContextVar("wide", default=False)


@contextmanager
def wide_tables(*, wide: bool) -> Iterator[None]:
    """Let a terminal have all columns of the tables that are written here, if it is ``wide``."""
    before = _wide.set(wide)
    try:
        yield
    finally:
        _wide.reset(before)


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
    first, *further = error_lines(error)
    say(first, "bold red", Verbosity.PROBLEM)
    for text in further:
        say(text, level=Verbosity.PROBLEM)


_ONE_LINE = str.maketrans("\n\t", "  ")

_STYLES = {
    "critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan",
    "available": "green", "failed": "red",
    **{status: state.style for status, state in STATES.items()},
}  # fmt: skip
