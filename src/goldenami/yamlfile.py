"""YAML files into frozen objects, with errors that name file, line and key."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import Struct

from goldenami import files
from goldenami.errors import SpecError

T = TypeVar("T")
Places = Mapping[str, int]
"""Line by key path: ``$.base.volumes[0].size_gib`` -> 12."""

MAX_VALUES = 50_000
"""Of a file, with aliases written out; a waiver takes about a dozen."""
MAX_DEPTH = 50
MAX_KEY = 1_000
"""Characters of a key with all that it is within."""
MAX_DIGITS = 64
EXPLAINED_CHARACTERS = 64 * 1024
"""Of a file that PyYAML, thirty times slower, may read for the sake of its words."""

_TAG = "tag:yaml.org,2002:"
_NUMBERS = (f"{_TAG}int", f"{_TAG}float")
_RARE = tuple(f"{_TAG}{kind}" for kind in ("binary", "omap", "pairs", "set"))
_AT = re.compile(r" - at (?P<of_key>`key` in )?`(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")
_SCALARS_YAML_GUESSES = ("`int`", "`float`", "`bool`", "`date`", "`datetime`", "`null`")


def load(path: Path, kind: type[T]) -> tuple[T, Places]:
    """Read a YAML file as one object of ``kind``, strictly.

    Returns:
        The object, and the line of every key in the file.

    Raises:
        SpecError: unreadable, no YAML, a key twice, an unknown key, a wrong type.
    """
    return parsed(path, files.read_bytes(path), kind)


def parsed(path: Path, content: bytes, kind: type[T]) -> tuple[T, Places]:
    """Return the content of a YAML file, as :func:`load` does.

    Raises:
        SpecError: as there.
    """
    data, places = _parse(path, files.decoded(content, path))
    try:
        return msgspec.convert(data, kind), places
    except msgspec.ValidationError as error:
        raise _explain(path, str(error), data, places, kind) from error


def schema(path: Path, content: bytes) -> str:
    """Return what a YAML file says that it is: its ``schema``, empty if it says none.

    Raises:
        SpecError: it is no YAML.
    """
    data, _ = _parse(path, files.decoded(content, path))
    return str(data.get("schema", "")) if isinstance(data, dict) else ""


def place(path: Path, places: Places, key: str) -> str:
    """Say where a key stands: ``release.yaml:12: base.volumes[0].size_gib``."""
    known = key
    while known not in places and known != "$":
        known = known[: max(known.rfind("."), known.rfind("["))]
    name = key.removeprefix("$").removeprefix(".")
    line = f":{places[known]}" if known in places else ""
    return f"{path}{line}: {name}" if name else f"{path}{line}"


class _Loader(yaml.SafeLoader):
    """Knows the place of what looks like a date or a number and is none (``2026-02-30``)."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            _refuse_odd(node)
            value = super().construct_object(node, deep)
            _refuse_unwritable(value)
        except ValueError as error:
            raise _no_value(node, str(error)) from error
        except (ArithmeticError, AttributeError, LookupError) as error:
            raise _no_value(node, f"no value of {node.tag}") from error
        return value


def _no_value(node: yaml.Node, why: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, why, node.start_mark)


def _refuse_odd(node: yaml.Node) -> None:
    if node.tag in _RARE:
        raise ValueError(f"a value of the kind {node.tag} has no use here")
    if node.tag in _NUMBERS and len(node.value) > MAX_DIGITS:
        raise ValueError(f"a number of {len(node.value):,} characters")


def _refuse_unwritable(value: object) -> None:
    """Refuse a number that JSON readers do not agree on, and half a character."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("a number of more than 64 bits")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"half a character: U+{ord(value[error.start]):04X}") from error


def _parse(path: Path, text: str) -> tuple[Any, Places]:
    try:
        yaml.reader.Reader(text)  # refuses characters that YAML has not
        node = _composed(path, text)
        if node is None:
            raise SpecError(f"{path}: the file is empty", fix="`goldenami init` writes an example")
        places = _places(path, node)
        return _Loader("").construct_document(node), places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SpecError(f"{path}{line}: not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = f":{text.count(chr(10), 0, error.position) + 1}"
        raise SpecError(f"{path}{line}: not YAML: it holds U+{error.character:04X}") from error


def _composed(path: Path, text: str) -> yaml.Node | None:
    """Compose a document whose size is known: libyaml is quick, PyYAML has the better words."""
    if yaml.__with_libyaml__:
        try:
            return _compose(path, text, yaml.CSafeLoader)
        except yaml.MarkedYAMLError:
            if len(text) > EXPLAINED_CHARACTERS:
                raise
    return _compose(path, text, _Loader)


def _compose(path: Path, text: str, loader: Any) -> yaml.Node | None:
    _refuse_large(path, yaml.parse(text, loader))
    node: yaml.Node | None = yaml.compose(text, loader)
    return node


class _Collection(Struct):
    """A list or a mapping that is being read: how much is in it once aliases are written out."""

    anchor: str | None
    values: int = 1
    levels: int = 1


def _refuse_large(path: Path, events: Iterable[yaml.Event]) -> None:
    """Refuse a document before anything is made of it; what an alias stands for counts each time.

    Of each anchor only the size is kept, so that no alias is followed twice.
    """
    above: list[_Collection] = []
    anchored: dict[str | None, _Collection] = {}
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            above.append(_Collection(event.anchor))
            ended = _Collection(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = above.pop()
            anchored[ended.anchor] = ended
        elif isinstance(event, yaml.AliasEvent):
            ended = anchored.get(event.anchor, _Collection(None, levels=0))
        else:
            ended = _Collection(None, levels=0)
        if len(above) + ended.levels > MAX_DEPTH:
            raise SpecError(f"{path}: nested too deeply: more than {MAX_DEPTH} levels")
        if not above or isinstance(event, yaml.CollectionStartEvent):
            continue
        holder = above[-1]
        holder.values += ended.values
        holder.levels = max(holder.levels, ended.levels + 1)
        if holder.values > MAX_VALUES:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise SpecError(
                f"{path}:{line}: more than {MAX_VALUES:,} values, with aliases written out",
                fix="divide the file, or write fewer aliases",
            )


def _places(path: Path, root: yaml.Node) -> Places:
    places: dict[str, int] = {}
    above: set[int] = set()

    def note(node: yaml.Node, key: str, after: int) -> None:
        line = node.start_mark.line + 1
        if id(node) in above:
            raise SpecError(f"{path}:{line}: an alias that contains itself")
        if len(key) > MAX_KEY:
            raise SpecError(f"{path}:{line}: a key of more than {MAX_KEY:,} characters")
        places[key] = max(line, after)
        above.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                note(item, f"{key}[{index}]", after)
        elif isinstance(node, yaml.MappingNode):
            for name, at, value in _keys(path, node):
                note(value, f"{key}.{name}", max(at, after))
        above.discard(id(node))

    note(root, "$", 0)
    return places


def _keys(path: Path, node: yaml.MappingNode) -> Iterator[tuple[str, int, yaml.Node]]:
    """Yield the keys of a mapping, each with its line and its value."""
    seen: dict[str, int] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise SpecError(f"{path}:{line}: a list or a mapping cannot be a key")
        if name.value in seen:
            raise SpecError(
                f"{path}:{line}: `{name.value}` is given twice (first in line {seen[name.value]})",
                fix="keep one of them",
            )
        seen[name.value] = line
        yield name.value, line, value


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

    It is the last of the fewest items that are wrong in this way.
    """
    head, dots, tail = key.partition("[...]")
    if not dots:
        return key
    mapping = data
    for part in re.findall(r"[^.\[\]$]+", head):
        mapping = mapping[int(part)] if isinstance(mapping, list) else mapping[part]

    items = tuple(mapping.items())

    def complains(count: int) -> bool:
        mapping.clear()
        mapping.update(items[:count])
        return _complaint(data, kind) == message

    wrong = bisect_left(range(len(items)), True, key=lambda index: complains(index + 1))
    return f"{head}.{items[wrong][0]}{tail}"


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
