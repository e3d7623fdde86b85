"""The roles of a release: who may become them, and what is wrong with some trusts."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.infrastructure import tools

from goldenami.domain.choices import BootstrapRole
from goldenami.errors import UsageError
from goldenami.iam import trust
from goldenami.iam.evaluator.decide import Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.infrastructure import bootstrap as code
from goldenami.spec import ReleaseFile, load
from goldenami.workflows.permissions.bootstrap import BootstrapOrder, blueprints

from .test_generation import ACCOUNT, COPIES, whole

SUBJECT = "repo:acme/images:environment:golden-ami-bake"
OTHER = "111122223333"


@pytest.fixture
def file(tmp_path: Path) -> ReleaseFile:
    path = tmp_path / "release.yaml"
    path.write_text(yaml.safe_dump(whole("aws", ["us-east-1", "eu-west-1"])))
    return load(path)


def changed(**tests: Any) -> dict[str, Any]:
    """Return the trust in a job of GitHub's, with other conditions."""
    document = trust.by_github("aws", ACCOUNT, [SUBJECT])
    document["Statement"][0]["Condition"] = tests
    return document


AUD, SUB = f"{trust.GITHUB}:aud", f"{trust.GITHUB}:sub"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            changed(StringEquals={AUD: trust.AUDIENCE, SUB: [SUBJECT, "*"]}),
            "subject `*` is not one",
        ),
        (
            changed(StringEquals={AUD: trust.AUDIENCE, SUB: "repo:acme/*:environment:x"}),
            "is not one",
        ),
        (changed(StringEquals={AUD: trust.AUDIENCE, SUB: "repo:acme/images:*"}), "is not one"),
        (changed(StringEquals={AUD: trust.AUDIENCE, SUB: "repo:acme/images"}), "is not one"),
        (changed(StringEquals={AUD: trust.AUDIENCE}), "does not test"),
        (changed(StringEquals={SUB: SUBJECT}), "any other audience"),
        (
            changed(StringEquals={AUD: trust.AUDIENCE}, StringLike={SUB: SUBJECT}),
            "by another operator",
        ),
        (trust.by_role(f"arn:aws:iam::{OTHER}:root"), "need not say an external id"),
        (trust.by_role(OTHER), "need not say an external id"),
        (trust.by_role("*"), "trusts everybody"),
    ],
)
def test_a_trust_that_lets_in_others_is_told(document: dict[str, Any], words: str) -> None:
    problems = list(trust.problems(document, ACCOUNT))
    assert any(words in problem for problem in problems)


@pytest.mark.parametrize(
    "document",
    [
        trust.by_github("aws", ACCOUNT, [SUBJECT, "repo:acme/images:ref:refs/heads/main"]),
        trust.by_account("aws", OTHER, "a secret"),
        trust.by_role(f"arn:aws:iam::{OTHER}:role/golden-ami-pipeline"),
        trust.by_role(f"arn:aws:iam::{ACCOUNT}:root"),
        trust.by_service("ec2.amazonaws.com"),
        {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}},
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/people"},
                "Action": "sts:AssumeRoleWithSAML",
            }
        },
    ],
)
def test_a_trust_that_names_who_may_is_right(document: dict[str, Any]) -> None:
    assert not list(trust.problems(document, ACCOUNT))


def test_every_role_has_trust_policies_and_a_boundary_within_which_it_can_work(
    file: ReleaseFile,
) -> None:
    roles = blueprints(file, BootstrapOrder(account=ACCOUNT, github="acme/images"))
    assert [role.kind for role in roles] == [*BootstrapRole]
    subjects = {
        role.kind: json.dumps(role.trust["Statement"][0].get("Condition", {})) for role in roles
    }
    assert "environment:golden-ami-approve" in subjects[BootstrapRole.APPROVER]
    assert "ref:refs/heads/main" in subjects[BootstrapRole.AUDITOR]
    copies = roles[-1]
    assert copies.account == COPIES
    pipeline = f"arn:aws:iam::{ACCOUNT}:role/golden-ami-pipeline"
    assert copies.trust["Statement"][0]["Principal"] == {"AWS": pipeline}
    for role in roles:
        if role.kind is BootstrapRole.INSTANCE:
            assert role.managed == ("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",)
            continue
        assert role.boundary is not None
        assert role.boundary.size <= 6_144
        boundary = compile_policy("boundary", role.boundary.policy)
        everything = compile_policy("all", {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
        })  # fmt: skip
        bound = Policies(identity=(everything,), boundary=boundary)
        principal = Principal.from_arn(f"arn:aws:iam::{role.account}:role/{role.name}")
        for document in role.documents:
            for statement in document.policy["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    request = Request(principal=principal, action=action, resource="*")
                    assert decide(bound, request).allowed, action
        for action in ("iam:CreateAccessKey", "iam:AttachRolePolicy", "iam:CreateRole"):
            request = Request(principal=principal, action=action, resource="*")
            assert not decide(bound, request).allowed


def test_who_may_become_a_role_has_to_be_said(file: ReleaseFile) -> None:
    with pytest.raises(UsageError, match="who may become the pipeline role is not said"):
        blueprints(file, BootstrapOrder(account=ACCOUNT))
    order = BootstrapOrder(account=ACCOUNT, github="acme/images", subjects=(SUBJECT, "*"))
    with pytest.raises(UsageError, match="the subject `\\*`"):
        blueprints(file, order)


def resources(file: ReleaseFile, order: BootstrapOrder) -> list[code.RoleResource]:
    return [
        code.RoleResource(
            account=role.account, name=role.name, trust=role.trust, documents=role.documents,
            managed=role.managed, boundary=role.boundary,
            profile=role.kind is BootstrapRole.INSTANCE,
        )
        for role in blueprints(file, order)
    ]  # fmt: skip


def test_terraform_and_cloudformation_take_the_roles(file: ReleaseFile, tmp_path: Path) -> None:
    kinds = (
        BootstrapRole.APPROVER, BootstrapRole.AUDITOR, BootstrapRole.INSTANCE, BootstrapRole.COPIES,
    )  # fmt: skip
    roles = resources(file, BootstrapOrder(account=ACCOUNT, github="acme/images", kinds=kinds))
    tools.check_format(tmp_path, code.as_terraform(roles, "roles"))
    own = [role for role in roles if role.account == ACCOUNT]
    member = BootstrapOrder(
        kinds=(BootstrapRole.AUDITOR,), from_account=ACCOUNT, external_id="abc", member=True
    )
    (auditor,) = resources(file, member)
    assert "sts:AssumeRole" not in json.dumps([each.policy for each in auditor.documents])
    stack_set = code.as_stack_set(auditor, ["ou-ab12-cd345678"], "us-east-1", "auditors")
    template = code.as_cloudformation([auditor], "auditors")
    tools.lint(tmp_path, code.as_cloudformation(own, "roles"), template, stack_set)
    body = yaml.safe_load(stack_set)["Resources"]["RoleInEveryAccount"]["Properties"]
    assert (body["PermissionModel"], body["CallAs"]) == ("SERVICE_MANAGED", "DELEGATED_ADMIN")
    assert body["TemplateBody"] == template
