"""One line a finding for spreadsheets; unread places are lines of their own, never missing."""

import csv
from collections.abc import Hashable, Iterable
from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.domain.audit.finding import Finding
from goldenami.report.audit.items import write_findings
from goldenami.report.audit.rows import COLUMNS, row, unread
from goldenami.report.terminal import clean

_FORMULA = ("=", "+", "-", "@", "\t")

_OWN = slice(COLUMNS.index("id"), COLUMNS.index("name") + 1)
"""The columns in which findings differ that have everything else in common."""

_KEPT = 1024
"""How many different beginnings and ends of lines are kept at most."""


def line(finding: Finding) -> str:
    """Return the line of a finding."""
    return _LINES.of(finding)


def write(document: Document, out: TextIO) -> None:
    """Write a header and the lines."""
    out.write(_cells(COLUMNS) + "\n")
    write_findings(out, document, line)
    for place, why in unread(document.audit):
        columns = {
            "severity": "unread",
            "account": place.account,
            "region": place.region,
            "reason": why,
        }
        out.write(_cells(columns.get(column, "") for column in COLUMNS) + "\n")


class _Lines:
    """Makes lines of findings; what many have in common, such as their image, only once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[str, str]] = {}

    def of(self, finding: Finding) -> str:
        """Return the line of a finding."""
        subject = finding.subject
        image = subject.image
        alike = (
            finding.severity, finding.rule, finding.reason, finding.change, subject.account,
            subject.region, subject.kind, subject.state, image.id, image.name, image.owner,
            image.state,
        )  # fmt: skip
        around = self._known.get(alike)
        if around is None:
            if len(self._known) >= _KEPT:  # several threads may add one at a time
                self._known.clear()
            around = self._known[alike] = _around(finding)
        return _cells((subject.id, subject.name)).join(around)


def _around(finding: Finding) -> tuple[str, str]:
    """Return what stands before and after what is a finding's own."""
    values = [*row(finding).values()]
    return f"{_cells(values[: _OWN.start])},", f",{_cells(values[_OWN.stop :])}\n"


_LINES = _Lines()


class _Echo:
    """Hands a line back to whom a writer of CSV gives what its file says to it."""

    def write(self, line: str) -> str:
        return line


_written = csv.writer(_Echo(), lineterminator="\n").writerow


def _cells(values: Iterable[str]) -> str:
    """Return several columns as they stand in a line."""
    line: str = _written([_text(value) for value in values])
    return line[:-1]


def _text(value: str) -> str:
    """Keep a spreadsheet from taking a tag's value for a formula or another row."""
    if not value.isprintable():
        value = clean(value)  # csv does not quote a carriage return
    return f"'{value}" if value.startswith(_FORMULA) else value
