"""What decisions are read from is listed, and the guardrail keeps it for the pipeline."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import goldenami
from goldenami.domain import facts, prefixes, tags
from goldenami.iam.evaluator.decide import Outcome, Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal, Request, Value
from goldenami.iam.profiles import profile_named
from goldenami.iam.render import render
from goldenami.iam.values import Values

SOURCE = Path(goldenami.__file__).parent
ACCOUNT = "123456789012"
ADMIN = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/admin")
PIPELINE = f"arn:aws:iam::{ACCOUNT}:role/golden-ami-pipeline"
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",
                                                     "Resource": "*"}}  # fmt: skip
RESOURCES = {
    "image": "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0",
    "snapshot": "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0",
    "instance": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-0123456789abcdef0",
    "volume": f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-0123456789abcdef0",
    "key-pair": f"arn:aws:ec2:us-east-1:{ACCOUNT}:key-pair/key-0123456789abcdef0",
    "security-group": f"arn:aws:ec2:us-east-1:{ACCOUNT}:security-group/sg-0123456789abcdef0",
}
LITERAL = re.compile(r"goldenami:(?=[a-z])|^goldenami:$|/goldenami/|(?:^|/)goldenami-$")
OF_POLICIES = (tags.POLICY, tags.UNPROVED, tags.ENFORCED_BY)
"""Tags of policies, which are of IAM and Organizations."""


def literals(path: Path) -> Iterator[str]:
    """Give every string of a module but for its docstrings."""
    tree = ast.parse(path.read_text())
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield str(node.value)


@pytest.mark.no_cover  # nothing of goldenami is run
def test_what_the_names_of_all_that_is_written_begin_with_stands_in_one_file() -> None:
    literal = {
        (str(path.relative_to(SOURCE)), text)
        for path in SOURCE.rglob("*.py")
        for text in literals(path)
        if LITERAL.search(text)
    }
    assert not literal
    assert all(map(LITERAL.search, (prefixes.TAGS, f"x {tags.STATUS}", prefixes.POLICIES)))
    assert LITERAL.search(prefixes.LEASES)


def test_every_tag_of_goldenami_is_listed() -> None:
    keys = {key for key in vars(tags).values() if str(key).startswith(prefixes.TAGS)}
    assert keys - {prefixes.TAGS} == facts.TAGS.keys()


def test_every_parameter_of_goldenami_is_listed() -> None:
    names = {name for name in vars(prefixes).values() if str(name).startswith(prefixes.PARAMETERS)}
    assert names - {prefixes.PARAMETERS} == facts.PARAMETERS.keys()


@cache
def policies() -> Policies:
    """Return those of somebody who may do everything but for the guardrail."""
    values = Values(account=ACCOUNT, pipeline_role=PIPELINE, groups=("admins",))
    guardrail = [
        compile_policy(one.name, one.policy)
        for one in render(profile_named("tag-protection"), values)
    ]
    return Policies(identity=(compile_policy("everything", EVERYTHING), *guardrail))


def decided(action: str, resource: str, context: dict[str, Value], who: Principal) -> Outcome:
    """Return how a request of somebody is decided who may do everything but for the guardrail."""
    request = Request(principal=who, action=action, resource=resource, context=context)
    return decide(policies(), request).outcome


def writes() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Give every write of what decides."""
    for key in facts.TAGS.keys() - set(OF_POLICIES):
        for resource in RESOURCES.values():
            context: dict[str, Value] = {"aws:TagKeys": (key,)}
            yield "ec2:DeleteTags", resource, context
            yield "ec2:CreateTags", resource, {**context, f"aws:RequestTag/{key}": "x"}
    for path in facts.PARAMETERS:
        parameter = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{path}web-base/x"
        for action in ("ssm:PutParameter", "ssm:DeleteParameter"):
            yield action, parameter, {}


def test_nobody_but_the_pipeline_writes_what_decides() -> None:
    """Neither an administrator, nor anybody else whom the guardrail binds."""
    session = Principal.from_arn(PIPELINE, session="bake")
    for action, resource, context in writes():
        told = (action, resource, context)
        assert decided(action, resource, context, ADMIN) == Outcome.EXPLICIT_DENY, told
        assert decided(action, resource, context, session) == Outcome.ALLOWED, told
