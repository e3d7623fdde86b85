"""The audit's document."""

import io
from pathlib import Path

import msgspec

from goldenami.domain.audit import audit_file, digest
from goldenami.domain.audit.document import Document
from goldenami.report.audit import as_json


def written(document: Document) -> str:
    out = io.StringIO()
    as_json.write(document, out)
    return out.getvalue()


def test_it_reads_back_as_the_same_audit(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text(written(document))
    back = audit_file.load(path)
    assert (back.findings, back.waived) == (document.findings, document.waived)
    assert msgspec.to_builtins(back) == msgspec.to_builtins(document.audit) | {
        "findings": msgspec.to_builtins(document.findings),
        "waived": msgspec.to_builtins(document.waived),
        "digest": digest.of_document(back),
    }


def test_it_says_its_schema_first_and_is_indented(clean_document: Document) -> None:
    assert written(clean_document).startswith('{\n  "schema": "goldenami.audit/v1",\n')
    assert '"findings": [],' in written(clean_document)


def test_a_finding_is_a_line(document: Document) -> None:
    lines = [one for one in written(document).splitlines() if one.startswith('    {"rule"')]
    assert len(lines) == len(tuple(document.findings))


def test_its_keys_are_the_contract(document: Document) -> None:
    data = msgspec.json.decode(written(document))
    assert list(data) == [
        "schema", "tool", "at", "account", "source", "complete", "places", "images", "rules",
        "rules_asked", "approved_by_list", "release", "open_findings", "waived_findings",
        "waivers_expired", "waivers_unused", "since", "findings", "waived", "digest",
    ]  # fmt: skip
    assert list(data["findings"][0]) == ["rule", "severity", "subject", "reason", "change"]
    assert list(data["places"][0]) == [
        "account", "region", "subjects", "compliant", "instances_compliant", "without_image",
        "findings", "approved_images", "baking", "unread",
    ]  # fmt: skip


def test_no_control_character_gets_out_of_it(document: Document) -> None:
    assert "\x1b" not in written(document)
