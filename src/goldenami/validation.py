"""Plain data into frozen objects: every problem of it is found, not the first alone.

A struct's annotations are walked beside the data. What has the wrong type or breaks a constraint is
a problem, and in its place stands a value that nothing can be learned from: so the rules that look
at several keys can be asked, too, and say nothing where they would have to read it.
"""

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import msgspec
from msgspec import Struct, structs

from goldenami.constraints import UnsoundError

T = TypeVar("T")


class Problem(NamedTuple):
    """What is wrong with a key (``$.base.subnet``), and what to do about it."""

    key: str
    words: str
    fix: str = ""


Rule = Callable[[T], Iterable[Problem]]
"""Yields what is wrong across the keys of an object."""


class _Unsound:
    """Stands for a wrong value: whoever reads it learns nothing."""

    def _refuse(self, *_: object) -> NoReturn:
        raise UnsoundError

    __getattr__ = __getitem__ = __iter__ = __len__ = __contains__ = __bool__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __str__ = __format__ = __fspath__ = __truediv__ = __rtruediv__ = __add__ = __radd__ = _refuse


UNSOUND: Any = _Unsound()


def validated(data: Any, kind: type[T], rules: Iterable[Rule[T]] = ()) -> tuple[T, list[Problem]]:
    """Return the object that plain data stands for, and all that is wrong with it.

    Args:
        data: mappings, lists and scalars.
        kind: the struct that it is to be.
        rules: asked about the whole object; each as far as what it reads is sound.

    Returns:
        The object, which is whole only if there is no problem, and the problems.
    """
    problems: list[Problem] = []
    whole = _Walk(problems).value(data, kind, "$")
    for rule in rules:
        with suppress(UnsoundError):
            problems.extend(rule(whole))
    return whole, problems


class _Walk:
    """A walk through data beside the types that it is to have; it collects the problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def value(self, data: Any, hint: Any, key: str) -> Any:
        """Return the value of a type that keeps to its constraints, or ``UNSOUND``."""
        if get_origin(hint) is not Annotated:
            return self._of_type(data, hint, key)
        plain, *constraints = get_args(hint)
        value = self._of_type(data, plain, key)
        before = len(self._problems)
        for constraint in constraints if value is not UNSOUND else ():
            with suppress(UnsoundError):
                self._problems.extend(
                    Problem(f"{key}{below}", words) for below, words in constraint(value)
                )
            if len(self._problems) > before:
                return UNSOUND
        return value

    def _of_type(self, data: Any, hint: Any, key: str) -> Any:
        options = _options(hint)
        chosen = next((option for option in options if _fits(data, option)), None)
        if chosen is None:
            words = f"needs {alternatives(_needed(options))}, not {_shown(data)}"
            self._problems.append(Problem(key, words, _fix(data, options)))
            return UNSOUND
        if len(options) > 1:
            return self.value(data, chosen, key)
        if _is_struct(chosen):
            return self._struct(data, chosen, key)
        if get_origin(chosen) is tuple:
            item = get_args(chosen)[0]
            return tuple(
                self.value(element, item, f"{key}[{index}]") for index, element in enumerate(data)
            )
        if get_origin(chosen) is dict:
            return self._mapping(data, get_args(chosen)[1], key)
        return data if chosen is Any else msgspec.convert(data, chosen)

    def _mapping(self, data: dict[Any, Any], hint: Any, key: str) -> dict[str, Any]:
        values = {}
        for name, value in data.items():
            if isinstance(name, str):
                values[name] = self.value(value, hint, f"{key}.{name}")
            else:
                words = f"needs text for its key, not {_shown(name)}"
                self._problems.append(Problem(f"{key}.{name}", words, _quotes("key")))
        return values

    def _struct(self, data: dict[Any, Any], kind: type[Struct], key: str) -> Struct:
        refused: Mapping[str, str] = getattr(kind, "refused_keys", {})
        fields = {name: field for name, field in _fields(kind).items() if name not in refused}
        misspelt = {
            self._unknown(f"{key}.{name}", name, fields, refused)
            for name in data
            if name not in fields
        }
        values = {}
        for name, field in fields.items():
            if name in data and _is_default(data[name], field):
                values[field.name] = data[name]
            elif name in data:
                values[field.name] = self.value(data[name], field.type, f"{key}.{name}")
            elif field.required or name in misspelt:
                values[field.name] = UNSOUND
                if name not in misspelt:
                    self._problems.append(Problem(f"{key}.{name}", "is missing"))
        return kind(**values)

    def _unknown(
        self, key: str, name: object, known: Iterable[str], refused: Mapping[str, str]
    ) -> str:
        """Refuse a key; return the one that was meant, empty if none resembles it."""
        if name in refused:
            self._problems.append(Problem(key, refused[str(name)]))
            return ""
        close = closest(str(name), known)
        fix = f"did you mean `{close}`?" if close else f"known keys: {', '.join(known)}"
        self._problems.append(Problem(key, "unknown key", fix))
        return close


@cache
def _fields(kind: type[Struct]) -> dict[str, structs.FieldInfo]:
    return {field.encode_name: field for field in structs.fields(kind)}


def _is_default(data: Any, field: structs.FieldInfo) -> bool:
    """Tell whether a key is given what it has without being given; that is always right."""
    return type(data) is type(field.default) and data == field.default


@cache
def _options(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the type that is none."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)


def _fits(data: Any, option: Any) -> bool:
    hint = _plain(option)
    if _is_struct(hint) or get_origin(hint) is dict:
        return isinstance(data, dict)
    if get_origin(hint) is tuple:
        return isinstance(data, list | tuple)
    try:
        msgspec.convert(data, hint)
    except msgspec.ValidationError:
        return False
    return True


_NEEDED: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    tuple: "a list",
    dict: "a mapping (`key: value`)",
    date: "a day, such as 2026-12-31",
}


def _needed(options: Iterable[Any]) -> Iterator[str]:
    for hint in map(_plain, options):
        if get_origin(hint) is Literal:
            yield from (f"`{value}`" for value in get_args(hint))
        elif isinstance(hint, type) and issubclass(hint, StrEnum):
            yield from (f"`{value}`" for value in hint)  # those of a StrEnum are their texts
        elif hint is bool:
            yield from ("`true`", "`false`")
        elif hint is not types.NoneType:
            yield _NEEDED[dict if _is_struct(hint) else get_origin(hint) or hint]


def alternatives(several: Iterable[str]) -> str:
    """Return things of which one is needed, as a phrase: ``a, b or c``."""
    *first, last = several
    return f"{', '.join(first)} or {last}" if first else last


def _shown(data: Any) -> str:
    match data:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case bool():
            return f"`{str(data).lower()}`"
        case int() | float():
            return f"the number {data}"
        case date():
            return f"the day {data}"
    return f"`{data}`"


def _fix(data: Any, options: Iterable[Any]) -> str:
    """Return what to do where YAML took a text for something else, or a word is misspelt."""
    hints = [_plain(option) for option in options]
    if str in hints and not isinstance(data, str | dict | list):
        return _quotes("value")
    if not isinstance(data, str):
        return ""
    values = [words.strip("`") for words in _needed(options) if words.startswith("`")]
    close = closest(data, values, 0.7)
    return f"did you mean `{close}`?" if close else ""


def _quotes(thing: str) -> str:
    return f"put the {thing} in quotes, so that YAML keeps it as text"


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known word that was probably meant, empty if none resembles it."""
    return next(iter(get_close_matches(word, known, 1, cutoff)), "")
