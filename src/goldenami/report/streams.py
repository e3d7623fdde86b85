"""The streams that people read: stdout, which must not lose anything, and stderr, which may.

rich is imported where something is drawn: what runs in a pipeline seldom needs it.
"""

import errno
import io
import os
import shutil
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from goldenami.errors import GoldenamiError
from goldenami.report import layout

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200
_CANNOT_MOVE = ("dumb", "unknown")


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


def line(text: str = "", style: str = "", *, out: TextIO | None = None) -> None:
    """Write a line to stdout (or ``out``); in a terminal it is broken between two words alone."""
    from rich.text import Text

    stream = out or sys.stdout
    terminal = console(stream)
    parts = layout.paragraph(text, width_of(stream)) if stream.isatty() else [text]
    for part in parts:
        terminal.print(Text(part, style=style), overflow="ignore", crop=False)


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


def words() -> TextIO:
    """Return stderr, as it is now; what nobody can read any more is lost without a word."""
    return cast(TextIO, _Words(sys.stderr))


def can_move(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal in which a line can be written over."""
    return stream.isatty() and os.environ.get("TERM", "") not in _CANNOT_MOVE


def width_of(stream: TextIO) -> int:
    """Return how wide a terminal is: as ``COLUMNS`` says, or it itself."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    with suppress(OSError, ValueError, AttributeError):
        return os.get_terminal_size(stream.fileno()).columns or 80
    return shutil.get_terminal_size().columns


class Unwritable(io.TextIOBase):
    """Stands for a stdout that was closed when the process began: nothing is lost in silence."""

    def write(self, _: str) -> int:
        """Refuse it.

        Raises:
            OSError: always.
        """
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def unwritable(error: Exception) -> GoldenamiError | None:
    """Return what an error of writing to stdout means; None if it is about something else.

    What could not be written is still in the stream's buffer, and fails again; but for a pipe
    without a reader, and no other pipe is written to, and for what is longer than the buffer.
    """
    full = isinstance(error, OSError) and error.errno in _FULL and error.filename is None
    broken: Exception | None = error if full or isinstance(error, BrokenPipeError) else None
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


def clean(text: str) -> str:
    """Replace control characters, which a tag or an error of AWS could bring to the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )
