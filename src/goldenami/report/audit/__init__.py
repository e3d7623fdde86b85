"""The audit's formats: one file each, all from one document."""

from collections.abc import Callable
from typing import TextIO

from goldenami.domain.audit import Audit
from goldenami.report.audit import as_csv, as_json, as_jsonl, as_table

Writer = Callable[[Audit, TextIO], None]

WRITERS: dict[str, Writer] = {
    "table": as_table.write,
    "json": as_json.write,
    "jsonl": as_jsonl.write,
    "csv": as_csv.write,
}
