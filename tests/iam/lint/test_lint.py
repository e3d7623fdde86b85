"""Every wrong shape is found by its rule, and nothing is found in what is right."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import PolicyError
from goldenami.iam.lint.interface import LintFinding
from goldenami.iam.lint.run import RULES, documents, documents_in, lint

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "corpus" / "broken").iterdir())
CORRECT = sorted((HERE / "corpus" / "correct").iterdir())
RENDERED = [
    path
    for path in sorted((HERE.parent / "golden").iterdir())
    if not path.name.startswith("ec2-028")
]


def findings_in(path: Path, partition: str = "aws") -> list[LintFinding]:
    return lint(documents_in(path), partition)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_policy_is_found_by_its_rule_and_no_other(path: Path) -> None:
    findings = findings_in(path)
    assert {finding.rule for finding in findings} == {path.name.partition(".")[0]}
    assert all(finding.message and finding.right and finding.statement for finding in findings)


def test_every_rule_has_a_broken_policy() -> None:
    stems = {path.name.partition(".")[0] for path in BROKEN}
    assert stems == {rule.id for rule in RULES}


@pytest.mark.parametrize("path", [*CORRECT, *RENDERED], ids=lambda path: path.stem)
def test_nothing_is_found_in_a_correct_policy(path: Path) -> None:
    assert findings_in(path) == []


def test_goldenami_s_own_documents_are_right_together() -> None:
    together = [
        document
        for name in ("guardrail", "untestable-launches", "tag-protection", "guardrail-protection")
        for document in documents(name, (HERE.parent / "golden" / f"{name}.json").read_text())
    ]
    assert lint(together, "aws") == []


@pytest.mark.parametrize("name", ["parent-snapshot", "resource-tag"])
def test_the_guide_s_policies_are_found(name: str) -> None:
    findings = findings_in(HERE.parent / "golden" / f"ec2-028-{name}.json")
    assert [finding.rule for finding in findings] == ["allow-by-key-on-everything"]


def test_the_partition_is_the_account_s() -> None:
    findings = findings_in(HERE.parent / "golden" / "guardrail.json", "aws-cn")
    assert {finding.rule for finding in findings} == {"other-partition"}


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    messages = {
        path.name.partition(".")[0]: findings_in(path)[0].message
        for path in BROKEN
        if path.name.startswith("unknown") and "." not in path.stem
    }
    assert "did you mean `StringNotEquals`?" in messages["unknown-operator"]
    assert "did you mean `RunInstances`?" in messages["unknown-action"]
    assert "did you mean `ec2:owner`?" in messages["unknown-key"]


def test_a_file_may_hold_several_policies_by_name() -> None:
    names = [document for document, _ in documents("f.json", '{"a": {"Statement": []}, "b": {}}')]
    assert names == ["f.json a", "f.json b"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "f.json: no JSON"),
        ('{"Statement": [], "Statement": []}', "f.json: no JSON: a key twice among Statement"),
        ("[]", "f.json: no policy"),
        ("{}", "f.json: no policy"),
        ('{"Version": "2012-10-17"}', "policy f.json: Statement has to be"),
        ('{"a": 7}', "policy f.json a: it has to be an object"),
        ('{"Statement": [7]}', "policy f.json: statement #1"),
        ('{"Statement": {"Effect": "Allow", "Condition": {"Bool": 7}}}', "policy f.json"),
    ],
)
def test_what_is_no_policy_is_an_error_and_no_finding(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as raised:
        lint(documents("f.json", text), "aws")
    assert says in raised.value.message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_explains_itself(rule: object) -> None:
    assert all(getattr(rule, name) for name in ("id", "title", "explanation", "right", "severity"))


TEXTS = st.sampled_from([
    "ec2:RunInstances", "ec2:Run*", "*", "", ":", "[", "arn:", "arn:aws:ec2:*::image/*", "Allow",
    "Deny", "ec2:Owner", "ec2:ParentSnapshot", "ec2:ResourceTag/", "StringNotEquals", "Null", "${",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
)
ELEMENTS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]
STATEMENTS = st.dictionaries(st.sampled_from(ELEMENTS), VALUES)


@given(st.lists(STATEMENTS | VALUES, max_size=2) | VALUES)
def test_whatever_a_file_holds_is_judged_or_refused(statements: Any) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with suppress(PolicyError):
        lint(documents("f.json", text), "aws")
