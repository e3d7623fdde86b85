"""One JSON line a finding, then one for each unread place, and a summary line at the end."""

from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.domain.audit.finding import Finding
from goldenami.report.audit.items import text_of_line, write_findings, write_line
from goldenami.report.audit.rows import row, unread
from goldenami.report.listing import fields

_SUMMARY = (
    "schema", "at", "account", "complete", "subjects", "instances", "compliant", "without_image",
)  # fmt: skip


def line(finding: Finding) -> str:
    """Return the line of a finding."""
    return text_of_line({"line": "finding", **row(finding)})


def write(document: Document, out: TextIO) -> None:
    """Write the lines; each has a ``line``: finding, unread or summary."""
    audit = document.audit
    write_findings(out, document, line)
    for place, why in unread(audit):
        where = {"account": place.account, "region": place.region}
        write_line(out, {"line": "unread", **where, "reason": why})
    summary = {
        "line": "summary",
        **fields(audit, _SUMMARY),
        "findings": audit.open_findings,
        "waived": audit.waived_findings,
    }
    write_line(out, summary)
