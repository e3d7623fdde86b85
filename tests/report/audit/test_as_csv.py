"""The audit for spreadsheets."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from goldenami.domain.audit.document import Document
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID
from goldenami.report.audit import as_csv
from goldenami.report.audit.rows import COLUMNS
from goldenami.report.terminal import clean


def rows(audit: Document) -> list[dict[str, str]]:
    out = io.StringIO()
    as_csv.write(audit, out)
    reader = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    assert reader.fieldnames == list(COLUMNS)
    return list(reader)


def test_a_line_a_finding_and_one_for_each_unread_region(document: Document) -> None:
    lesser, worse, unread = rows(document)
    assert lesser == {
        "severity": "medium",
        "rule": "deprecated-image",
        "account": "111122223333",
        "region": "us-east-1",
        "kind": "instance",
        "id": "i-1",
        "name": "web",
        "state": "running",
        "image": "ami-1",
        "image_name": "theirs",
        "image_owner": "999988887777",
        "image_state": "available",
        "reason": "the image is deprecated since 2026-11-01",
        "fix": BY_ID["deprecated-image"].fix,
        "change": "open",
    }
    assert worse["name"].startswith("'=1+1")
    assert (unread["severity"], unread["region"]) == ("unread", "ap-south-1")
    assert unread["reason"].startswith("instances: UnauthorizedOperation")


def test_a_clean_audit_is_the_header_alone(clean_document: Document) -> None:
    out = io.StringIO()
    as_csv.write(clean_document, out)
    assert out.getvalue() == ",".join(COLUMNS) + "\n"


def named(document: Document, finding: Finding, name: str) -> str:
    changed = structs.replace(finding, subject=structs.replace(finding.subject, name=name))
    [row, _] = rows(structs.replace(document, findings=(changed,)))
    return row["name"]


@pytest.mark.parametrize(
    "name",
    ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1"],
    ids=["equals", "plus", "minus", "at", "tab"],
)
def test_a_name_that_a_spreadsheet_would_compute_is_text(
    name: str, document: Document, finding: Finding
) -> None:
    assert named(document, finding, name) == f"'{name}"


@pytest.mark.parametrize("name", ["web", "", 'a "quoted", name', "two\nlines", "a=b", "é"])
def test_any_other_name_stays_as_it_is(name: str, document: Document, finding: Finding) -> None:
    assert named(document, finding, name) == name


@pytest.mark.parametrize(
    ("name", "cell"),
    [("web\r=1", "web�=1"), ("\r=1", "�=1"), ("\x1b[31m", "�[31m")],
    ids=["a return in the middle", "a return at the start", "an escape code"],
)
def test_control_characters_make_neither_rows_nor_colours(
    name: str, cell: str, document: Document, finding: Finding
) -> None:
    assert named(document, finding, name) == cell


@given(st.text(max_size=20))
def test_no_text_starts_a_formula_or_a_row(text: str) -> None:
    cell = as_csv._text(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t"))
    assert "\r" not in cell
    assert cell.endswith(clean(text))
