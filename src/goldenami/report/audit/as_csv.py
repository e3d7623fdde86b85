"""One line a finding for spreadsheets; unread places are lines of their own, never missing."""

import csv
from functools import lru_cache
from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.report.audit.rows import COLUMNS, row, unread
from goldenami.report.terminal import clean

_FORMULA = ("=", "+", "-", "@", "\t")


def write(document: Document, out: TextIO) -> None:
    """Write a header and the lines."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in document.findings:
        writer.writerow([_text(value) for value in row(finding).values()])
    for place, why in unread(document.audit):
        columns = {
            "severity": "unread",
            "account": place.account,
            "region": place.region,
            "reason": _text(why),
        }
        writer.writerow([columns.get(column, "") for column in COLUMNS])


@lru_cache(maxsize=1024)  # most of a row is in many of them
def _text(value: str) -> str:
    """Keep a spreadsheet from taking a tag's value for a formula or another row."""
    if not value.isprintable():
        value = clean(value)  # csv does not quote a carriage return
    return f"'{value}" if value.startswith(_FORMULA) else value
