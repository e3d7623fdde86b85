"""The audit as Markdown: for a pull request, a ticket, or a job's summary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.report.audit.as_table import summary
from goldenami.report.audit.rows import image_row, row, unread, worst
from goldenami.report.terminal import clean

EXAMPLES = 200
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#~"})


def write(document: Document, out: TextIO) -> None:
    """Write the summary, the images, the rules with their fixes, and the first findings."""
    audit = document.audit
    out.write(f"# Golden AMI audit of {audit.at:%Y-%m-%d %H:%M} UTC\n\n")
    out.writelines(f"- {_text(line)}\n" for line in summary(audit))
    if audit.unread:
        out.write("\n## Not read\n\n")
        out.writelines(f"- {place.where}: {_text(why)}\n" for place, why in unread(audit))
    broken = [image_row(use) for use in audit.images if use.worst]
    if broken:
        out.write("\n## Images with findings\n\n")
        columns = [column for column in broken[0] if column != "owner"]
        _table(out, columns, broken)
    if audit.rules:
        out.write("\n## What to do\n\n")
        for rule in audit.rules:
            out.write(f"- **{rule.id}** ({rule.findings}, {rule.severity.value}): ")
            out.write(f"{_text(rule.title)}. Fix: {_text(rule.fix)}\n")
    _findings(document, out)


def _findings(document: Document, out: TextIO) -> None:
    shown = worst(document.findings, EXAMPLES)
    if not shown:
        return
    out.write("\n## Findings\n\n")
    rows = (row(finding) | {"what": finding.subject.id} for finding in shown)
    columns = ("severity", "rule", "account", "region", "what", "name", "reason")
    _table(out, columns, rows)
    rest = document.audit.open_findings - len(shown)
    if rest > 0:
        out.write(f"\n… and {rest} more.\n")


def _table(out: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    cells = ([row[column] for column in columns] for row in rows)
    lines = (columns, ["---"] * len(columns), *cells)
    out.writelines(f"| {' | '.join(_text(str(cell)) for cell in line)} |\n" for line in lines)


def _text(text: str) -> str:
    """Keep a tag's value from becoming markup, a link or another cell."""
    return clean(text).replace("\n", " ").replace("\t", " ").translate(_SPECIAL)
