"""What a value has to be beyond its type, as annotations of the types that hold it.

A constraint is a function of a value that yields what is wrong with it: where below it (``[2]``,
``.Name``, empty for the value itself), and the words. It stands in the ``Annotated`` type of a key,
and `goldenami.validation` asks it about a value whose type is right. What JSON Schema can say of it
it carries along, for the schemas that `goldenami.spec.json_schema` makes of the types.
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


class Pattern(Struct, frozen=True):
    """A regular expression that is compiled when it is first needed: there are many, for few.

    Args:
        pattern: what it is written as.
        flags: those of `re`.
    """

    pattern: str
    flags: int = 0

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Match a whole text."""
        return re.fullmatch(self.pattern, text, self.flags)


class Stated(Struct, frozen=True, eq=False):
    """A constraint with what JSON Schema can say of it, which never refuses more than it does."""

    check: Constraint
    schema: Mapping[str, Any]

    def __call__(self, value: Any) -> Wrong:
        """Find what is wrong with a value."""
        return self.check(value)


def needs(
    holds: Callable[[Any], object], words: Callable[[Any], str], **schema: object
) -> Constraint:
    """Return the constraint that something holds of a value, and the words where it does not."""

    def check(value: Any) -> Wrong:
        if not holds(value):
            yield "", words(value)

    return Stated(check, schema)


def form(
    matches: Pattern | re.Pattern[str] | Callable[[str], object],
    noun: str,
    pattern: Pattern | re.Pattern[str] | None = None,
) -> Constraint:
    """Return the constraint that a text is such a thing: it has the pattern, or reads as one.

    Args:
        matches: what the whole text is, or what tells whether it is one.
        noun: what it is to be.
        pattern: what each such text has, where ``matches`` is no pattern itself.
    """
    test: Callable[[str], object]
    if isinstance(matches, Pattern | re.Pattern):
        pattern, test = matches, matches.fullmatch
    else:
        test = matches
    stated = {"title": noun} | ({"pattern": whole(pattern)} if pattern else {})
    return needs(test, lambda text: f"`{text}` is no {noun}", **stated)


def whole(pattern: Pattern | re.Pattern[str]) -> str:
    """Return a pattern of a whole text as JSON Schema writes it, by ECMA's regular expressions."""
    return f"^(?:{pattern.pattern})$".replace(r"\Z", "$")


def between(least: int, most: int | None = None, unit: str = "") -> Constraint:
    """Return the constraint that a number lies in a range, its ends included."""
    limits = f"{least} or more" if most is None else f"{least:,} to {most:,}"
    words = f"{limits} {unit}".strip()
    ends: dict[str, object] = (
        {"minimum": least} if most is None else {"minimum": least, "maximum": most}
    )
    return needs(
        lambda number: number >= least and (most is None or number <= most),
        lambda number: f"{words}, not {number}",
        **ends,
    )


def at_most(count: int, unit: str) -> Constraint:
    """Return the constraint that a text or a list is no longer than AWS takes."""
    return needs(
        lambda value: len(value) <= count,
        lambda value: f"at most {count:,} {unit}, not {len(value):,}",
        maxItems=count,
        maxLength=count,
    )


def some(noun: str) -> Constraint:
    """Return the constraint that a list has an item."""
    return needs(len, lambda _: f"name at least one {noun}", minItems=1)


def filled(words: str) -> Constraint:
    """Return the constraint that a text is not blank; the words say why."""
    return needs(str.strip, lambda _: words, pattern=r"[^ \t\r\n]")


def _distinct(items: Sequence[object]) -> Wrong:
    seen: set[object] = set()
    for index, item in enumerate(items):
        with suppress(UnsoundError):
            if item in seen:
                yield f"[{index}]", f"`{item}` is listed twice"
            seen.add(item)


distinct: Constraint = Stated(_distinct, {"uniqueItems": True})
"""The constraint that a list has nothing more than once."""


def each(problem: Callable[[str, Any], str | None], **schema: object) -> Constraint:
    """Return the constraint that nothing is wrong with a key of a mapping and its value."""

    def check(values: Mapping[str, Any]) -> Wrong:
        for key, value in values.items():
            with suppress(UnsoundError):
                if words := problem(key, value):
                    yield f".{key}", words

    return Stated(check, schema)


class OneOf(Struct, frozen=True):
    """The constraint that a text is one of the names of a registry."""

    names: tuple[str, ...]

    @property
    def schema(self) -> Mapping[str, Any]:
        """What JSON Schema can say of it."""
        return {"enum": [*self.names]}

    def __call__(self, text: str) -> Wrong:
        """Find whether it is none of them."""
        if text not in self.names:
            yield "", f"`{text}` is none of {', '.join(self.names)}"


def exactly_one(*names: str) -> Constraint:
    """Return the constraint that of the keys of a part one is given, and no other."""

    def check(part: Struct) -> Wrong:
        present = [name for name in names if getattr(part, name)]
        if len(present) != 1:
            several = ", ".join(present) or "none"
            yield "", f"give exactly one of {', '.join(names)} (given: {several})"

    filled_in = {"not": {"enum": [None, ""]}}
    options = [{"required": [name], "properties": {name: filled_in}} for name in names]
    return Stated(check, {"oneOf": options})
