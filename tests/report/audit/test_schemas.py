"""Every machine format is valid by the schema that its readers go by."""

import io
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator

from goldenami.domain.audit.document import Document
from goldenami.report.audit import as_asff, as_json, as_junit, as_ocsf, as_sarif

from . import generate_schema

ACCOUNT = "111122223333"

NOT_IN_THE_MODELS = {"cloud: unknown", "compliancestatus: unknown", "accounttype_id: unknown"}
"""What OCSF 1.5 has (``cloud`` by its profile of that name) and these models leave out."""


@pytest.fixture(params=["document", "clean_document"])
def any_document(request: pytest.FixtureRequest) -> Document:
    found: Document = request.getfixturevalue(request.param)
    return found


def written(writer: Any, document: Document) -> str:
    out = io.StringIO()
    writer.write(document, out)
    return out.getvalue()


def lost(given: Any, kept: Any) -> list[str]:
    """Return what a model did not take of the data it was made of."""
    if isinstance(given, dict):
        return [
            f"{key}{rest}"
            for key, value in given.items()
            for rest in (lost(value, kept[key]) if key in kept else [": unknown"])
        ]
    if isinstance(given, list):
        return [one for pair in zip(given, kept, strict=True) for one in lost(*pair)]
    return []


def test_json(any_document: Document) -> None:
    published = json.loads(generate_schema.PATH.read_text())
    Draft202012Validator.check_schema(published)
    data = json.loads(written(as_json, any_document))
    assert problems(published, data) == []
    assert problems(published, {**data, "complete": "yes"}) != []


def test_the_published_schema_is_that_of_the_document() -> None:
    assert generate_schema.PATH.read_text() == generate_schema.text()


def test_sarif(any_document: Document) -> None:
    published = json.loads(fetched("GOLDENAMI_SARIF_SCHEMA").read_text())
    data = json.loads(written(as_sarif, any_document))
    assert problems(published, data) == []
    assert problems(published, {**data, "runs": [{}]}) != []


def problems(schema: Any, data: Any) -> list[str]:
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(data)]


def test_sarif_keeps_waivers_changes_and_what_was_not_read(document: Document) -> None:
    [run] = json.loads(written(as_sarif, document))["runs"]
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= known
    assert [result.get("baselineState") for result in run["results"]] == ["unchanged", "new", None]
    assert [len(result.get("suppressions", ())) for result in run["results"]] == [0, 0, 1]
    assert run["invocations"][0]["executionSuccessful"] is False
    prints = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_asff(any_document: Document) -> None:
    findings = json.loads(written(as_asff, any_document))
    model = get_session().get_service_model("securityhub")
    shape = model.operation_model("BatchImportFindings").input_shape
    assert shape is not None
    report = ParamValidator().validate({"Findings": findings or [{}]}, shape)
    assert findings == [] or not report.has_errors(), report.generate_report()
    assert len({one["Id"] for one in findings}) == len(findings)


def test_asff_keeps_within_the_lengths_of_security_hub(document: Document) -> None:
    for one in json.loads(written(as_asff, document)):
        assert len(one["Title"]) <= 256
        assert len(one["Description"]) <= 1024
        assert len(one["Id"]) <= 512


def test_what_is_over_since_an_earlier_audit_is_archived_and_resolved(document: Document) -> None:
    over = {f"{ACCOUNT}/us-east-1/instance/i-9/foreign-owner", "444455556666/*/unread"}
    findings = json.loads(written(as_asff, document))
    archived = [one for one in findings if one["RecordState"] == "ARCHIVED"]
    assert {one["Id"] for one in archived} == over
    assert {one["Compliance"]["Status"] for one in archived} == {"PASSED"}
    events = [json.loads(line) for line in written(as_ocsf, document).splitlines()]
    resolved = [one for one in events if one["status"] == "Resolved"]
    assert {one["finding_info"]["uid"] for one in resolved} == over


def test_ocsf(any_document: Document) -> None:
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
    from py_ocsf_models.objects.cloud import Cloud

    for line in written(as_ocsf, any_document).splitlines():
        data = json.loads(line)
        for model, part in ((ComplianceFinding, data), (Cloud, data["cloud"])):
            kept = json.loads(model.model_validate(part).model_dump_json(exclude_none=True))
            assert set(lost(part, kept)) <= NOT_IN_THE_MODELS


def test_junit(any_document: Document) -> None:
    import xmlschema

    schema = xmlschema.XMLSchema10(fetched("GOLDENAMI_JUNIT_XSD"))
    schema.validate(written(as_junit, any_document))


def test_junit_counts_rules_that_failed_and_what_was_not_read(document: Document) -> None:
    text = written(as_junit, document)
    assert text.count("<failure ") == 2
    assert text.count("<error ") == 1
    assert 'failures="2" errors="1"' in text


def test_junit_passes_no_rule_that_had_nothing_to_judge(clean_document: Document) -> None:
    suite = ET.fromstring(written(as_junit, clean_document))[0]
    passed = {case.get("name") for case in suite if not len(case)}
    # An instance and launch templates: no guardrail was looked at here, other rules were not asked.
    assert passed == {"foreign-owner", "deprecated-image", "unresolved-image"}
    assert int(suite.get("skipped", "")) == len(suite) - len(passed)


def fetched(variable: str) -> Path:
    """A schema that `make test` fetches: of SARIF, or the Jenkins plugin's of JUnit files."""
    named = os.environ.get(variable, "")
    if not Path(named).is_file() and not os.environ.get("CI"):
        pytest.skip(f"{variable} names no schema; `make test` fetches it")
    return Path(named)
