"""One JSON line a finding, an unread region, and the summary."""

import io

import msgspec

from goldenami.domain.audit.document import Document
from goldenami.report.audit import as_jsonl
from goldenami.report.audit.rows import COLUMNS


def lines(audit: Document) -> list[dict[str, object]]:
    out = io.StringIO()
    as_jsonl.write(audit, out)
    return [msgspec.json.decode(line) for line in out.getvalue().splitlines()]


def test_every_line_says_what_it_is_and_the_summary_is_last(document: Document) -> None:
    found = lines(document)
    assert [line["line"] for line in found] == ["finding", "finding", "unread", "summary"]
    assert all(list(line) == ["line", *COLUMNS] for line in found[:2])
    assert found[1]["name"] == "=1+1[red]\x1b[31m</script>|"  # data is not changed
    assert found[2]["region"] == "ap-south-1"
    assert str(found[2]["reason"]).startswith("instances: UnauthorizedOperation")
    assert found[3] == {
        "line": "summary",
        "schema": "goldenami.audit/v1",
        "at": "2026-11-23T12:00:00Z",
        "account": "111122223333",
        "complete": False,
        "subjects": 7,
        "instances": 5,
        "compliant": 2,
        "without_image": 0,
        "findings": 2,
        "waived": 1,
    }


def test_a_clean_audit_still_has_its_summary(clean_document: Document) -> None:
    [summary] = lines(clean_document)
    assert (summary["line"], summary["complete"], summary["findings"]) == ("summary", True, 0)
