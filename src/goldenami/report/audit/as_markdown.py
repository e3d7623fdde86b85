"""The audit as Markdown: for a pull request, a ticket, or a job's summary."""

from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.report.audit.as_table import summary
from goldenami.report.audit.rows import worst
from goldenami.report.terminal import clean

EXAMPLES = 200
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#"})


def write(document: Document, out: TextIO) -> None:
    """Write the summary, the images, the rules with their fixes, and the first findings."""
    audit = document.audit
    out.write(f"# Golden AMI audit of {audit.at:%Y-%m-%d %H:%M} UTC\n\n")
    out.writelines(f"- {_text(line)}\n" for line in summary(audit))
    if audit.unread:
        out.write("\n## Not read\n\n")
        for place in audit.unread:
            out.writelines(f"- {place.where}: {_text(why)}\n" for why in place.unread)
    broken = [use for use in audit.images if use.worst]
    if broken:
        out.write("\n## Images with findings\n\n")
        _row(out, "severity", "image", "name", "region", "instances", "launches", "findings")
        _row(out, *["---"] * 7)
        for use in broken:
            what = ", ".join(f"{rule} {count}" for rule, count in use.findings.items())
            worst = use.worst.value if use.worst else ""
            _row(
                out, worst, use.image.id, use.image.name, use.region, use.instances,
                use.subjects - use.instances, what,
            )  # fmt: skip
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
    _row(out, "severity", "rule", "account", "region", "what", "name", "reason")
    _row(out, *["---"] * 7)
    for finding in shown:
        subject = finding.subject
        _row(
            out, finding.severity.value, finding.rule, subject.account, subject.region, subject.id,
            subject.name, finding.reason,
        )  # fmt: skip
    rest = document.audit.open_findings - len(shown)
    if rest > 0:
        out.write(f"\n… and {rest} more.\n")


def _row(out: TextIO, *cells: object) -> None:
    out.write("| " + " | ".join(_text(str(cell)) for cell in cells) + " |\n")


def _text(text: str) -> str:
    """Keep a tag's value from becoming markup, a link or another cell."""
    return clean(text).replace("\n", " ").replace("\t", " ").translate(_SPECIAL)
