"""What a value has to be beyond its type, as annotations of the types that hold it.

A constraint is a function of a value that yields what is wrong with it: where below it (``[2]``,
``.Name``, empty for the value itself), and the words. It stands in the ``Annotated`` type of a key,
and `goldenami.validation` asks it about a value whose type is right.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct


class UnsoundError(Exception):
    """A value was read that is wrong itself; its problem is known."""


Wrong = Iterator[tuple[str, str]]
Constraint = Callable[[Any], Wrong]


def needs(holds: Callable[[Any], object], words: Callable[[Any], str]) -> Constraint:
    """Return the constraint that something holds of a value, and the words where it does not."""

    def check(value: Any) -> Wrong:
        if not holds(value):
            yield "", words(value)

    return check


def form(matches: re.Pattern[str] | Callable[[str], object], noun: str) -> Constraint:
    """Return the constraint that a text is such a thing: it has the pattern, or reads as one."""
    test = matches.fullmatch if isinstance(matches, re.Pattern) else matches
    return needs(test, lambda text: f"`{text}` is no {noun}")


def between(least: int, most: int | None = None, unit: str = "") -> Constraint:
    """Return the constraint that a number lies in a range, its ends included."""
    limits = f"{least} or more" if most is None else f"{least:,} to {most:,}"
    words = f"{limits} {unit}".strip()
    return needs(
        lambda number: number >= least and (most is None or number <= most),
        lambda number: f"{words}, not {number}",
    )


def at_most(count: int, unit: str) -> Constraint:
    """Return the constraint that a text or a list is no longer than AWS takes."""
    return needs(
        lambda value: len(value) <= count,
        lambda value: f"at most {count:,} {unit}, not {len(value):,}",
    )


def some(noun: str) -> Constraint:
    """Return the constraint that a list has an item."""
    return needs(len, lambda _: f"name at least one {noun}")


def filled(words: str) -> Constraint:
    """Return the constraint that a text is not blank; the words say why."""
    return needs(str.strip, lambda _: words)


def distinct(items: Sequence[object]) -> Wrong:
    """Find what a list has more than once."""
    seen: set[object] = set()
    for index, item in enumerate(items):
        with suppress(UnsoundError):
            if item in seen:
                yield f"[{index}]", f"`{item}` is listed twice"
            seen.add(item)


def each(problem: Callable[[str, Any], str | None]) -> Constraint:
    """Return the constraint that nothing is wrong with a key of a mapping and its value."""

    def check(values: Mapping[str, Any]) -> Wrong:
        for key, value in values.items():
            with suppress(UnsoundError):
                if words := problem(key, value):
                    yield f".{key}", words

    return check


class OneOf(Struct, frozen=True):
    """The constraint that a text is one of the names of a registry."""

    names: tuple[str, ...]

    def __call__(self, text: str) -> Wrong:
        """Find whether it is none of them."""
        if text not in self.names:
            yield "", f"`{text}` is none of {', '.join(self.names)}"


def exactly_one(part: Struct) -> Wrong:
    """Find whether of the keys of a part none, or several, are given."""
    names = part.__struct_fields__
    present = [name for name in names if getattr(part, name)]
    if len(present) != 1:
        several = ", ".join(present) or "none"
        yield "", f"give exactly one of {', '.join(names)} (given: {several})"
