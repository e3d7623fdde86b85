"""One line a finding for spreadsheets; unread regions are lines of their own, never missing."""

import csv
from typing import TextIO

from goldenami.domain.audit import Audit
from goldenami.report.audit.rows import COLUMNS, row
from goldenami.report.terminal import clean

_FORMULA = ("=", "+", "-", "@", "\t")


def write(audit: Audit, out: TextIO) -> None:
    """Write a header and the lines."""
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for finding in audit.findings:
        writer.writerow({column: _text(value) for column, value in row(finding).items()})
    for region in audit.unread:
        writer.writerow(
            {"severity": "unread", "region": region.region, "reason": _text(region.unread)}
        )


def _text(value: str) -> str:
    """Keep a spreadsheet from taking a tag's value for a formula or another row."""
    value = clean(value)  # csv does not quote a carriage return
    return f"'{value}" if value.startswith(_FORMULA) else value
