"""A finding as one flat row, for the formats that have rows."""

from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID

COLUMNS = (
    "severity", "rule", "account", "region", "kind", "id", "name", "state", "image", "image_name",
    "image_owner", "image_state", "reason", "fix", "change",
)  # fmt: skip


def row(finding: Finding) -> dict[str, str]:
    """Return a finding by column."""
    one = finding.subject
    values = (
        finding.severity.value, finding.rule, one.account, one.region, one.kind.value, one.id,
        one.name, one.state, one.image.id, one.image.name, one.image.owner, one.image.state,
        finding.reason, fix(finding), finding.change,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def fix(finding: Finding) -> str:
    """Return what to do about a finding; one of a later goldenami may have an unknown rule."""
    rule = BY_ID.get(finding.rule)
    return rule.fix if rule else ""
