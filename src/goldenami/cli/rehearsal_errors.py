"""What an error of a rehearsal advises: never a command, which would be for the real account."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from goldenami.errors import GoldenamiError

AGAIN = "mend the cause; run the rehearsal again"
_COMMAND = re.compile(
    r"\b(?:goldenami|aws|packer|pip|terraform) +[a-z]|(?<![\w-])--?[a-z]|\bsame command\b",
    re.IGNORECASE,
)
"""A command of somebody's, or an option of one: a rehearsal takes neither."""
_QUOTED = re.compile(r"`[^`]*`")
_WITH_FIX = re.compile(r"(?P<reason>.*) \(fix: (?P<fix>.*)\)", re.DOTALL)
_LEFT = re.compile(r"\bleft for resuming\b|\bwhat is left\b")
"""What the emulator held is gone with it."""


@contextmanager
def rehearsed() -> Iterator[None]:
    """Let what fails in the block advise to run the rehearsal again.

    The emulator, its account and the build are gone when the rehearsal ends, so that a command
    that goes on with something, or looks at it, would reach the caller's real account.

    Raises:
        GoldenamiError: what failed, with another fix, and with what its notes say but commands.
    """
    try:
        yield
    except GoldenamiError as error:
        error.fix = fix(error.fix)
        error.notes = tuple(filter(None, map(_note, error.notes)))
        raise


def fix(text: str) -> str:
    """Return what to do instead of a fix: its parts that name no command, then to rehearse again.

    Args:
        text: parts that are set apart by semicolons.
    """
    kept = _without_commands(text)
    return f"{kept}; run the rehearsal again" if kept else AGAIN


def _without_commands(text: str) -> str:
    """Return the parts of a fix that name no command."""
    return "; ".join(part for part in text.split("; ") if part and not _COMMAND.search(part))


def _note(text: str) -> str:
    """Return a note without commands; empty if it is about what the emulator held.

    A reason stays, whatever its fix is.
    """
    if match := _WITH_FIX.fullmatch(text):
        return GoldenamiError(match["reason"], fix=_without_commands(match["fix"])).with_fix
    if _LEFT.search(text):
        return ""
    said = _QUOTED.sub(lambda quoted: "…" if _COMMAND.search(quoted[0]) else quoted[0], text)
    return "" if _COMMAND.search(said) or said.startswith("…") else said
