"""The audit's document itself (``goldenami.audit/v1``), never all of it in memory."""

from collections.abc import Iterable
from typing import TextIO

import msgspec

from goldenami.domain.audit.document import Document

_encode = msgspec.json.Encoder().encode


def write(document: Document, out: TextIO) -> None:
    """Write the document as JSON: its head indented, a line for each finding."""
    head = msgspec.json.format(_encode(document.audit), indent=2).decode()
    out.write(head.removesuffix("\n}"))
    _list(out, "findings", document.findings)
    _list(out, "waived", document.waived)
    out.write("\n}\n")


def _list(out: TextIO, name: str, items: Iterable[object]) -> None:
    out.write(f',\n  "{name}": [')
    separator = "\n    "
    for item in items:
        out.write(separator + _encode(item).decode())
        separator = ",\n    "
    out.write("]" if separator == "\n    " else "\n  ]")
