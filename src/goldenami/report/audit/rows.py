"""A finding as one flat row, and which findings are shown where not all can be."""

from collections.abc import Iterable
from heapq import nsmallest

from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID

COLUMNS = (
    "severity", "rule", "account", "region", "kind", "id", "name", "state", "image", "image_name",
    "image_owner", "image_state", "reason", "fix", "change",
)  # fmt: skip


def row(finding: Finding) -> dict[str, str]:
    """Return a finding by column."""
    subject = finding.subject
    image = subject.image
    values = (
        finding.severity.value, finding.rule, subject.account, subject.region, subject.kind.value,
        subject.id, subject.name, subject.state, image.id, image.name, image.owner, image.state,
        finding.reason, fix(finding), finding.change,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def fix(finding: Finding) -> str:
    """Return what to do about a finding; one of a later goldenami may have an unknown rule."""
    rule = BY_ID.get(finding.rule)
    return rule.fix if rule else ""


def worst(findings: Iterable[Finding], count: int) -> list[Finding]:
    """Return at most so many findings, the worst first; never more of them in memory."""
    return nsmallest(count, findings, key=_worst_first)


def _worst_first(finding: Finding) -> tuple[int, str, str]:
    return finding.severity.rank, finding.rule, finding.subject.resource
