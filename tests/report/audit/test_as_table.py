"""The audit for people."""

import io

from msgspec.structs import replace

from goldenami.domain.audit.document import Document
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID
from goldenami.report.audit import as_table


def lines(document: Document) -> list[str]:
    out = io.StringIO()
    as_table.write(document, out)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_images_worst_first_then_findings_then_fixes_then_what_was_not_read(
    document: Document,
) -> None:
    assert lines(document) == [
        "severity  image  name    owner         region     instances  launches  findings",
        "high      ami-1  theirs  999988887777  us-east-1  3          0         "
        "foreign-owner 2, deprecated-image 1",
        "",
        "severity  rule              region     kind      what                 "
        "name                      image  reason",
        "high      foreign-owner     us-east-1  instance  i-0000000000000002a  "
        "=1+1[red]�[31m</script>|  ami-1  the image belongs to 999988887777",
        "medium    deprecated-image  us-east-1  instance  i-1                  "
        "web                       ami-1  the image is deprecated since 2026-11-01",
        "",
        f"foreign-owner (1): {BY_ID['foreign-owner'].fix}",
        f"deprecated-image (1): {BY_ID['deprecated-image'].fix}",
        "UNREAD ap-south-1: instances: UnauthorizedOperation: �]0;you� :key: [b] <i>",
    ]


def test_without_findings_there_is_no_table(clean_document: Document) -> None:
    assert lines(clean_document) == []


def test_a_table_of_a_large_fleet_ends(document: Document, finding: Finding) -> None:
    many = Document(replace(document.audit, open_findings=1_000), (finding,) * 1_000, ())
    shown = lines(many)
    assert sum("foreign-owner     us-east-1" in one or "i-00000" in one for one in shown) == 200
    assert "… and 800 more; --format csv has them all" in shown


def test_a_terminal_gets_colours_but_none_of_aws(document: Document, terminal: io.StringIO) -> None:
    as_table.write(document, terminal)
    assert "\x1b[31mhigh" in terminal.getvalue()
    assert "\x1b]0;" not in terminal.getvalue()
    assert "\x07" not in terminal.getvalue()


def test_the_summary_counts_and_names_what_needs_a_look(document: Document) -> None:
    assert as_table.summary(document.audit) == [
        "5 instances in 2 of 3 regions of account 111122223333: 2 compliant, 3 with findings, "
        "1 findings waived",
        "2 launch templates, groups, parameters and guardrails: 1 compliant",
        "2 open findings: 1 high, 1 medium",
        "INCOMPLETE: not everything is known of ap-south-1",
        "since 2026-11-22 12:00: 1 new, 1 fixed, 1 still open, 2 where nothing could be read",
        "waiver expired on 2026-01-31 and no longer counts: instance i-3 (network)",
        "waiver covers nothing: tag Role=bastion (network)",
    ]


def test_several_accounts_are_counted_and_named(document: Document) -> None:
    audit = document.audit
    other = replace(audit.places[2], account="444455556666")
    several = replace(audit, places=(*audit.places[:2], other))
    found = as_table.summary(several)
    assert "of 2 accounts:" in found[0]
    assert "INCOMPLETE: not everything is known of 444455556666/ap-south-1" in found
