"""An audit as one message to people who are not looking: what is wrong, what is new, where.

Whatever its size, a message stays short: the worst findings and the first places that could not be
read stand in it, with the number of the others.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from goldenami.domain.audit.document import Audit, Document
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.notification import AuditTold, Notification, ToldFinding
from goldenami.errors import GoldenamiError
from goldenami.report.audit.as_table import summary
from goldenami.report.audit.rows import unread, worst
from goldenami.report.terminal import clean

FINDINGS = 10
PLACES = 20
LINE_CHARACTERS = 400


def is_news(audit: Audit) -> bool:
    """Tell whether an audit says what an earlier one has not; without one, all of it is news."""
    since = audit.since
    return since is None or not audit.complete or bool(since.new or since.fixed)


def of_audit(document: Document, link: str = "") -> Notification:
    """Return what there is to tell of an audit.

    Args:
        document: the audit.
        link: where its report is.
    """
    audit = document.audit
    only_new = audit.since is not None and audit.since.new > 0
    findings = (each for each in document.findings if each.change == "new" or not only_new)
    shown = tuple(_told(finding) for finding in worst(findings, FINDINGS))
    places = tuple(unread(audit))
    facts = AuditTold(
        at=audit.at,
        account=audit.account,
        release=audit.release.name if audit.release else "",
        complete=audit.complete,
        open=audit.open_findings,
        by_severity=audit.by_severity,
        new=audit.since.new if audit.since else None,
        fixed=audit.since.fixed if audit.since else None,
        findings=shown,
        unread=tuple(f"{place.where}: {_cut(why)}" for place, why in places[:PLACES]),
        report=link,
    )
    count = audit.since.new if audit.since and only_new else audit.open_findings
    lines = [*summary(audit), *_findings(facts, count, only_new), *_places(facts, len(places))]
    if link:
        lines += ["", f"Report: {link}"]
    return Notification(subject=_subject(audit), text="\n".join(map(clean, lines)), audit=facts)


def of_failure(error: GoldenamiError, release: str = "", link: str = "") -> Notification:
    """Return what there is to tell of an audit that came to no end."""
    message = _cut(error.message)
    lines = [f"The audit failed, so nothing is known: {message}", *map(_cut, error.notes[:PLACES])]
    if link:
        lines += ["", f"The report before it: {link}"]
    return Notification(
        subject="goldenami audit FAILED: nothing is known",
        text="\n".join(map(clean, lines)),
        audit=AuditTold(at=datetime.now(UTC), release=release, report=link, error=clean(message)),
    )


def _subject(audit: Audit) -> str:
    parts = []
    if not audit.complete:
        parts.append(f"INCOMPLETE ({len(audit.unread)} of {len(audit.places)} places unread)")
    if audit.since:
        parts.append(f"{audit.since.new} new, {audit.since.fixed} fixed")
    severities = [f"{count} {level.value}" for level, count in audit.by_severity.items()]
    parts.append(f"{audit.open_findings} open findings" if severities else "no findings")
    if severities:
        parts[-1] += f" ({severities[0]})"
    return f"goldenami audit {audit.account}: {'; '.join(parts)}"


def _findings(facts: AuditTold, count: int, only_new: bool) -> Iterator[str]:
    if not facts.findings:
        return
    yield ""
    yield "New findings, the worst first:" if only_new else "The worst findings:"
    for finding in facts.findings:
        name = f" ({finding.name})" if finding.name else ""
        image = f", image {finding.image}" if finding.image else ""
        what = f"{finding.severity.value} {finding.rule}: {finding.resource}{name}{image}"
        yield f"- {what}: {finding.reason}"
    if count > len(facts.findings):
        yield f"- and {count - len(facts.findings)} more"


def _places(facts: AuditTold, count: int) -> Iterator[str]:
    if not facts.unread:
        return
    yield ""
    yield "Not everything could be read:"
    yield from (f"- {place}" for place in facts.unread)
    if count > len(facts.unread):
        yield f"- and {count - len(facts.unread)} more"


def _told(finding: Finding) -> ToldFinding:
    subject = finding.subject
    return ToldFinding(
        severity=finding.severity,
        rule=finding.rule,
        resource=_cut(subject.resource),
        name=_cut(subject.name),
        image=_cut(subject.image.id),
        reason=_cut(finding.reason),
        change=finding.change,
    )


def _cut(text: str) -> str:
    """Return a text on one line, and not longer than is read: no name makes lines of its own."""
    plain = " ".join(clean(text).split())
    return plain if len(plain) <= LINE_CHARACTERS else f"{plain[: LINE_CHARACTERS - 1]}…"
