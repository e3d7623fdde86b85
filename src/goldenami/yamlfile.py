"""YAML files into frozen objects, with errors that name file, line and key."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from goldenami.errors import SpecError

T = TypeVar("T")
Places = Mapping[str, int]
"""Line by key path: ``$.base.volumes[0].size_gib`` -> 12."""

_AT = re.compile(r" - at (?P<of_key>`key` in )?`(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")
_SCALARS_YAML_GUESSES = ("`int`", "`float`", "`bool`", "`date`", "`datetime`", "`null`")


def read_text(path: Path) -> str:
    """Return the text of a file the user named.

    Raises:
        SpecError: it is missing, a folder, not permitted, or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise SpecError(
            f"{path}: cannot be read: {error.strerror}", fix="check the path and its permissions"
        ) from error


def load(path: Path, kind: type[T]) -> tuple[T, Places]:
    """Read a YAML file as one object of ``kind``, strictly.

    Returns:
        The object, and the line of every key in the file.

    Raises:
        SpecError: unreadable, no YAML, a key twice, an unknown key, a wrong type.
    """
    data, places = _parse(path, read_text(path))
    try:
        return msgspec.convert(data, kind), places
    except msgspec.ValidationError as error:
        raise _explain(path, str(error), data, places, kind) from error


def place(path: Path, places: Places, key: str) -> str:
    """Say where a key stands: ``release.yaml:12: base.volumes[0].size_gib``."""
    known = key
    while known not in places and known != "$":
        known = re.sub(r"[.\[][^.\[]*$", "", known)
    name = key.removeprefix("$").removeprefix(".")
    line = f":{places[known]}" if known in places else ""
    return f"{path}{line}: {name}" if name else f"{path}{line}"


class _Loader(yaml.SafeLoader):
    """Knows the place of what looks like a date or a number and is none (``2026-02-30``)."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            at = node.start_mark
            raise yaml.constructor.ConstructorError(None, None, str(error), at) from error


def _parse(path: Path, text: str) -> tuple[Any, Places]:
    try:
        node = yaml.compose(text, _Loader)
        if node is None:
            raise SpecError(f"{path}: the file is empty", fix="`goldenami init` writes an example")
        places = dict(_places(path, node, "$", set()))
        return _Loader("").construct_document(node), places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SpecError(f"{path}{line}: not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = f":{text.count(chr(10), 0, error.position) + 1}"
        raise SpecError(f"{path}{line}: not YAML: it holds U+{error.character:04X}") from error
    except RecursionError as error:
        raise SpecError(f"{path}: nested too deeply") from error


def _places(path: Path, node: yaml.Node, key: str, above: set[int]) -> Iterator[tuple[str, int]]:
    line = node.start_mark.line + 1
    yield key, line
    if id(node) in above:
        raise SpecError(f"{path}:{line}: an alias that contains itself")
    above = above | {id(node)}
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _places(path, item, f"{key}[{index}]", above)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode):
                raise SpecError(f"{path}:{line}: a list or a mapping cannot be a key")
            if name.value in seen:
                raise SpecError(
                    f"{path}:{line}: `{name.value}` is given twice (first in line "
                    f"{seen[name.value]})",
                    fix="keep one of them",
                )
            seen[name.value] = line
            yield from (
                (k, max(at, line)) for k, at in _places(path, value, f"{key}.{name.value}", above)
            )


def _explain(path: Path, message: str, data: Any, places: Places, kind: Any) -> SpecError:
    at = _AT.search(message)
    key = at["path"] if at else "$"
    what = message[: at.start()] if at else message
    named = _name_the_item(key, message, data, kind)
    if unknown := _UNKNOWN.search(what):
        where = place(path, places, f"{named}.{unknown['key']}")
        return SpecError(f"{where}: unknown key", fix=_did_you_mean(unknown["key"], key, kind))
    fix = ""
    if "Expected `str" in what and any(guess in what for guess in _SCALARS_YAML_GUESSES):
        thing = "key" if at and at["of_key"] else "value"
        fix = f"put the {thing} in quotes, so that YAML keeps it as text"
    return SpecError(f"{place(path, places, named)}: {what[0].lower()}{what[1:]}", fix=fix)


def _name_the_item(key: str, message: str, data: Any, kind: Any) -> str:
    """Give the key where msgspec only says that it is one of a mapping (``$.tags[...]``).

    It is the one that is wrong when it stands alone.
    """
    head, dots, tail = key.partition("[...]")
    if not dots:
        return key
    mapping = data
    for part in re.findall(r"[^.\[\]$]+", head):
        mapping = mapping[int(part)] if isinstance(mapping, list) else mapping[part]

    def complaint_about(name: str, value: Any) -> str:
        mapping.clear()
        mapping[name] = value
        return _complaint(data, kind)

    items = tuple(mapping.items())
    wrong = next(name for name, value in items if complaint_about(name, value) == message)
    return f"{head}.{wrong}{tail}"


def _complaint(data: Any, kind: Any) -> str:
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _did_you_mean(unknown: str, key: str, kind: Any) -> str:
    known = _keys_at(kind, re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", key))
    close = get_close_matches(unknown, known, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known keys: {', '.join(known)}"


def _keys_at(kind: Any, steps: list[tuple[str, str]]) -> list[str]:
    info = msgspec.inspect.type_info(kind)
    for name, _ in steps:
        info = _into(info, name)
    info = _struct_of(info)
    return [field.encode_name for field in info.fields]


def _into(info: Any, name: str) -> Any:
    if not name:
        return getattr(info, "item_type", None) or info.value_type
    struct = _struct_of(info)
    return next(field.type for field in struct.fields if field.encode_name == name)


def _struct_of(info: Any) -> Any:
    of = getattr(info, "types", (info,))  # those of `X | None`
    return next(one for one in of if isinstance(one, msgspec.inspect.StructType))
