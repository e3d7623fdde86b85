"""Policies as code: every mechanism, well formatted, and the same documents read back."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import SpecError
from goldenami.iam.profiles import load_profiles
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values
from goldenami.infrastructure import cloudformation, enforcement, terraform
from goldenami.infrastructure.cloudformation import Stack
from goldenami.infrastructure.enforcement import (
    EnforcementCode,
    MechanismDocuments,
    as_cloudformation,
    as_terraform,
)
from goldenami.spec.allowed import AllowedAmis, ScanCriterion

from . import tools
from .terraform_checks import NEEDS_SCHEMA, parsed, schema_problems

SNAPSHOT = "snap-0123456789abcdef0"
VALUES = Values(
    account="123456789012",
    owners=("123456789012", "999988887777"),
    snapshots=(SNAPSHOT,),
    pipeline_role="arn:aws:iam::123456789012:role/pipeline",
    groups=("ec2-admin-group",),
)
DOCUMENTS = tuple(
    document for profile in load_profiles().values() for document in render(profile, VALUES)
)
GROUPS = ("ec2-admin-group", "other.group@example")
OWNER_ONLY = render(load_profiles()["owner-only"], VALUES)
DECLARED = PolicyDocument("allowed-images", {"ec2_attributes": {"@@assign": ["a"]}})


def held(
    mechanism: str, documents: tuple[PolicyDocument, ...], *holders: str
) -> MechanismDocuments:
    return MechanismDocuments(name=mechanism, documents=documents, holders=holders)


EVERY = EnforcementCode(
    mechanisms=(
        held("group_policy", DOCUMENTS, *GROUPS),
        held("permissions_boundary", (PolicyDocument("boundary", OWNER_ONLY[0].policy),), "a", "b"),
        held("scp", OWNER_ONLY, "ou-ab12-cdef3456", "r-ab12"),
        held("declarative_policy", (DECLARED,), "r-ab12"),
    ),
    allowed_amis=AllowedAmis(
        names=("web-*",), created_within_days=300, deprecated_within_days=0,
        scan=ScanCriterion(severity="high"),
    ),
    criteria=({"ImageProviders": ["123456789012"]},),
    owners=("123456789012",),
    snapshots=frozenset((SNAPSHOT,)),
    account="123456789012",
)  # fmt: skip


def of_one(document: PolicyDocument, *groups: str) -> EnforcementCode:
    return EnforcementCode(mechanisms=(held("group_policy", (document,), *groups),))


def as_hcl(code: EnforcementCode) -> str:
    return terraform.document(as_terraform.blocks(code))


def as_yaml(code: EnforcementCode) -> str:
    resources = tuple(as_cloudformation.resources(code))
    return cloudformation.document(Stack(description="d", resources=resources))


def resources(code: EnforcementCode) -> dict[str, Any]:
    read: dict[str, Any] = tools.loaded(as_yaml(code))["Resources"]
    return {name: each["Properties"] for name, each in read.items()}


def policies(code: str) -> list[str]:
    """Return the expressions of the documents."""
    found = re.findall(
        r"^  (?:policy|content) = (.*?)(?=\n\}\n|\n\n  \w)", code, re.DOTALL | re.MULTILINE
    )
    return [f"{text}\n" for text in found]


@tools.TERRAFORM
def test_terraform_reads_every_document_back(tmp_path: Path) -> None:
    written = policies(as_hcl(EVERY))
    read = [json.loads(text) for text in tools.evaluated(tmp_path, written)]
    assert read == [document.policy for each in EVERY.mechanisms for document in each.documents]


def test_terraform_has_every_mechanism(tmp_path: Path) -> None:
    code = as_hcl(EVERY)
    tools.check_format(tmp_path, code)
    kinds = [kind.strip('"') for block in parsed(code)["resource"] for kind in block]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "aws_iam_policy": len(DOCUMENTS) + 1,
        "aws_iam_group_policy_attachment": len(DOCUMENTS),
        "aws_organizations_policy": 2 + len(OWNER_ONLY) - 1,
        "aws_organizations_policy_attachment": 2 + len(OWNER_ONLY) - 1,
        "aws_ec2_allowed_images_settings": 1,
    }
    assert code.count('toset(["ec2-admin-group", "other.group@example"])') == len(DOCUMENTS)
    assert "policy_arn = aws_iam_policy.guardrail_by_tag.arn" in code
    assert 'toset(["ou-ab12-cdef3456", "r-ab12"])' in code
    assert "# The permissions boundary of a, b: it has to be attached by hand." in code


@NEEDS_SCHEMA
def test_each_resource_has_what_the_provider_s_schema_says() -> None:
    assert list(schema_problems(as_hcl(EVERY))) == []


def test_cloudformation_has_every_mechanism_and_passes_its_linter(tmp_path: Path) -> None:
    made = resources(EVERY)
    groups = {name: each for name, each in made.items() if "Groups" in each}
    assert [each["PolicyDocument"] for each in groups.values()] == [
        document.policy for document in DOCUMENTS
    ]
    assert made["GuardrailByTag"]["Groups"] == list(GROUPS)
    assert "Groups" not in made["Boundary"]
    assert made["OrganizationOwnerOnly"]["TargetIds"] == ["ou-ab12-cdef3456", "r-ab12"]
    assert made["OrganizationAllowedImages"]["Type"] == "DECLARATIVE_POLICY_EC2"
    assert made["OrganizationAllowedImages"]["Content"] == DECLARED.policy
    tools.lint(tmp_path, as_yaml(EVERY))


def test_what_no_code_does_is_said() -> None:
    hcl, yaml = (list(enforcement.gaps(EVERY, form)) for form in ("terraform", "cloudformation"))
    arn = "arn:aws:iam::123456789012:policy/goldenami-boundary"
    for gaps in (hcl, yaml):
        assert [gap for gap in gaps if f"--permissions-boundary {arn}" in gap and "a, b" in gap]
    assert [gap for gap in hcl if "knows no scan" in gap]
    assert [gap for gap in yaml if """--image-criteria '[{"ImageProviders": ["1234""" in gap]
    assert list(enforcement.gaps(of_one(DOCUMENTS[0]), "cloudformation")) == []


@tools.TERRAFORM
def test_terraform_can_list_snapshots_by_an_expression(tmp_path: Path) -> None:
    code = terraform.document(as_terraform.blocks(EVERY, as_terraform.SNAPSHOTS))
    assert SNAPSHOT not in code
    ids = [f"snap-{number:017x}" for number in range(2)]
    listed = terraform.Block("locals", (), {"golden_snapshots": ids})
    (tmp_path / "listed.tf").write_text(terraform.document([listed]))
    read = [json.loads(text) for text in tools.evaluated(tmp_path, policies(code))]
    arns = [f"arn:aws:ec2:*:*:snapshot/{each}" for each in ids]
    assert parent_snapshots(read[names().index("guardrail")]) == arns
    (alone,) = read[names().index("ec2-028-parent-snapshot")]["Statement"]
    assert alone["Condition"]["ArnEquals"]["ec2:ParentSnapshot"] == [
        f"arn:aws:ec2:*::snapshot/{each}" for each in ids
    ]


def names() -> list[str]:
    return [document.name for each in EVERY.mechanisms for document in each.documents]


def parent_snapshots(policy: dict[str, Any]) -> Any:
    (condition,) = [
        statement["Condition"]["ArnNotLike"]
        for statement in policy["Statement"]
        if "ArnNotLike" in statement.get("Condition", {})
    ]
    return condition["ec2:ParentSnapshot"]


def test_cloudformation_can_list_snapshots_by_a_function() -> None:
    made = tuple(as_cloudformation.resources(EVERY, cloudformation.Function("Ref", "Ids")))
    template = cloudformation.document(Stack(description="d", resources=made))
    assert SNAPSHOT not in template
    start = "arn:aws:ec2:*:*:snapshot/"
    joined = {"Fn::Join": ["", [start, {"Fn::Join": [f",{start}", {"Ref": "Ids"}]}]]}
    guardrail = tools.loaded(template)["Resources"]["Guardrail"]["Properties"]
    assert parent_snapshots(guardrail["PolicyDocument"]) == {"Fn::Split": [",", joined]}


def test_a_group_that_is_named_twice_is_attached_once() -> None:
    for text in (as_hcl, as_yaml):
        assert text(of_one(DOCUMENTS[0], "b", "a", "b")) == text(of_one(DOCUMENTS[0], "a", "b"))


def test_cloudformation_refuses_what_it_would_replace() -> None:
    document = PolicyDocument("mine", {"Statement": [{"Sid": "a {{resolve:ssm:/x}}"}]})
    with pytest.raises(SpecError, match=r"Mine has `{{resolve:` in a value"):
        as_yaml(of_one(document))
    assert "{{resolve:ssm:/x}}" in as_hcl(of_one(document))


def test_cloudformation_has_no_template_of_a_setting_alone() -> None:
    with pytest.raises(SpecError, match="no resource for any of it"):
        as_yaml(EnforcementCode(allowed_amis=AllowedAmis()))


@tools.TERRAFORM
def test_hostile_values_come_out_of_either_as_they_went_in(tmp_path: Path) -> None:
    documents: list[PolicyDocument] = []

    @given(st.text(st.characters(categories=["L", "N", "P", "S", "Z"]), min_size=1, max_size=40))
    def collect(value: str) -> None:
        several = [value, "${x}", "%{x}", "JSON", "\n  JSON\n", "@expression 0@", "金"]
        statement = {"Condition": {"StringEquals": {f"aws:ResourceTag/{value}": several}}}
        document = PolicyDocument("mine", {"Statement": [statement]})
        documents.append(document)
        assert resources(of_one(document))["Mine"]["PolicyDocument"] == document.policy

    collect()
    written = [policies(as_hcl(of_one(document)))[0] for document in documents]
    assert all(text.isascii() for text in written)  # IAM takes no others in a document
    read = [json.loads(text) for text in tools.evaluated(tmp_path, written)]
    assert read == [document.policy for document in documents]
