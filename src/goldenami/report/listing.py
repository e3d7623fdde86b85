"""Lists of things: a table for people, a versioned document for programs."""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from goldenami.report.terminal import say, table


def write(
    schema: str,
    items: Sequence[msgspec.Struct],
    form: Literal["table", "json"],
    *,
    columns: Sequence[str],
) -> None:
    """Write items to stdout.

    Args:
        schema: name and version of the document, ``goldenami.images/v1``.
        items: structs of one kind.
        form: ``table`` or ``json``.
        columns: the attributes a table shows.
    """
    if form == "json":
        data = msgspec.json.encode({"schema": schema, "items": items})
        sys.stdout.write(msgspec.json.format(data, indent=2).decode() + "\n")
        return
    table(columns, [[_cell(getattr(item, column)) for column in columns] for item in items])
    if not items:
        say("none found")


def _cell(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(value)
    return str(value)
