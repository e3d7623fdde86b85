"""What decisions are read from is listed, and the guardrail keeps it for the pipeline."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import goldenami
from goldenami.domain import facts, quarantine, tags
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
OF_POLICIES = (tags.POLICY, tags.UNPROVED, tags.ENFORCED_BY)
"""Tags of policies, which are of IAM and Organizations."""


def modules() -> Iterator[ast.Module]:
    for path in sorted(SOURCE.rglob("*.py")):
        if path.relative_to(SOURCE).parts[0] != "sandbox" and path.name != "facts.py":
            yield ast.parse(path.read_text())


def strings() -> set[str]:
    return {
        node.value
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_tag_of_goldenami_in_the_source_is_listed() -> None:
    named = {one for one in strings() if re.fullmatch(rf"{tags.PREFIX}[a-z-]+", one)}
    assert named == facts.TAGS.keys()
    assert all(one.startswith(tags.PREFIX) for one in facts.TAGS)
    assert quarantine.TAG in facts.TAGS


def test_every_parameter_of_goldenami_in_the_source_is_listed() -> None:
    named = {one for one in strings() if one.startswith("/goldenami/") and one[-1] != "*"}
    assert named == facts.PARAMETERS.keys()


def decided(action: str, resource: str, context: dict[str, Value], who: Principal) -> Outcome:
    """Return how a request of somebody is decided who may do everything but for the guardrail."""
    values = Values(account=ACCOUNT, pipeline_role=PIPELINE, groups=("admins",))
    guardrail = [
        compile_policy(one.name, one.policy)
        for one in render(profile_named("tag-protection"), values)
    ]
    policies = Policies(identity=(compile_policy("everything", EVERYTHING), *guardrail))
    request = Request(principal=who, action=action, resource=resource, context=context)
    return decide(policies, request).outcome


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
