"""Lists of things: a table for people, a versioned document for programs."""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from goldenami.report.terminal import say, table


def write_document(schema: str, **parts: object) -> None:
    """Write a document to stdout: what it is, ``goldenami.plan/v1``, and what it has."""
    write_json({"schema": schema, **parts})


def write_json(data: object) -> None:
    """Write JSON to stdout."""
    encoded = msgspec.json.encode(data)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def fields(item: object, names: Sequence[str]) -> dict[str, Any]:
    """Return attributes of a thing by their names, as a row or a part of a document."""
    return {name: getattr(item, name) for name in names}


def write(
    schema: str,
    items: Sequence[msgspec.Struct],
    form: Literal["table", "json"],
    *,
    columns: Sequence[str],
    sentences: Sequence[str] = (),
    spare: Sequence[str] | None = None,
) -> None:
    """Write items to stdout; that there are none is no table, but a word on stderr.

    Args:
        schema: name and version of the document, ``goldenami.images/v1``.
        items: structs of one kind.
        form: ``table`` or ``json``.
        columns: the attributes a table shows.
        sentences: those of them that a narrow terminal may break between two words.
        spare: those that it may leave out, first what is missed least: see `table`.
    """
    if form == "json":
        write_document(schema, items=items)
        return
    if not items:
        say("none found")
        return
    rows = [map(_cell, fields(item, columns).values()) for item in items]
    table(columns, rows, sentences=sentences, spare=spare)


def _cell(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(value)
    return str(value)
