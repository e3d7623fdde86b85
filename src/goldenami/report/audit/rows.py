"""A finding as one flat row, and which findings are shown where not all can be."""

from collections.abc import Iterable, Iterator
from heapq import nsmallest

from goldenami.domain.audit.document import Audit, ImageUse, PlaceRead
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID

COLUMNS = (
    "severity", "rule", "account", "region", "kind", "id", "name", "state", "image", "image_name",
    "image_owner", "image_state", "reason", "fix", "change",
)  # fmt: skip


def unread(audit: Audit) -> Iterator[tuple[PlaceRead, str]]:
    """Yield every place that could not be read, with each reason why."""
    for place in audit.unread:
        for why in place.unread:
            yield place, why


def image_row(use: ImageUse) -> dict[str, object]:
    """Return an image with what was found of it, by column."""
    return {
        "severity": use.worst.value if use.worst else "",
        "image": use.image.id,
        "name": use.image.name,
        "owner": use.image.owner,
        "region": use.region,
        "instances": use.instances,
        "launches": use.subjects - use.instances,
        "findings": ", ".join(f"{rule} {count}" for rule, count in use.findings.items()),
    }


def accounts(audit: Audit) -> str:
    """Return whose places were looked at, in words."""
    several = audit.accounts
    return f"account {several[0]}" if len(several) == 1 else f"{len(several)} accounts"


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
