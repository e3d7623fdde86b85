"""Values as HCL expressions, laid out as `terraform fmt` leaves them.

https://developer.hashicorp.com/terraform/language/expressions/strings
https://developer.hashicorp.com/terraform/language/style
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

INDENT = "  "
WIDTH = 100
"""Characters up to which a list stays on one line."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEYWORDS = {"else", "endfor", "endif", "false", "for", "if", "in", "null", "true"}
_CONTROL = re.compile(r"[^\n\t -~\u00a0-\U0010ffff]|[\u2028\u2029\ufeff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINING = {"Cf", "Mc", "Me", "Mn"}
_JOINING_TOO = re.compile(
    "[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\uff9e\uff9f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)
"""Syllables' parts, flags and shades, which are letters and symbols by their category."""


class Expression(Struct, frozen=True):
    """HCL that is written as it is, such as ``aws_instance.base.id``, but for its indentation."""

    text: str


class FunctionCall(Struct, frozen=True):
    """A function of Terraform with one value, such as ``jsonencode({…})``."""

    function: str
    argument: Any


class Text(Struct, frozen=True):
    """A text of several lines, written as a heredoc where that says exactly the same."""

    text: str


class JsonText(Struct, frozen=True):
    """A value as JSON text in a heredoc, in ASCII alone; it may hold expressions."""

    value: Any


def jsonencode(value: Any) -> FunctionCall | JsonText:
    """Return a value as JSON text; it may hold expressions.

    IAM takes no characters beyond Latin-1, and Terraform's function escapes none.
    """
    if all(text.isascii() for text in _texts(value)):
        return FunctionCall("jsonencode", value)
    return JsonText(value)


def expression(value: Any, indent: str = "") -> str:
    """Return a value as HCL; its further lines begin with ``indent``.

    Args:
        value: a text, number, truth value, None, list or mapping, or one of the types here.
        indent: what the line that it stands in begins with.
    """
    match value:
        case Expression(text):
            return text.replace("\n", f"\n{indent}")
        case FunctionCall(function, argument):
            return f"{function}({expression(argument, indent)})"
        case Text(text):
            return _heredoc(text, indent)
        case JsonText(json_value):
            return _json_heredoc(json_value, indent)
        case bool() | None | int() | float():
            return json.dumps(value)
        case str():
            return quoted(value)
        case Mapping():
            return _object(value, indent)
        case Sequence():
            return _list(value, indent)
    raise TypeError(f"HCL has no {type(value).__name__}")


def quoted(text: str) -> str:
    """Return a text as a quoted template in which nothing is filled in."""
    return f'"{_literal("".join(map(_escaped, text)))}"'


def attributes(values: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return the lines of a block's arguments: those of one line aligned, others set apart.

    What is None is left out.
    """
    groups: list[list[tuple[str, str]]] = [[]]
    for name, value in values.items():
        if value is None:
            continue
        written = expression(value, indent)
        if "\n" in written:
            groups += [[(name, written)], []]
        else:
            groups[-1].append((name, written))
    lines: list[str] = []
    for group in filter(None, groups):
        lines += ["", *aligned(group, indent)] if lines else aligned(group, indent)
    return lines


def aligned(pairs: Iterable[tuple[str, str]], indent: str) -> list[str]:
    """Return a line for each name and its expression; those without a further line are aligned."""
    lines: list[str] = []
    chain: list[tuple[str, str]] = []

    def close() -> None:
        width = max((len(name) for name, _ in chain), default=0)
        lines.extend(f"{indent}{name}{' ' * (width - len(name))} = {it}" for name, it in chain)
        chain.clear()

    for name, written in pairs:
        if "\n" in written and not written.startswith("<<"):
            close()
            lines.append(f"{indent}{name} = {written}")
        else:
            chain.append((name, written))
    close()
    return lines


def _object(values: Mapping[str, Any], indent: str) -> str:
    if not values:
        return "{}"
    inner = indent + INDENT
    pairs = [(_key(str(key)), expression(value, inner)) for key, value in values.items()]
    return "\n".join(["{", *aligned(pairs, inner), f"{indent}}}"])


def _list(values: Sequence[Any], indent: str) -> str:
    inner = indent + INDENT
    items = [expression(value, inner) for value in values]
    line = f"[{', '.join(items)}]"
    if not items or (len(items) == 1 and len(line) <= WIDTH and "\n" not in line):
        return line
    if "\n" not in line and len(indent + line) <= WIDTH:
        return line
    return "\n".join(["[", *(f"{inner}{item}," for item in items), f"{indent}]"])


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) and name not in _KEYWORDS else quoted(name)


def _heredoc(text: str, indent: str) -> str:
    """Return an indented heredoc, or a quoted text where that would say something else.

    Terraform takes away the indentation that all lines but blank ones share, so that one of them
    has to begin at the margin.
    """
    lines = text.removesuffix("\n").split("\n")
    at_margin = any(line and not line[0].isspace() for line in lines)
    joins = any(_joins(line.lstrip()[0]) for line in lines if line.strip())
    if not text.endswith("\n") or _CONTROL.search(text) or joins or not at_margin:
        return quoted(text)
    bare = {line.strip() for line in lines}
    names = ("EOT", *(f"EOT_{number}" for number in range(1, len(lines) + 2)))
    name = next(name for name in names if name not in bare)
    inner = indent + INDENT
    shifted = (f"{inner}{_literal(line)}" if line.strip() else line for line in lines)
    return "\n".join([f"<<-{name}", *shifted, f"{indent}{name}"])


def _json_heredoc(value: Any, indent: str) -> str:
    """Return a heredoc of JSON in which each expression is filled in as JSON, too."""
    filled: dict[str, str] = {}

    def default(each: object) -> str:
        mark = f"@expression {len(filled)}@"
        filled[f'"{mark}"'] = f"${{jsonencode({expression(each)})}}"
        return mark

    text = _literal(json.dumps(value, indent=2, default=default))
    for mark, written in filled.items():
        text = text.replace(mark, written)
    inner = indent + INDENT
    return "\n".join(["<<-JSON", *(inner + line for line in text.splitlines()), f"{indent}JSON"])


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for key, each in value.items():
                yield from (str(key), *_texts(each))
        case list() | tuple():
            for each in value:
                yield from _texts(each)


def _literal(text: str) -> str:
    """Keep HCL from filling in what it would take for a template."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _escaped(character: str) -> str:
    r"""Return a character as it stands in quotes.

    Terraform reads and aligns by what is seen as one character: after ``\n`` it takes an accent for
    a part of the ``n``.
    """
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not (_CONTROL.match(character) or _joins(character)):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _joins(character: str) -> bool:
    """Tell whether a character is seen as one with what is beside it."""
    return unicodedata.category(character) in _JOINING or bool(_JOINING_TOO.match(character))
