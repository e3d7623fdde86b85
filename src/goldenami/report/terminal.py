"""What people read: tables on stdout, progress and words on stderr. Colour only in a terminal.

rich is imported where something is drawn: what runs in a pipeline seldom needs it.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from goldenami.errors import GoldenamiError

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200


def console(file: TextIO | None = None) -> "Console":
    """Return a console on a stream (stdout if none is given); a pipe gets wide, plain lines.

    It takes nothing for markup, and writes no escape codes to a pipe or with ``NO_COLOR``.
    """
    from rich.console import Console

    out = file or sys.stdout
    width = None if out.isatty() else PIPE_WIDTH
    return Console(
        file=out,
        width=width,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not out.isatty(),
    )


def say(text: str, style: str = "") -> None:
    """Write one line of progress or summary to stderr."""
    if not sys.stderr.isatty():
        sys.stderr.write(clean(text) + "\n")
        return
    from rich.text import Text

    console(sys.stderr).print(Text(clean(text), style=style))


@contextmanager
def watched(says: Callable[[], str]) -> Iterator[None]:
    """Show a line that tells how far something is, over and over; only in a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.live import Live
    from rich.text import Text

    def line() -> Text:
        return Text(clean(says()), style="dim")

    with Live(get_renderable=line, console=console(sys.stderr), transient=True):
        yield


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, out: TextIO | None = None
) -> None:
    """Write a table to stdout (or ``out``); nothing in the cells is taken for markup."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(clean(str(cell)), style=_style(str(cell))) for cell in row))
    console(out).print(drawn)


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
        one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text
    )


_STYLES = {
    "critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan",
    "approved": "green", "available": "green", "deprecated": "yellow", "disabled": "red",
    "failed": "red", "building": "cyan",
}  # fmt: skip


def _style(cell: str) -> str:
    return _STYLES.get(cell, "")
