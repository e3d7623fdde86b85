"""Policies as code: well formed, well formatted, and the same documents read back."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import SpecError
from goldenami.iam import iac
from goldenami.iam.profiles import load_profiles, profile_named
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values

VALUES = Values(
    account="123456789012",
    owners=("123456789012", "999988887777"),
    snapshots=("snap-0123456789abcdef0",),
    pipeline_role="arn:aws:iam::123456789012:role/pipeline",
    groups=("ec2-admin-group",),
)
DOCUMENTS = [
    document for profile in load_profiles().values() for document in render(profile, VALUES)
]
GROUPS = ("ec2-admin-group", "other.group@example")
TERRAFORM = pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")
HOSTILE = (
    "${aws:username}", "$${x}", "$$${x}", "%{if true}", "%%{x}", "%%%{x}", "$%{x}", "%${x}", "${",
    "}", 'a"b', "a\\", "\\n", "\\u0024{", "JSON", "\n  JSON\n", "{{ x }}", "<b>&amp;", "金", "$",
)  # fmt: skip


def heredocs(code: str) -> list[dict[str, object]]:
    found = re.findall(r"<<-JSON\n(.*?)\n  JSON\n", code, re.DOTALL)
    return [json.loads(text.replace("$${", "${").replace("%%{", "%{")) for text in found]


def test_terraform_has_every_document_attached_to_every_group() -> None:
    code = iac.terraform(DOCUMENTS, GROUPS)
    assert heredocs(code) == [document.policy for document in DOCUMENTS]
    assert code.count('resource "aws_iam_policy"') == len(DOCUMENTS)
    assert code.count('for_each = toset(["ec2-admin-group", "other.group@example"])') == len(
        DOCUMENTS
    )
    assert "policy_arn = aws_iam_policy.guardrail_by_tag.arn" in code


@TERRAFORM
@pytest.mark.parametrize("groups", [(), GROUPS], ids=["to nothing", "to groups"])
def test_terraform_takes_it_as_it_would_format_it(tmp_path: Path, groups: tuple[str, ...]) -> None:
    path = tmp_path / "policies.tf"
    path.write_text(iac.terraform(DOCUMENTS, groups))
    ran = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", str(path)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_cloudformation_passes_its_linter(tmp_path: Path) -> None:
    path = tmp_path / "policies.json"
    path.write_text(iac.cloudformation(DOCUMENTS, GROUPS))
    program = "import sys; from cfnlint.runner import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--", str(path)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_cloudformation_has_every_document_and_the_groups() -> None:
    policies = json.loads(iac.cloudformation(DOCUMENTS, GROUPS))["Resources"]
    assert [policy["Properties"]["PolicyDocument"] for policy in policies.values()] == [
        document.policy for document in DOCUMENTS
    ]
    assert policies["GuardrailByTag"]["Properties"]["Groups"] == list(GROUPS)
    alone = json.loads(iac.cloudformation(DOCUMENTS[:1], ()))["Resources"]
    assert "Groups" not in next(iter(alone.values()))["Properties"]


@TERRAFORM
def test_terraform_itself_reads_hostile_values_back(tmp_path: Path) -> None:
    written = [
        PolicyDocument("mine", {"Statement": [{"Sid": text, text: [text]}]}) for text in HOSTILE
    ]
    found = re.findall(r"(<<-JSON\n.*?\n  JSON\n)", iac.terraform(written, ()), re.DOTALL)
    several = "".join(f"  p{index} = {text}" for index, text in enumerate(found))
    (tmp_path / "main.tf").write_text(f"locals {{\n{several}}}\n")
    selected = ", ".join(f"local.p{index}" for index in range(len(found)))
    ran = subprocess.run(
        ["terraform", "console"], input=f"jsonencode([{selected}])\n", cwd=tmp_path,
        env={**os.environ, "CHECKPOINT_DISABLE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    policies = json.loads(json.loads(ran.stdout))
    assert [json.loads(document) for document in policies] == [
        document.policy for document in written
    ]


def test_a_group_that_is_named_twice_is_attached_once() -> None:
    assert iac.terraform(DOCUMENTS, ("b", "a", "b")) == iac.terraform(DOCUMENTS, ("a", "b"))
    assert iac.cloudformation(DOCUMENTS, ("b", "a", "b")) == iac.cloudformation(
        DOCUMENTS, ("a", "b")
    )


def test_cloudformation_refuses_what_it_would_replace() -> None:
    document = PolicyDocument("mine", {"Statement": [{"Sid": "a {{resolve:ssm:/x}}"}]})
    with pytest.raises(SpecError, match=r"document `mine` has `{{resolve:`"):
        iac.cloudformation([document], ())
    assert heredocs(iac.terraform([document], ())) == [document.policy]


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Z"]), min_size=1, max_size=40))
def test_hostile_values_come_out_as_they_went_in(value: str) -> None:
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/a": [value, "${x}", "%{x}", "JSON"]}},
    }
    document = PolicyDocument("mine", {"Version": "2012-10-17", "Statement": [statement]})
    assert heredocs(iac.terraform([document], ())) == [document.policy]
    policies = json.loads(iac.cloudformation([document], ()))["Resources"]["Mine"]["Properties"]
    assert policies["PolicyDocument"] == document.policy


def test_the_guardrail_s_code_reads_well() -> None:
    code = iac.terraform(render(profile_named("guardrail"), VALUES), GROUPS[:1])
    assert code.startswith('resource "aws_iam_policy" "guardrail" {\n  name        = "goldenami-')
    assert code.endswith("}\n")
