"""The message of an audit: short whatever the audit's size, and nothing if nothing has changed."""

import io

import msgspec
import pytest
from msgspec.structs import replace

from goldenami.aws import topics
from goldenami.domain.audit.document import Document, PlaceRead, Since
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.notification import Notification
from goldenami.errors import RefusedError
from goldenami.report import notification
from goldenami.report.audit import writer
from goldenami.workflows.notify import webhook

LINK = "https://reports.example/latest.html"


def told(document: Document) -> Notification:
    return notification.of_audit(document, LINK)


def test_a_message_has_counts_what_is_new_what_is_unread_and_a_link(document: Document) -> None:
    message = told(document)
    assert message.subject == (
        "goldenami audit 111122223333: INCOMPLETE (1 of 3 places unread); 1 new, 1 fixed; "
        "2 open findings (1 high)"
    )
    lines = message.text.splitlines()
    assert "2 open findings: 1 high, 1 medium" in lines
    new = lines.index("New findings, the worst first:")
    assert lines[new + 1].startswith("- high foreign-owner: 111122223333/us-east-1/instance/i-0")
    assert lines[new + 2] == ""  # the other one is open since the earlier audit
    assert any(line.startswith("- 111122223333/ap-south-1: instances: Unauth") for line in lines)
    assert lines[-1] == f"Report: {LINK}"
    assert "\x1b" not in message.text
    facts = message.audit
    assert (facts.new, facts.fixed, facts.open, facts.complete) == (1, 1, 2, False)
    assert facts.by_severity == {"high": 1, "medium": 1}


def test_without_an_earlier_audit_the_worst_findings_are_told(document: Document) -> None:
    audit = replace(document.audit, since=None)
    lines = told(replace(document, audit=audit)).text.splitlines()
    start = lines.index("The worst findings:")
    assert [line.split()[1] for line in lines[start + 1 : start + 3]] == ["high", "medium"]


def test_what_has_not_changed_is_no_news(document: Document) -> None:
    same = replace(document.audit.since, new=0, fixed=0) if document.audit.since else None
    audit = replace(document.audit, since=same, complete=True)
    assert not notification.is_news(audit)
    assert notification.is_news(replace(audit, complete=False))
    assert notification.is_news(replace(audit, since=None))
    fixed = Since(at=audit.at, new=0, open=0, fixed=3, unknown=0)
    assert notification.is_news(replace(audit, since=fixed))


def test_a_message_is_a_format_too(document: Document) -> None:
    out = io.StringIO()
    writer("message")(document, out)
    lines = out.getvalue().splitlines()
    assert lines[0] == told(document).subject
    assert lines[2:] == told(document).text.splitlines()[:-2]  # but for the link


def test_a_compliant_fleet_is_told_of_once_it_is_asked_for(clean_document: Document) -> None:
    message = told(clean_document)
    assert message.subject == "goldenami audit 111122223333: no findings"
    assert "2 compliant" in message.text or "compliant" in message.text.splitlines()[0]


@pytest.mark.no_cover  # its millions of characters are traced one by one
def test_a_message_of_a_large_audit_is_short(document: Document, finding: Finding) -> None:
    long = replace(
        finding, subject=replace(finding.subject, name="é" * 9_000), reason="🔥" * 90_000
    )
    unread = tuple(
        PlaceRead(account="111122223333", region=f"r-{number}", unread=("\u202e" + "x" * 90_000,))
        for number in range(900)
    )
    audit = replace(document.audit, places=unread, open_findings=90_000, since=None)
    message = told(Document(audit, (long,) * 900, ()))
    assert "- and 89990 more" in message.text
    assert "- and 880 more" in message.text
    assert len(message.text.encode()) < 64 * 1024
    assert len(webhook.content(message, "text")) < 128 * 1024
    assert topics.message(message.text) == message.text
    assert msgspec.json.decode(webhook.content(message, "adaptive-card"))["attachments"]


def test_a_subject_is_one_line_of_ascii_and_a_message_of_few_bytes() -> None:
    assert topics.subject("goldenami: é\nà") == "goldenami: ?"
    assert len(topics.subject("goldenami " * 50)) == 100
    cut = topics.message("🔥" * 100_000)
    assert 260_000 < len(cut.encode()) < 256 * 1024


def test_an_audit_that_failed_is_told_of() -> None:
    error = RefusedError("no approved image", notes=["us-east-1: none"], fix="bake one")
    message = notification.of_failure(error, "release.yaml")
    assert message.subject == "goldenami audit FAILED: nothing is known"
    assert "no approved image" in message.text
    assert (message.audit.complete, message.audit.error) == (False, "no approved image")
