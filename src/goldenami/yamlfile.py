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

_AT = re.compile(r" - at `(?:key in )?(?P<path>[^`]*)`$")
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
        known = re.sub(r"(\.[^.\[]*|\[[^\]]*\])$", "", known)
    name = key.removeprefix("$").removeprefix(".")
    line = f":{places[known]}" if known in places else ""
    return f"{path}{line}: {name}" if name else f"{path}{line}"


def _parse(path: Path, text: str) -> tuple[Any, Places]:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise SpecError(f"{path}: the file is empty", fix="`goldenami init` writes an example")
        places = dict(_places(path, node, "$", set()))
        return loader.construct_document(node), places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SpecError(f"{path}{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SpecError(f"{path}: not YAML: {error}") from error
    finally:
        loader.dispose()


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
    if unknown := _UNKNOWN.search(what):
        where = place(path, places, f"{key}.{unknown['key']}")
        return SpecError(f"{where}: unknown key", fix=_did_you_mean(unknown["key"], key, kind))
    key = _name_the_item(key, data)
    fix = ""
    if "Expected `str" in what and any(guess in what for guess in _SCALARS_YAML_GUESSES):
        fix = "put the value in quotes, so that YAML keeps it as text"
    return SpecError(f"{place(path, places, key)}: {what[0].lower()}{what[1:]}", fix=fix)


def _name_the_item(key: str, data: Any) -> str:
    """Give the key where msgspec only says that it is one of a mapping (``$.tags[...]``)."""
    head, dots, _ = key.partition("[...]")
    if not dots:
        return key
    for part in re.findall(r"[^.\[\]$]+", head):
        data = data[int(part)] if isinstance(data, list) else data[part]
    wrong = (name for name, value in data.items() if not isinstance(value, str | dict))
    return f"{head}.{next(wrong, next(iter(data)))}"


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
    for one in getattr(info, "types", (info,)):
        if isinstance(one, msgspec.inspect.StructType):
            return one
    return info
