"""JSON and lines, written item by item: an audit may have more findings than memory holds."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TextIO

import msgspec

from goldenami.domain.audit.document import Document, FindingLine

encode = msgspec.json.Encoder().encode

AT_ONCE = 16
"""How many texts are written at once: each write is a call of the system where Python does not
buffer what it writes (PYTHONUNBUFFERED, as in many containers). Together they are shorter than
a buffer, which keeps what could not be written (see `report.streams.unwritable`)."""

SHORT = 2048
"""How many characters of a long text are written at once, for the same reason."""


def write_texts(out: TextIO, texts: Iterable[str]) -> None:
    """Write texts, several of them at once."""
    remaining = iter(texts)
    while some := list(islice(remaining, AT_ONCE)):
        out.write("".join(some))


def write_findings(out: TextIO, document: Document, line: FindingLine) -> None:
    """Write the lines of all findings, which a document may have as lines already."""
    if document.lines is None:
        write_texts(out, map(line, document.findings))
        return
    for text in document.lines():
        out.writelines(text[start : start + SHORT] for start in range(0, len(text), SHORT))


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
    out.write(text_of_line(item))


def write_lines(out: TextIO, items: Iterable[object]) -> None:
    """Write items, each on a line of its own."""
    write_texts(out, map(text_of_line, items))


def text_of_line(item: object) -> str:
    """Return an item as a line of its own."""
    return encode(item).decode().translate(_LINE_ENDS) + "\n"
