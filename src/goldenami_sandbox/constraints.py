"""Parameters that break a constraint of their service's model: what is required, sizes, forms.

moto checks none of them. The words are those of the services that AWS has made with one framework.
https://smithy.io/2.0/spec/constraint-traits.html
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

_LOOSE = ("ResourceId",)
"""Shapes whose form leaves out what their service takes: Inspector's lacks the ids of images."""
_SIZED = ("string", "list")
_BOUNDS = (
    ("min", int.__lt__, "greater than or equal to"),
    ("max", int.__gt__, "less than or equal to"),
)


def refusal(shape: Any, parameters: Mapping[str, Any]) -> str:
    """Return what is wrong with the parameters of a request; empty if nothing is.

    Args:
        shape: of the request, of botocore's model.
        parameters: in boto3's shape.
    """
    wrong = list(_violations(shape, parameters, ""))
    if not wrong:
        return ""
    counted = "1 validation error" if len(wrong) == 1 else f"{len(wrong)} validation errors"
    return f"{counted} detected: {'; '.join(wrong)}"


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            inner = f"{path}.{_lower(name)}" if path else _lower(name)
            if value.get(name) is not None:
                yield from _violations(member, value[name], inner)
            elif name in shape.required_members:
                yield _sentence(None, inner, "not be null")
        return
    if shape.type_name == "list":
        for number, each in enumerate(value, 1):
            yield from _violations(shape.member, each, f"{path}.{number}.member")
    yield from _own_violations(shape, value, path)


def _own_violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    sized = shape.type_name in _SIZED
    size = len(value) if sized else value
    for bound, breaks, words in _BOUNDS:
        limit = shape.metadata.get(bound)
        if limit is not None and isinstance(size, int) and breaks(size, limit):
            yield _sentence(value, path, f"have {'length' if sized else 'value'} {words} {limit}")
    if shape.type_name != "string":
        return
    if shape.enum and value not in shape.enum:
        yield _sentence(value, path, f"satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = None if shape.name in _LOOSE else _pattern(shape.metadata.get("pattern", ""))
    if pattern and not pattern.fullmatch(value):
        yield _sentence(value, path, f"satisfy regular expression pattern: {pattern.pattern}")


def _sentence(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}"


@cache
def _pattern(expression: str) -> re.Pattern[str] | None:
    """Return a pattern; None for one with classes of characters that Python does not know."""
    try:
        return re.compile(expression) if expression else None
    except re.error:
        return None


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
