"""One JSON line a finding, then one for each unread place, and a summary line at the end."""

from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.report.audit.items import write_line, write_lines
from goldenami.report.audit.rows import row, unread
from goldenami.report.listing import fields

_SUMMARY = (
    "schema", "at", "account", "complete", "subjects", "instances", "compliant", "without_image",
)  # fmt: skip


def write(document: Document, out: TextIO) -> None:
    """Write the lines; each has a ``line``: finding, unread or summary."""
    audit = document.audit
    write_lines(out, ({"line": "finding", **row(finding)} for finding in document.findings))
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
