"""A finding as one flat row, for the formats that have rows."""

from goldenami.domain.verdict import Finding

COLUMNS = (
    "severity", "rule", "account", "region", "instance", "name", "state", "image", "image_name",
    "image_owner", "image_state", "reason", "fix",
)  # fmt: skip


def row(finding: Finding) -> dict[str, str]:
    """Return a finding by column."""
    one = finding.instance
    values = (
        finding.severity.value, finding.rule, one.account, one.region, one.id, one.name, one.state,
        one.image_id, one.image_name, one.image_owner, one.image_state, finding.reason, finding.fix,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))
