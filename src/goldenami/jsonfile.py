"""JSON that somebody else wrote: whatever is wrong with it is one short sentence."""

import json
import re
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
    return _plainly(str(error))


_KINDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip
_SAID = (
    (r"Expected `(\w+).*`, got `(\w+)`", "needs {}, not {}"),
    (r"Object missing required field `(.*)`", "`{}` is missing"),
    (r"Object contains unknown field `(.*)`", "`{}` is an unknown key"),
    (r"Invalid enum value (.*)", "{} is none of what it can be"),
    (r"Invalid RFC3339 encoded (\w+)", "no {}"),
    (r"JSON is malformed: (.*)", "no JSON: {}"),
    (r"Input data was truncated", "it ends too soon"),
)
"""What msgspec says, and how it is said here."""


def _plainly(message: str) -> str:
    what, _, where = message.partition(" - at `")
    for pattern, words in _SAID:
        if match := re.fullmatch(pattern, what):
            what = words.format(*(_KINDS.get(group, group) for group in match.groups()))
    key = where.rstrip("`").removeprefix("$").removeprefix(".")
    return f"{key}: {what}" if key else what


def parse(text: str) -> Any:
    """Return a document of any shape, in which nothing is left to the reader's choice.

    Raises:
        ValueError: it is no JSON, has a key twice, a number that JSON has not (``NaN``), half a
            character, or more than ``MAX_DEPTH`` levels; its text says so.
    """
    try:
        document = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError(why(error)) from error
    _refuse_odd(document)
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what JSON readers disagree on: one takes the first of two values, one the last."""
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError(f"a key twice among {', '.join(key for key, _ in pairs)}")
    return mapping


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
