"""The JSON Schema of the users' files, made from the types that they are read as: for editors.

It refuses nothing that goldenami takes. What takes several keys, or a look at another file, only
`goldenami check` can tell.

https://json-schema.org/draft/2020-12
"""

import re
import types
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct, structs

from goldenami import files
from goldenami.errors import SpecError
from goldenami.spec import descriptions
from goldenami.spec.kinds import KINDS, FileKind
from goldenami.validation import Problem

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = ".goldenami"
"""Where the schemas lie that editors take for the files beside it."""
_LINE = re.compile(rb"^# yaml-language-server: \$schema=(\S+)[ \t]*\r?$", re.MULTILINE)
_PLAIN: Final[Mapping[Any, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    date: {"type": "string", "format": "date"},
    Any: {},
}
_OF_TYPE: Final = {"maxItems": "array", "maxLength": "string"}
"""What is said of values of one type alone."""


def of(kind: FileKind) -> Schema:
    """Return the JSON Schema of a kind of file."""
    parts: dict[str, Schema] = {}
    whole = _struct(kind.type, parts)
    parts.pop(kind.type.__name__, None)
    return {"$schema": DIALECT, "title": kind.schema, **whole, "$defs": dict(sorted(parts.items()))}


def text(kind: FileKind) -> str:
    """Return the JSON Schema of a kind of file, as it is printed."""
    return msgspec.json.format(msgspec.json.encode(of(kind)), indent=2).decode() + "\n"


def file_of(kind: FileKind) -> Path:
    """Return where the schema of a kind of file lies, from the folder of such a file."""
    return Path(FOLDER, f"{kind.name}.schema.json")


def line(kind: FileKind) -> str:
    """Return the comment by which editors find the schema of a file."""
    return f"# yaml-language-server: $schema={file_of(kind)}\n"


def stale(path: Path, kind: type[Any], content: bytes) -> Problem | None:
    """Tell whether a file's editor goes by another schema than what goldenami reads it by.

    A schema that an address names is not looked at.

    Args:
        path: the file.
        kind: what it is read as.
        content: its bytes, of which a comment may name the schema.
    """
    named = _LINE.search(content)
    if named is None or b"://" in named[1]:
        return None
    known = next(each for each in KINDS if each.type is kind)
    schema = path.parent / named[1].decode(errors="replace")
    fix = f"goldenami schema {known.name} > {schema}"
    try:
        same = files.read_text(schema) == text(known)
    except SpecError as error:
        return Problem("$", f"the schema that editors are told of: {error.message}", fix)
    words = f"{schema} is not the schema of this goldenami, so that editors say something else"
    return None if same else Problem("$", words, fix)


def _of(hint: Any, parts: dict[str, Schema]) -> Schema:
    """Return the schema of a type; ``parts`` takes those of the structs in it."""
    origin = get_origin(hint)
    if origin is Annotated:
        plain, *constraints = get_args(hint)
        return _constrained(_of(plain, parts), constraints)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(option, parts) for option in get_args(hint)]}
    if origin is Literal:
        return {"enum": [*get_args(hint)]}
    if origin is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0], parts)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(get_args(hint)[1], parts)}
    if isinstance(hint, type) and issubclass(hint, Struct):
        if hint.__name__ not in parts:
            parts[hint.__name__] = {}  # it may have parts of its own kind
            parts[hint.__name__] = _struct(hint, parts)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [*hint]}
    return dict(_PLAIN[hint])


def _constrained(schema: Schema, constraints: list[Any]) -> Schema:
    """Return a schema with what its constraints say; one that says the same key twice says both."""
    for constraint in constraints:
        own = {
            key: value
            for key, value in getattr(constraint, "schema", {}).items()
            if schema.get("type") == _OF_TYPE.get(key, schema.get("type"))
        }
        twice = own.keys() & schema.keys()
        schema = {"allOf": [schema, own]} if twice else {**schema, **own}
    return schema


def _struct(kind: type[Struct], parts: dict[str, Schema]) -> Schema:
    described = descriptions.of(kind)
    fields = {
        field.encode_name: field
        for field in structs.fields(kind)
        if field.encode_name not in getattr(kind, "refused_keys", {})
    }
    return {
        "type": "object",
        "description": _plain(descriptions.summary(kind)),
        "properties": {
            name: {**_field(field, parts), "description": _plain(described[name])}
            for name, field in fields.items()
        },
        "required": [name for name, field in fields.items() if field.required],
        "additionalProperties": False,
    }


def _field(field: structs.FieldInfo, parts: dict[str, Schema]) -> Schema:
    """Return the schema of a key, which may be given what it has without being given."""
    schema = _of(field.type, parts)
    default = field.default
    if default is NODEFAULT or not isinstance(default, str | int | bool):
        return schema
    if default == "":
        return {"anyOf": [{"const": ""}, schema]} if schema.keys() - {"type"} else schema
    return {**schema, "default": default}


def _plain(words: str) -> str:
    return words.replace("``", "`")
