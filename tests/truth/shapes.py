"""Answers as shapes: which members are where, and what their values look like."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from msgspec import Struct, field

_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,), "integer": (int,), "long": (int,), "float": (float, int),
    "double": (float, int), "timestamp": (datetime, str, int, float), "blob": (bytes,),
}  # fmt: skip
_FORMS = (
    (r"arn:[\w-]+:(\w+):[^:]*:[^:]*:(\w+)[/:].+", "arn:{0}:{1}"),
    (r"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "time{0}"),
    (r"(A[A-Z]{{3}})[A-Z0-9]{{10,}}", "{0}"),
    (r"([a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{{8,17}}|[0-9a-f]*EXAMPLE)", "{0}-"),
    (r"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", "uuid"),
)
"""How ids and times look, and what is kept of one to compare it."""
_PATTERNS = [(re.compile(pattern.format()), form) for pattern, form in _FORMS]
_FRACTION = re.compile(r"\.\d+")


class Part(Struct):
    """What was seen at one path of several answers."""

    objects: int = 0
    members: dict[str, int] = field(default_factory=dict)
    """How many of the objects have each member, and it is not empty."""
    forms: set[str] = field(default_factory=set)


Seen = dict[str, Part]


def seen(shape: Shape, answers: Iterable[Any]) -> Seen:
    """Return what answers have at each path, as far as the model knows it."""
    parts: Seen = {}
    for answer in answers:
        for path, at, value in _walk("", shape, answer):
            part = parts.setdefault(path, Part())
            if isinstance(at, StructureShape):
                part.objects += 1
                for name in value.keys() & at.members.keys():
                    filled = value[name] not in ([], {}, None)
                    part.members[name] = part.members.get(name, 0) + filled
            elif isinstance(value, str):
                part.forms.add(form(value))
    return parts


def form(text: str) -> str:
    """Return how an id or a time looks; an empty text for any other value."""
    for pattern, kept in _PATTERNS:
        if match := pattern.fullmatch(text):
            groups = [_FRACTION.sub(".000", group or "") for group in match.groups()]
            return kept.format(*groups)
    return ""


def differences(published: Seen, ours: Seen) -> Iterator[str]:
    """Yield what every published answer has and ours lack, and what looks otherwise."""
    for path, part in published.items():
        own = ours.get(path)
        if own is None:
            continue  # what is above it is told
        for name, count in part.members.items():
            if count == part.objects and not own.members.get(name):
                yield f"{path}.{name} is missing"
        if len(part.forms) == 1 and "" not in part.forms and own.forms and part.forms != own.forms:
            yield f"{path} looks like {min(own.forms) or 'nothing known'}, not {min(part.forms)}"


def contradictions(shape: Shape, answer: Any) -> Iterator[str]:
    """Yield in what an answer contradicts its service's model."""
    for path, at, value in _walk("", shape, answer):
        if isinstance(at, StructureShape):
            for name in set(at.required_members) - value.keys():
                yield f"{path}.{name} is required"
        elif isinstance(value, dict | list):
            continue  # a policy, which botocore has decoded
        elif value not in (getattr(at, "enum", None) or (value,)):
            yield f"{path} is {value!r}, which is none of its values"
        elif not isinstance(value, _TYPES.get(at.type_name, (str,))):
            yield f"{path} is a {type(value).__name__}, not a {at.type_name}"


def _walk(path: str, shape: Shape, value: Any) -> Iterator[tuple[str, Shape, Any]]:
    """Yield each value of an answer with its path and shape, but for lists and maps."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield path, shape, value
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _walk(f"{path}.{name}", member, value[name])
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for item in value:
            yield from _walk(f"{path}[]", shape.member, item)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for item in value.values():
            yield from _walk(f"{path}{{}}", shape.value, item)
    elif not isinstance(shape, StructureShape | ListShape | MapShape):
        yield path, shape, value
