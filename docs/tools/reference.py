"""The reference, made of the code: a page for each command, and for each file that users write."""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import NODEFAULT
from typer.main import get_command

from goldenami.cli.command import CommandParameter
from goldenami.cli.root import app
from goldenami.spec import json_schema
from goldenami.spec.kinds import KINDS, FileKind

FOLDER = "reference"
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")
_TITLES = {
    "release": ("Release file", "What one golden image is, and where it goes."),
    "enforce": ("Enforcement file", "Who is bound to golden images in an account, and how."),
    "waivers": ("Waivers file", "The findings of an audit that somebody accepts for a while."),
}


def pages() -> dict[str, str]:
    """Return the Markdown of each page, by its path among the docs, in the order of the menu."""
    commands = dict(_commands(get_command(app)))
    made = {f"{FOLDER}/commands/index.md": _list(commands)}
    made |= {
        f"{FOLDER}/commands/{_file(name)}": _command(name, each) for name, each in commands.items()
    }
    return made | {f"{FOLDER}/{kind.name}-file.md": _File(kind).page() for kind in KINDS}


def _commands(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield " ".join(path), command
    for name, child in children.items():
        yield from _commands(child, *path, name)


def _file(name: str) -> str:
    return f"{name.replace(' ', '-')}.md"


def _list(commands: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| [`goldenami {name}`]({_file(name)}) | {_cell(_paragraphs(each)[0])} |"
        for name, each in commands.items()
    )
    return f"# Commands\n\n| command | what it does |\n|---|---|\n{rows}\n"


def _paragraphs(command: Any) -> list[str]:
    """Return what its help says, the example last."""
    text = inspect.cleandoc(inspect.unwrap(command.callback).__doc__ or "")
    return [" ".join(each.split()) for each in text.split("\n\n")]


def _command(name: str, command: Any) -> str:
    *words, example = _paragraphs(command)
    if not example.startswith("Example: "):
        words, example = [*words, example], ""
    parameters: list[CommandParameter] = inspect.unwrap(command.callback).parameters
    arguments = [each for each in parameters if not each.option]
    options = [each for each in parameters if each.option]
    usage = " ".join(["goldenami", name, *map(_placeholder, arguments), "[OPTIONS]"])
    parts = [f"# goldenami {name}", *map(_cell, words), f"```text\n{usage}\n```"]
    if example:
        lines = "\n".join(f"$ {line}" for line in example.removeprefix("Example: ").split(" && "))
        parts.append(f"```console\n{lines}\n```")
    if arguments:
        rows = [(f"`{_placeholder(each).strip('[]')}`", _about(each)) for each in arguments]
        parts += ["## Arguments", _table(("argument", "what it is"), rows)]
    parts += ["## Options", _table(("option", "what it does"), [
        (", ".join(f"`{part}`" for part in each.names) + _value(each), _about(each))
        for each in options
    ])]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _placeholder(argument: CommandParameter) -> str:
    text = argument.metavar + ("…" if argument.several else "")
    return text if argument.required else f"[{text}]"


def _value(option: CommandParameter) -> str:
    """Return what an option's value is called."""
    if option.type is bool:
        return ""
    words = " ".join(f"`{choice}`" for choice in option.choices)
    return f" {words or f'`{option.metavar}`'}"


def _about(parameter: CommandParameter) -> str:
    notes = []
    if parameter.option and parameter.required:
        notes.append("needed")
    if parameter.several and "repeatable" not in parameter.shown.help:
        notes.append("repeatable")
    if parameter.default not in (NODEFAULT, None, False) and parameter.option:
        notes.append(f"default `{parameter.default}`")
    return _cell(parameter.shown.help + f" ({', '.join(notes)})" * bool(notes))


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(text: str) -> str:
    """Return a text as a cell of a table takes it: options as code, and nothing of it a tag."""
    parts = re.split(r"(`[^`]*`)", text.replace("|", r"\|"))
    return "".join(
        part if part.startswith("`") else _OPTION.sub(r"`\1`", part.replace("<", "&lt;"))
        for part in parts
    )


class _File:
    """A page for a kind of file: a section for each part of it, with a row for each key."""

    def __init__(self, kind: FileKind) -> None:
        self._kind = kind
        self._schema = json_schema.of(kind)
        self._places: dict[str, str] = {}

    def page(self) -> str:
        """Return the page."""
        title, words = _TITLES[self._kind.name]
        head = [
            f"# {title}",
            words,
            f"It begins with `schema: {self._kind.schema}`. [`goldenami check`](commands/check.md) "
            "tells what is wrong with one, and [`goldenami schema`](commands/schema.md) prints its "
            "JSON Schema for editors. A key that is not listed here is an error.",
        ]
        return "\n\n".join([*head, *self._part("", self._schema)]) + "\n"

    def _part(self, path: str, schema: dict[str, Any]) -> Iterator[str]:
        """Yield the section of a part, and those of the parts below it that have none yet."""
        inner = []
        rows = []
        for key, value in schema["properties"].items():
            name = f"{path}.{key}".removeprefix(".")
            for part in _references(value):
                if part not in self._places:
                    self._places[part] = name
                    inner.append((name, self._schema["$defs"][part]))
            need = "needed" if key in schema["required"] else _default(value)
            rows.append((f"`{key}`", self._words(value, name), need, _cell(value["description"])))
        yield f"## `{path}`" if path else "## The whole file"
        if path:
            yield _cell(schema["description"])
        yield _table(("key", "value", "without it", "what it is"), rows)
        for name, part_schema in inner:
            yield from self._part(name, part_schema)

    def _words(self, value: dict[str, Any], name: str) -> str:
        """Return what a value is, for people."""
        if "anyOf" in value:
            options = [self._words(each, name) for each in value["anyOf"] if _is_given(each)]
            return " or ".join(dict.fromkeys(options))
        if "allOf" in value:
            return self._words(value["allOf"][0], name)
        if "$ref" in value:
            place = self._places[value["$ref"].rpartition("/")[2]]
            return f"{'' if place == name else 'as '}[`{place}`](#{_anchor(place)})"
        if "enum" in value:
            return ", ".join(f"`{each}`" for each in value["enum"])
        match value.get("type"):
            case "array":
                return f"list: {self._words(value['items'], name)}"
            case "object":
                return f"mapping: {self._words(value['additionalProperties'], name)}"
            case "boolean":
                return "`true`, `false`"
            case "integer" | "number":
                return _range(value)
            case "string" if value.get("format") == "date":
                return "day"
        return _cell(value.get("title", "text"))


def _is_given(value: dict[str, Any]) -> bool:
    return value.get("type") != "null" and value.get("const") != ""


def _references(value: dict[str, Any]) -> Iterator[str]:
    """Yield the parts that a value is made of."""
    if "$ref" in value:
        yield value["$ref"].rpartition("/")[2]
    for each in (*value.get("anyOf", ()), *value.get("allOf", ())):
        yield from _references(each)
    for key in ("items", "additionalProperties"):
        if isinstance(value.get(key), dict):
            yield from _references(value[key])


def _range(value: dict[str, Any]) -> str:
    if "maximum" in value:
        return f"{value['minimum']:,} to {value['maximum']:,}"
    return f"{value['minimum']} or more" if "minimum" in value else "number"


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _anchor(path: str) -> str:
    """Return the anchor of a part's heading, as the site makes it."""
    return re.sub(r"[^\w-]", "", path)
