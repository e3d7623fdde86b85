"""Fits a table into a width: a column is there or it is not, and no word of it is broken."""

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

GAP = 2
LEAST = 24
"""How many characters a sentence gets at least, unless it has fewer."""
_HANGING = re.compile(r" *(?:\S )?")
"""What a line's further lines are set in by: its own indentation, and the mark it begins with."""

Row = Sequence[str]


class Fitted(Struct, frozen=True):
    """The lines of a table, each as its cells, and the columns that had no room.

    The first line is the header; all cells but the last of a line are padded to their column.
    """

    lines: tuple[tuple[str, ...], ...]
    missing: tuple[str, ...] = ()


def fitted(
    columns: Row,
    rows: Sequence[Row],
    *,
    sentences: Collection[str],
    spare: Sequence[str],
    width: int | None,
) -> Fitted:
    """Return a table as it fits into a width.

    Args:
        columns: their names.
        rows: the cells of each, without line breaks.
        sentences: columns that may go on in the next line, between two words.
        spare: columns that can be left out, first what is missed least.
        width: how wide it may be; None for any width. What cannot be left out is never cut: then
            lines are longer.
    """
    natural = [max(map(cells, column)) for column in zip(columns, *rows, strict=True)]
    least = [
        _least([name, *(row[number] for row in rows)]) if name in sentences else natural[number]
        for number, name in enumerate(columns)
    ]
    kept = list(range(len(columns)))
    for name in spare:
        if width is None or _whole([least[number] for number in kept]) <= width:
            break
        kept.remove(columns.index(name))
    widths = natural if width is None else _shared(width, kept, least, natural)
    lines = [line for row in (columns, *rows) for line in _lines(row, kept, widths)]
    missing = [name for number, name in enumerate(columns) if number not in kept]
    return Fitted(tuple(lines), tuple(missing))


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _least(column: Row) -> int:
    """Return how narrow a column of sentences can be: as its longest word, and legible."""
    longest = max((cells(word) for cell in column for word in cell.split(" ")), default=0)
    return max(longest, min(LEAST, max(map(cells, column), default=0)))


def _whole(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _shared(
    width: int, kept: Sequence[int], least: Sequence[int], natural: Sequence[int]
) -> list[int]:
    """Return the widths of all columns: those that were narrowed share what room there is."""
    widths = list(least)
    room = width - _whole([least[number] for number in kept])
    while room > 0:
        narrow = [number for number in kept if widths[number] < natural[number]]
        if not narrow:
            break
        for number in narrow[:room]:
            widths[number] += 1
        room -= len(narrow)
    return widths


def _lines(row: Row, kept: Sequence[int], widths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    parts = [wrapped(row[number], widths[number]) for number in kept]
    for at in range(max(map(len, parts))):
        texts = [part[at] if at < len(part) else "" for part in parts]
        padded = [
            text + " " * (widths[number] + GAP - cells(text))
            for text, number in zip(texts, kept, strict=True)
        ]
        yield (*padded[:-1], texts[-1])


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text, broken at spaces alone."""
    if cells(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def paragraph(text: str, width: int) -> list[str]:
    """Return a text's lines as they fit into a width, what goes on set in below what it goes on."""
    lines = list[str]()
    for whole in text.split("\n"):
        begun = _HANGING.match(whole)
        mark = begun[0] if begun and cells(whole) > width else ""
        first, *further = wrapped(whole[len(mark) :], width - cells(mark))
        lines += [mark + first.rstrip(), *(" " * cells(mark) + each.rstrip() for each in further)]
    return lines


def shortened(text: str, width: int) -> str:
    """Return as many whole words of a text as fit into a width, with ``…`` for the others."""
    if cells(text) <= width:
        return text
    first, *_ = wrapped(text, width - 2)
    return f"{first} …" if cells(first) <= width - 2 else "…"
