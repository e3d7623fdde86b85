"""The audit's formats: one file each, all from one document."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from goldenami.domain.audit.document import Document

Writer = Callable[["Document", TextIO], None]

FORMATS = (
    "table", "json", "jsonl", "csv", "markdown", "html", "sarif", "junit", "asff", "ocsf",
    "message",
)  # fmt: skip


def writer(form: str) -> Writer:
    """Return what writes a format; its module is imported only then."""
    write: Writer = import_module(f"goldenami.report.audit.as_{form}").write
    return write
