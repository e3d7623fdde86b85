"""A finding as a flat row."""

from goldenami.domain.verdict import Finding
from goldenami.report.audit.rows import COLUMNS, row


def test_a_row_has_every_column_in_order(finding: Finding) -> None:
    assert tuple(row(finding)) == COLUMNS
    assert row(finding)["instance"] == "i-2"
    assert row(finding)["image"] == "ami-1"
    assert row(finding)["state"] == "running"
    assert row(finding)["image_state"] == "available"
