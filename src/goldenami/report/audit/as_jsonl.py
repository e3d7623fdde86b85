"""One JSON line a finding, then one for each unread region, and a summary line at the end."""

from typing import TextIO

import msgspec

from goldenami.domain.audit import Audit
from goldenami.report.audit.rows import row


def write(audit: Audit, out: TextIO) -> None:
    """Write the lines; each has a ``kind``: finding, unread or summary."""
    for finding in audit.findings:
        _line(out, {"kind": "finding", **row(finding)})
    for region in audit.unread:
        _line(out, {"kind": "unread", "region": region.region, "reason": region.unread})
    _line(
        out,
        {
            "kind": "summary",
            "schema": audit.schema,
            "at": audit.at,
            "account": audit.account,
            "complete": audit.complete,
            "instances": audit.instances,
            "compliant": audit.compliant,
            "findings": len(audit.findings),
            "waived": len(audit.waived),
        },
    )


def _line(out: TextIO, data: dict[str, object]) -> None:
    out.write(msgspec.json.encode(data).decode() + "\n")
