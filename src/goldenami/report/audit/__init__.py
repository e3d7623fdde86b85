"""The audit's formats: one file each, all from one document."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from goldenami.domain.audit.document import Document, FindingLine

Writer = Callable[["Document", TextIO], None]

FORMATS = (
    "table", "json", "jsonl", "csv", "markdown", "html", "sarif", "junit", "asff", "ocsf",
    "message",
)  # fmt: skip

LINES = ("csv", "jsonl")
"""The formats that have a line for each finding."""


def writer(form: str) -> Writer:
    """Return what writes a format; its module is imported only then."""
    write: Writer = import_module(f"goldenami.report.audit.as_{form}").write
    return write


def line_of(form: str) -> "FindingLine | None":
    """Return what makes the line of a finding in a format, None if it has none."""
    if form not in LINES:
        return None
    line: FindingLine = import_module(f"goldenami.report.audit.as_{form}").line
    return line
