"""JSON that somebody else wrote: whatever is wrong with it is one short sentence."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

WRONG = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""All that decoding with msgspec can raise; :func:`why` puts it into words."""
MAX_DEPTH = 64
"""Levels of an untyped document; a policy has about six."""


def why(error: Exception) -> str:
    """Return what is wrong, in words, of one of ``WRONG``."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text (byte {error.start})"
    return str(error)


def parse(text: str) -> Any:
    """Return a document of any shape, in which nothing is left to the reader's choice.

    Raises:
        ValueError: it is no JSON, has a key twice, a number that JSON has not (``NaN``), half a
            character, or more than ``MAX_DEPTH`` levels; its text says so.
    """
    try:
        found = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError(why(error)) from error
    _refuse_odd(found)
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what JSON readers disagree on: one takes the first of two values, one the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key twice among {', '.join(key for key, _ in pairs)}")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _refuse_odd(document: Any) -> None:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        for value in level:
            if isinstance(value, str) and not value.isascii():
                _refuse_half(value)
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise ValueError(f"nested too deeply: more than {MAX_DEPTH} levels")


def _refuse_half(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"half a character: U+{ord(text[error.start]):04X}") from error


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if isinstance(value, list) else ()
