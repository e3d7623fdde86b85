"""The audit for people."""

import io

from goldenami.domain.audit import Audit
from goldenami.domain.verdict import RULES
from goldenami.report.audit import as_table

FIXES = {rule.id: rule.fix for rule in RULES}


def lines(audit: Audit) -> list[str]:
    out = io.StringIO()
    as_table.write(audit, out)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_findings_worst_first_then_each_rules_fix_then_what_was_not_read(document: Audit) -> None:
    assert lines(document) == [
        "severity  rule              region     instance  name            image  reason",
        "high      wrong-owner       us-east-1  i-2       =1+1[red]�[31m  ami-1  "
        "the image belongs to 999988887777",
        "medium    deprecated-image  us-east-1  i-1       web             ami-1  "
        "the image is deprecated since 2026-11-01",
        "",
        f"wrong-owner: {FIXES['wrong-owner']}",
        f"deprecated-image: {FIXES['deprecated-image']}",
        "UNREAD ap-south-1: UnauthorizedOperation: �]0;you� :key: [b]",
    ]


def test_without_findings_there_is_no_table(clean_document: Audit) -> None:
    assert lines(clean_document) == []


def test_a_terminal_gets_colours_but_none_of_aws(document: Audit, terminal: io.StringIO) -> None:
    as_table.write(document, terminal)
    assert "\x1b[31mhigh" in terminal.getvalue()
    assert "\x1b]0;" not in terminal.getvalue()
    assert "\x07" not in terminal.getvalue()


def test_the_summary_counts_and_names_what_needs_a_look(document: Audit) -> None:
    assert as_table.summary(document) == [
        "5 instances in 2 of 3 regions of account 111122223333: 2 compliant, 2 with findings, "
        "1 findings waived",
        "INCOMPLETE: nothing is known of ap-south-1",
        "waiver expired on 2026-01-31 and no longer counts: instance i-3 (network)",
        "waiver covers nothing: tag Role=bastion (network)",
    ]


def test_the_summary_of_a_clean_audit_is_one_sentence(clean_document: Audit) -> None:
    assert as_table.summary(clean_document) == [
        "1 instances in 1 of 1 regions of account 111122223333: 1 compliant, 0 with findings, "
        "0 findings waived"
    ]
