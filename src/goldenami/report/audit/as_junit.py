"""JUnit XML, for CI systems: a test suite a place, a test case a rule; skipped is not passed."""

from collections import defaultdict
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from goldenami.domain.audit.document import Audit, Document, PlaceRead
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import RULES, AuditRule
from goldenami.report.terminal import clean

EXAMPLES = 100
"""How many findings of a rule in a place are named; the others are counted."""


class _Failed(Struct):
    """The findings of a rule in a place: the first ones, and how many there are."""

    count: int = 0
    first: list[Finding] = []

    def add(self, finding: Finding) -> None:
        self.count += 1
        if len(self.first) < EXAMPLES:
            self.first.append(finding)


def write(document: Document, out: TextIO) -> None:
    """Write the suites; what could not be read is an error, never a passed test."""
    audit = document.audit
    failed: dict[tuple[str, str], _Failed] = defaultdict(_Failed)
    for finding in document.findings:
        where = f"{finding.subject.account}/{finding.subject.region}"
        failed[where, finding.rule].add(finding)
    errors = len(audit.unread)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(
        f'<testsuites name="goldenami audit" tests="{len(RULES) * len(audit.places) + errors}" '
        f'failures="{len(failed)}" errors="{errors}">\n'
    )
    for number, place in enumerate(audit.places):
        here = {rule: failure for (where, rule), failure in failed.items() if where == place.where}
        _suite(out, number, audit, place, here)
    out.write("</testsuites>\n")


def _suite(
    out: TextIO, number: int, audit: Audit, place: PlaceRead, failed: dict[str, _Failed]
) -> None:
    errors = 1 if place.unread else 0
    skipped = [rule for rule in RULES if rule.id not in failed and not _applied(audit, place, rule)]
    out.write(
        f'  <testsuite name={quoteattr(place.where)} id="{number}" tests="{len(RULES) + errors}" '
        f'failures="{len(failed)}" errors="{errors}" skipped="{len(skipped)}" '
        f'time="0" timestamp="{audit.at:%Y-%m-%dT%H:%M:%S}">\n'
    )
    if place.unread:
        why = clean("; ".join(place.unread))
        out.write(f'    <testcase name="everything was read" classname={quoteattr(place.where)}>\n')
        out.write(f"      <error message={quoteattr(why)}>{escape(why)}</error>\n    </testcase>\n")
    for rule in RULES:
        _case(out, place, rule, failed.get(rule.id), skipped=rule in skipped)
    out.write("  </testsuite>\n")


def _applied(audit: Audit, place: PlaceRead, rule: AuditRule) -> bool:
    """Tell whether a rule had anything to judge: one that had not has not passed."""
    return rule.id in audit.rules_asked and any(place.subjects.get(kind) for kind in rule.kinds)


def _case(
    out: TextIO, place: PlaceRead, rule: AuditRule, failed: _Failed | None, *, skipped: bool
) -> None:
    opened = f"    <testcase name={quoteattr(rule.id)} classname={quoteattr(place.where)}"
    if failed is None:
        why = '><skipped message="nothing of the kind was looked at"/></testcase>'
        out.write(f"{opened}{why if skipped else '/>'}\n")
        return
    lines = [
        f"{subject.kind.value} {subject.id} {subject.name}: {finding.reason}"
        for finding in failed.first
        for subject in (finding.subject,)
    ]
    if failed.count > len(failed.first):
        lines.append(f"… and {failed.count - len(failed.first)} more")
    message = f"{failed.count} findings: {rule.title}. Fix: {rule.fix}"
    out.write(f"{opened}>\n      <failure message={quoteattr(message)} type={quoteattr(rule.id)}>")
    out.write(escape(clean("\n".join(lines))) + "</failure>\n    </testcase>\n")
