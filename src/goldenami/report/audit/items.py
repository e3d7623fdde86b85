"""JSON and lines, written item by item: an audit may have more findings than memory holds."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TextIO

import msgspec

encode = msgspec.json.Encoder().encode

AT_ONCE = 16
"""How many texts are written at once: each write is a call of the system where Python does not
buffer what it writes (PYTHONUNBUFFERED, as in many containers). Together they are shorter than
a buffer, which keeps what could not be written (see `report.streams.unwritable`)."""


def write_texts(out: TextIO, texts: Iterable[str]) -> None:
    """Write texts, several of them at once."""
    remaining = iter(texts)
    while some := list(islice(remaining, AT_ONCE)):
        out.write("".join(some))


def write_list(out: TextIO, items: Iterable[object], *, indent: str = "", end: str = "") -> None:
    """Write a JSON list, each item on its line; ``end`` is the indent of what closes it."""
    write_texts(out, _listed(items, indent, end))


def _listed(items: Iterable[object], indent: str, end: str) -> Iterator[str]:
    separator, last = f"[\n{indent}", "[]"
    for item in items:
        yield separator + encode(item).decode()
        separator, last = f",\n{indent}", f"\n{end}]"
    yield last


_LINE_ENDS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}
"""What JSON leaves as it is, and some readers of lines take for their end."""


def write_line(out: TextIO, item: object) -> None:
    """Write an item on a line of its own (JSON Lines)."""
    out.write(_line(item))


def write_lines(out: TextIO, items: Iterable[object]) -> None:
    """Write items, each on a line of its own."""
    write_texts(out, map(_line, items))


def _line(item: object) -> str:
    return encode(item).decode().translate(_LINE_ENDS) + "\n"
