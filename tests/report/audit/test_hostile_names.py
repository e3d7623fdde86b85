"""Whatever a thing is called, each format can be read by its readers, and says what it is called.

The readers here are none of those that wrote: Python's own of JSON, CSV, XML and HTML, a parser of
Markdown, and the grammar of RFC 3986.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from goldenami.domain.audit.document import Document
from goldenami.domain.audit.subject import Kind
from goldenami.report.audit import FORMATS, writer
from goldenami.report.terminal import clean

HOSTILE = (
    "web prod #1%zz", "foo-bar ", "..", ".", "a/b?c=d#e", "%2e%2e/", "\"'`", "</script><b>", "&lt;",
    "=HYPERLINK(1)", "[click](https://x.example)", "a|b", "\x1b[2J\x00", "one\r\ntwo\n\nthree",
    "\u202eevil", "\u2028\u2029\x85", "{0}", "\\", "日本", "x" * 2_000, "",
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(HOSTILE), st.lists(st.sampled_from(HOSTILE)).map("".join), st.text()
)


def parsed_json(text: str) -> list[str]:
    return [finding["subject"]["id"] for finding in json.loads(text)["findings"]]


def parsed_jsonl(text: str) -> list[str]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [line["id"] for line in lines if line["line"] == "finding"]


def parsed_csv(text: str) -> list[str]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert not [row for row in rows if None in row or None in row.values()]
    return [row["id"].removeprefix("'") for row in rows if row["severity"] != "unread"]


def parsed_junit(text: str) -> list[str]:
    [suite] = [suite for suite in ET.fromstring(text) if "us-east-1" in (suite.get("name") or "")]
    words = [failure.text or "" for failure in suite.iter("failure")]
    return [re.findall(r"auto-scaling-group (.*) NAME: ", each, re.DOTALL)[0] for each in words]


GEN, SUB = r":/?#[]@", r"!$&'()*+,;="
CHARACTER = rf"(?:[A-Za-z0-9._~{re.escape(SUB)}:@-]|%[0-9A-F]{{2}})"


def parsed_sarif(text: str) -> list[str]:
    [run] = json.loads(text)["runs"]
    assert urlsplit(run["tool"]["driver"]["informationUri"]).scheme == "https"
    ids = []
    for result in run["results"]:
        assert "](" not in result["message"]["text"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(rf"{CHARACTER}+(?:/{CHARACTER}*)*", uri)
        assert urljoin("https://host/a/", uri) == f"https://host/a/{uri}"
        segments = [unquote(segment) for segment in uri.split("/")]
        assert segments[:2] + segments[3:4] == ["aws", "111122223333", "auto-scaling-group"]
        ids += segments[4:]
    suppressed = [result for result in run["results"] if result.get("suppressions")]
    return ids[: len(ids) - len(suppressed)]


def parsed_asff(text: str) -> list[str]:
    findings = [each for each in json.loads(text) if each["Workflow"]["Status"] == "NEW"]
    filled = re.compile(r".*\S.*")  # NonEmptyString of Security Hub
    for finding in findings:
        values = [*finding.values(), *(finding["Resources"][0].get("Tags") or {}).values()]
        assert all(filled.fullmatch(value) for value in values if isinstance(value, str))
        assert len(finding["Description"]) <= 1024
    found = [each for each in findings if each["Compliance"]["Status"] == "FAILED"]
    assert all(each["Resources"][0]["Id"].startswith("arn:aws:") for each in found)
    assert all(len(each["Id"]) <= 512 for each in found)
    told = [each["Description"].removeprefix("auto-scaling-group").lstrip() for each in found]
    return [each.partition("NAME, ")[0] for each in told]


def parsed_ocsf(text: str) -> list[str]:
    events = [json.loads(line) for line in text.splitlines()]
    return [each["resources"][0]["uid"] for each in events if each["status"] == "New"][1:]


class Page(HTMLParser):
    """Collects the JSON that the page carries."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.within, self.data, self.tags = False, "", [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.within = tag == "script" and ("id", "data") in attrs

    def handle_endtag(self, tag: str) -> None:
        self.within = False

    def handle_data(self, data: str) -> None:
        self.data += data if self.within else ""


def parsed_html(text: str) -> list[str]:
    page = Page(text)
    assert page.tags.count("script") == 2
    return [finding["what"] for finding in json.loads(page.data)["findings"]]


def parsed_markdown(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = {token.type for token in tokens for token in (token, *(token.children or ()))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "em_open"}
    rows = [
        [cell.content for cell in tokens[at:] if cell.type == "inline"][:7]
        for at, token in enumerate(tokens)
        if token.type == "tr_open"
    ]
    return [re.sub(r"\\(.)", r"\1", row[4]) for row in rows if row[1] == "foreign-owner"]


def parsed_table(text: str) -> list[str]:
    rows = [line for line in text.split("\n") if line.startswith("high      foreign-owner  ")]
    return [re.findall(r"auto-scaling-group  (.*)  NAME", row)[0] for row in rows]


def parsed_message(text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line.startswith("- high foreign-owner: ")]
    return [re.findall(r"auto-scaling-group/(.*) \(NAME\), image", line)[0] for line in lines]


PARSERS: Mapping[str, Callable[[str], list[str]]] = {
    "json": parsed_json, "jsonl": parsed_jsonl, "csv": parsed_csv, "junit": parsed_junit,
    "sarif": parsed_sarif, "asff": parsed_asff, "ocsf": parsed_ocsf, "html": parsed_html,
    "markdown": parsed_markdown, "table": parsed_table, "message": parsed_message,
}  # fmt: skip


def shown(form: str, name: str) -> str:
    """Return a name as a format says it: those that people read leave out what could harm them."""
    match form:
        case "csv":
            return clean(name).removeprefix("'")
        case "junit" | "html":
            return clean(name)
        case "asff":
            return " ".join(clean(name).split())[: 1_024 - len("auto-scaling-group ")]
        case "message":
            resource = "111122223333/us-east-1/auto-scaling-group/"
            whole = " ".join(f"{resource}{clean(name)}".split())
            return (whole if len(whole) <= 400 else f"{whole[:399]}…").removeprefix(resource)
        case "markdown" | "table":
            return clean(name).replace("\n", " ").replace("\t", " ")
    return name


def test_every_format_has_a_reader_here() -> None:
    assert set(PARSERS) == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_a_name_is_read_back_from_every_format(form: str, name: str, document: Document) -> None:
    first = document.findings[1]  # type: ignore[index]
    subject = replace(
        first.subject, kind=Kind.AUTO_SCALING_GROUP, id=name, name="NAME",
        tags={"Name": name, "Blank": " "},
        arn="arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:1:autoScalingGroupName/x",
        image=replace(first.subject.image, name=name),
    )  # fmt: skip
    finding = replace(first, subject=subject)
    hostile = Document(replace(document.audit, open_findings=1), (finding,), ())
    out = io.StringIO()
    writer(form)(hostile, out)
    told = PARSERS[form](out.getvalue())
    expected = shown(form, name)
    if form in ("asff", "markdown", "table"):
        assert [one.strip() for one in told] == [expected.strip()]
    else:
        assert told == [expected]
