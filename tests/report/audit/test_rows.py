"""A finding as a flat row."""

from msgspec.structs import replace

from goldenami.domain.audit.finding import Finding, Severity
from goldenami.report.audit.rows import COLUMNS, row, worst


def test_a_row_has_every_column_in_order(finding: Finding) -> None:
    assert tuple(row(finding)) == COLUMNS
    assert row(finding)["id"] == "i-0000000000000002a"
    assert row(finding)["kind"] == "instance"
    assert row(finding)["image"] == "ami-1"
    assert row(finding)["state"] == "running"
    assert row(finding)["image_state"] == "available"


def test_a_rule_of_another_goldenami_has_no_fix_here(finding: Finding) -> None:
    assert row(finding)["fix"]
    assert row(replace(finding, rule="unheard-of"))["fix"] == ""


def test_where_not_all_can_be_shown_the_worst_are(finding: Finding) -> None:
    bad = replace(finding, rule="spoofed-approval", severity=Severity.CRITICAL)
    low = replace(finding, severity=Severity.LOW)
    assert worst(iter([low, finding, finding, bad]), 3) == [bad, finding, finding]
