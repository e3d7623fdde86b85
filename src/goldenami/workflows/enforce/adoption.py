"""Policies as AWS has them after a call: read back, or taken for ours if somebody else made them.

Two enforcements may run at once, and an answer may be lost: then AWS says that a policy is there.
It is taken for ours if it is the same, or refused.
"""

import json
from typing import Any, Final

from msgspec import structs

from goldenami.aws import iam, organizations
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.kept_policy import HolderKind, KeptPolicy
from goldenami.aws.waits import until
from goldenami.domain import arns, tags
from goldenami.errors import RefusedError
from goldenami.workflows.enforce import managed_policies, organization_policies

VERIFY_TIMEOUT_S = 60.0
_HOLDERS: Final[dict[str, HolderKind]] = {
    "Groups": "group",
    "Boundaries": "role-boundary",
    "Targets": "organization-target",
}
"""The kinds of holders that parameters name."""


def verify(doing: ActionContext) -> dict[str, Any]:
    """Wait until a policy's content and holders read back as they were written."""
    parameters = doing.parameters
    text = parameters["Content"] if "Type" in parameters else parameters["Document"]
    expected = json.loads(text)

    def look() -> dict[str, Any] | None:
        policy = _policy(doing)
        if policy is None or policy.document != expected:
            return None
        attached = all(
            set(parameters.get(name, ())) <= set(policy.holders.get(kind, ()))
            for name, kind in _HOLDERS.items()
        )
        return {} if attached else None

    return until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=_key(doing))


def adopt(doing: ActionContext) -> dict[str, Any]:
    """Take a policy for the desired one that was there when it was to be made.

    Raises:
        RefusedError: it is not goldenami's, another enforcement's, or has another content.
    """
    kind = doing.parameters.get("Type")
    operations = organization_policies.operations(kind) if kind else managed_policies.GROUPS
    policy = _settled(doing)
    if not policy.ours:
        raise RefusedError(operations.made_by_others(policy.key))
    _check_content(policy, doing.parameters["Content" if kind else "PolicyDocument"])
    desired = tags.from_aws(doing.parameters["Tags"])
    if policy.enforcement and policy.enforcement != desired.get(tags.ENFORCED_BY):
        raise RefusedError(
            f"{policy.key} has just been attached by the enforcement `{policy.enforcement}`",
            fix="let one enforcement at a time be applied in this account; then run it again",
        )
    if missing := {name: value for name, value in desired.items() if name not in policy.tags}:
        tagging = operations.calls["tag"]
        parameters = tagging.parameters(
            {"reference": policy.reference, "tags": tags.to_aws(missing)}
        )
        call(structs.replace(doing, parameters=parameters), tagging.call, {})
    return dict.fromkeys(operations.calls["create"].outputs, policy.reference)


def adopt_version(doing: ActionContext) -> dict[str, Any]:
    """Take a policy's default version for the desired one when there is no room for another.

    Raises:
        RefusedError: it has another content.
    """
    _check_content(_settled(doing), doing.parameters["PolicyDocument"])
    return {}


def _check_content(policy: KeptPolicy, text: str) -> None:
    if policy.document != json.loads(text):
        raise RefusedError(
            f"another enforcement has just made {policy.key}, with another content than this one's",
            fix="let one release file at a time be enforced in this account; then run it again",
        )


def _settled(doing: ActionContext) -> KeptPolicy:
    """Return a policy of which AWS says that it is there; it may not be known everywhere yet."""
    return until(doing, lambda: _policy(doing), timeout_s=VERIFY_TIMEOUT_S, thing=_key(doing))


def _policy(doing: ActionContext) -> KeptPolicy | None:
    key = _key(doing)
    if kind := doing.parameters.get("Type"):
        return organizations.named(doing.aws, kind, key).get(key)
    return iam.managed_policy(doing.aws, key)


def _key(doing: ActionContext) -> str:
    """Return what a policy is known by: its name in the organization, or its ARN."""
    aws, parameters = doing.aws, doing.parameters
    if "PolicyName" in parameters:
        return arns.iam_arn(aws.partition, aws.account, "policy", parameters["PolicyName"])
    return str(parameters["Name"] if "Type" in parameters else parameters["PolicyArn"])
