"""The audit for spreadsheets."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from goldenami.domain.audit.document import Audit, Document
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.rules import BY_ID
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.report.audit import as_csv
from goldenami.report.audit.rows import COLUMNS, row
from goldenami.report.terminal import clean

T = TypeVar("T", bound=Struct)


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


AWKWARD = ("", "web", "=1+1", "'", '"', ",", 'a "b", c', "two\nlines", "\n", "\r", "\t", "\0", " ")
texts = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=8))


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    """Draw findings of few texts, so that many have much in common."""
    text = st.sampled_from(draw(st.lists(texts, min_size=1, max_size=3)))
    image = st.builds(ImageSeen, id=text, name=text, owner=text, state=text)
    kind = st.sampled_from([Kind.INSTANCE, Kind.FLEET])
    subject = st.builds(
        Subject, kind=kind, account=text, region=text, id=text, name=text, state=text, image=image
    )
    rule = st.sampled_from(["foreign-owner", "outdated-image", "one of a later goldenami"])
    severity, change = st.sampled_from(Severity), st.sampled_from(["", "new", "open"])
    finding = st.builds(
        Finding, rule=rule, severity=severity, subject=subject, reason=text, change=change
    )
    return draw(st.lists(finding, max_size=12))


def as_rows(found: Sequence[Finding]) -> str:
    """Return findings as the csv module writes them, each row for itself."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows([as_csv._text(value) for value in row(finding).values()] for finding in found)
    return out.getvalue()


def written(*found: Finding) -> str:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    audit = Audit(tool="", at=at, account="", source="live", complete=True, places=())
    out = io.StringIO()
    as_csv.write(Document(audit, found, ()), out)
    return out.getvalue()


@given(findings())
def test_what_findings_have_in_common_is_written_as_in_any_row(found: list[Finding]) -> None:
    assert written(*found) == as_rows(found)


def other(finding: Finding, column: str) -> Finding:
    """Return a finding that differs in one column; a fix differs with its rule."""

    def changed(struct: T, name: str, value: Any = "another") -> T:
        return structs.replace(struct, **{name: value})

    subject, image = finding.subject, finding.subject.image
    match column:
        case "rule" | "fix":
            return changed(finding, "rule", "outdated-image")
        case "severity":
            return changed(finding, "severity", Severity.LOW)
        case "reason":
            return changed(finding, "reason")
        case "change":
            return changed(finding, "change", "open")
        case "image" | "image_name" | "image_owner" | "image_state":
            name = column.removeprefix("image").removeprefix("_") or "id"
            return changed(finding, "subject", changed(subject, "image", changed(image, name)))
        case "kind":
            return changed(finding, "subject", changed(subject, "kind", Kind.FLEET))
        case _:
            return changed(finding, "subject", changed(subject, column))


@pytest.mark.parametrize("column", COLUMNS)
def test_findings_that_differ_in_one_column_have_lines_of_their_own(
    column: str, finding: Finding
) -> None:
    another = other(finding, column)
    assert row(another)[column] != row(finding)[column]
    assert written(finding, another, finding) == as_rows([finding, another, finding])


def test_of_many_different_lines_only_some_are_kept(
    finding: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_csv, "_KEPT", 2)
    several = 2 * [structs.replace(finding, reason=f"reason {number}") for number in range(5)]
    lines = as_csv._Lines()
    text = "".join(map(lines.of, several))
    assert f"{','.join(COLUMNS)}\n{text}" == as_rows(several)
    assert len(lines._known) <= 2
