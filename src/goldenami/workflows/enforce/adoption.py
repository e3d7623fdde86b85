"""Policies as AWS has them after a call: read back, or taken for ours if somebody else made them.

Two enforcements may run at once, and an answer may be lost: then AWS says that a policy is there.
It is taken for ours if it is the same, or refused.
"""

import json
from collections.abc import Callable
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

    def as_written(policy: KeptPolicy) -> bool:
        return policy.document == expected and all(
            set(parameters.get(name, ())) <= set(policy.holders.get(kind, ()))
            for name, kind in _HOLDERS.items()
        )

    _awaited(doing, as_written)
    return {}


def adopt(doing: ActionContext) -> dict[str, Any]:
    """Take a policy for the desired one that was there when it was to be made.

    Raises:
        RefusedError: it is not goldenami's, another enforcement's, or has another content.
    """
    kind = doing.parameters.get("Type")
    operations = organization_policies.operations(kind) if kind else managed_policies.GROUPS
    policy = _awaited(doing)
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
    _check_content(_awaited(doing), doing.parameters["PolicyDocument"])
    return {}


def _check_content(policy: KeptPolicy, text: str) -> None:
    if policy.document != json.loads(text):
        raise RefusedError(
            f"another enforcement has just made {policy.key}, with another content than this one's",
            fix="let one release file at a time be enforced in this account; then run it again",
        )


def _awaited(
    doing: ActionContext, right: Callable[[KeptPolicy], bool] = lambda _: True
) -> KeptPolicy:
    """Return a policy of which AWS says that it is there; it may not be known everywhere yet."""
    aws, parameters = doing.aws, doing.parameters
    kind, key = parameters.get("Type"), parameters.get("PolicyArn") or parameters.get("Name", "")
    if name := parameters.get("PolicyName"):
        key = arns.iam_arn(aws.partition, aws.account, "policy", name)

    def look() -> KeptPolicy | None:
        if kind:
            policy = organizations.named(aws, kind, key).get(key)
        else:
            policy = iam.managed_policy(aws, key)
        return policy if policy and right(policy) else None

    return until(
        doing, look,
        timeout_s=VERIFY_TIMEOUT_S,
        thing=key,
        fix="run the same command again: it begins with a look at what there is",
    )  # fmt: skip
