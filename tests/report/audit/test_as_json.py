"""The audit's document."""

import io

import msgspec

from goldenami.domain.audit import Audit
from goldenami.report.audit import as_json


def written(audit: Audit) -> str:
    out = io.StringIO()
    as_json.write(audit, out)
    return out.getvalue()


def test_it_reads_back_as_the_same_audit(document: Audit) -> None:
    assert msgspec.json.decode(written(document), type=Audit) == document


def test_it_says_its_schema_first_and_is_indented(clean_document: Audit) -> None:
    assert written(clean_document).startswith('{\n  "schema": "goldenami.audit/v1",\n')


def test_its_keys_are_the_contract(document: Audit) -> None:
    data = msgspec.json.decode(written(document))
    assert list(data) == [
        "schema", "tool", "at", "account", "complete", "regions", "approved_by_list", "findings",
        "waived", "waivers_expired", "waivers_unused",
    ]  # fmt: skip
    assert list(data["findings"][0]) == ["rule", "severity", "instance", "reason", "fix"]
    assert list(data["regions"][0]) == [
        "region", "instances", "compliant", "approved_images", "unread",
    ]  # fmt: skip


def test_no_control_character_gets_out_of_it(document: Audit) -> None:
    assert "\x1b" not in written(document)
