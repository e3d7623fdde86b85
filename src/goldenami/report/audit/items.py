"""JSON that is written item by item: an audit may have more findings than memory holds."""

from collections.abc import Iterable
from typing import TextIO

import msgspec

encode = msgspec.json.Encoder().encode


def write_list(out: TextIO, items: Iterable[object], *, indent: str = "", end: str = "") -> None:
    """Write a JSON list, each item on its line; ``end`` is the indent of what closes it."""
    out.write("[")
    separator, last = f"\n{indent}", ""
    for item in items:
        out.write(separator + encode(item).decode())
        separator, last = f",\n{indent}", f"\n{end}"
    out.write(f"{last}]")


_LINE_ENDS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}
"""What JSON leaves as it is, and some readers of lines take for their end."""


def write_line(out: TextIO, item: object) -> None:
    """Write an item on a line of its own (JSON Lines)."""
    out.write(encode(item).decode().translate(_LINE_ENDS) + "\n")
