"""Managed policies of an account: made, given a new version, taken away, and read back."""

import json
from typing import Any

from goldenami.aws import iam
from goldenami.aws.action import ActionContext
from goldenami.aws.waits import until
from goldenami.domain import arns, prefixes
from goldenami.workflows.enforce import adoption
from goldenami.workflows.enforce.interface import EnforceContext
from goldenami.workflows.enforce.operations import Operation, PolicyOperations

VERIFY_TIMEOUT_S = 60.0


def arn(context: EnforceContext, document: str) -> str:
    """Return the ARN of goldenami's policy for a document."""
    aws = context.aws
    return arns.iam_arn(aws.partition, aws.account, "policy", f"{prefixes.POLICIES}{document}")


OPERATIONS = PolicyOperations(
    holder="group",
    holder_name="group {holder}",
    foreign="{key} exists and was not made by goldenami (it has no tag {tag})",
    full="group {holder} would have {count} managed policies, of {quota} allowed",
    calls={
        "create": Operation(
            "iam:CreatePolicy",
            {
                "PolicyName": "name",
                "PolicyDocument": "text",
                "Description": "description",
                "Tags": "tags",
            },
            permissions=("iam:CreatePolicy", "iam:TagPolicy"),
            adopt="adopt:policy",
        ),
        "update": Operation(
            "iam:CreatePolicyVersion",
            {"PolicyArn": "key", "PolicyDocument": "text"},
            "make a new default version of {policy}",
            constants={"SetAsDefault": True},
            adopt="adopt:policy-version",
        ),
        "prune": Operation("iam:DeletePolicyVersion", {"PolicyArn": "key", "VersionId": "version"}),
        "delete": Operation("iam:DeletePolicy", {"PolicyArn": "key"}),
        "tag": Operation("iam:TagPolicy", {"PolicyArn": "reference", "Tags": "tags"}),
        "untag": Operation("iam:UntagPolicy", {"PolicyArn": "reference", "TagKeys": "tag_keys"}),
        "attach": Operation("iam:AttachGroupPolicy", {"GroupName": "holder", "PolicyArn": "key"}),
        "detach": Operation("iam:DetachGroupPolicy", {"GroupName": "holder", "PolicyArn": "key"}),
        "verify": Operation(
            "verify:policy",
            {"PolicyArn": "key", "Document": "text", "Groups": "holders"},
            permissions=(
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:ListEntitiesForPolicy",
                "iam:ListPolicyVersions",
            ),
        ),
    },
)
"""How managed policies are kept, and attached to groups; a boundary is attached otherwise."""


def verify(doing: ActionContext) -> dict[str, Any]:
    """Wait until a policy's default version and holders read back as they were written."""
    expected = json.loads(doing.parameters["Document"])
    groups = set(doing.parameters.get("Groups", ()))
    roles = set(doing.parameters.get("Boundaries", ()))
    key = doing.parameters["PolicyArn"]

    def look() -> dict[str, Any] | None:
        policy = iam.managed_policy(doing.aws, key)
        if policy is None or policy.document != expected or not groups <= set(policy.groups):
            return None
        return {} if roles <= set(policy.boundary_of) else None

    return until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=key)


def adopt(doing: ActionContext) -> dict[str, Any]:
    """Take a policy for the desired one that was there when it was to be made.

    Raises:
        RefusedError: it is not goldenami's, another enforcement's, or has another content.
    """
    aws, name = doing.aws, doing.parameters["PolicyName"]
    key = arns.iam_arn(aws.partition, aws.account, "policy", name)
    policy, text = _settled(doing, key), doing.parameters["PolicyDocument"]
    adoption.adopt(doing, OPERATIONS, policy, text)
    return {}


def adopt_version(doing: ActionContext) -> dict[str, Any]:
    """Take a policy's default version for the desired one when there is no room for another.

    Raises:
        RefusedError: it has another content.
    """
    key = doing.parameters["PolicyArn"]
    adoption.check_content(_settled(doing, key).document, doing.parameters["PolicyDocument"], key)
    return {}


def _settled(doing: ActionContext, key: str) -> iam.ManagedPolicy:
    """Return a policy of which AWS says that it is there; it may not be known everywhere yet."""
    return until(
        doing, lambda: iam.managed_policy(doing.aws, key), timeout_s=VERIFY_TIMEOUT_S, thing=key
    )
