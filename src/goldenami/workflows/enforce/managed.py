"""Managed policies of an account: made, given a new version, taken away, and read back."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from msgspec import structs

from goldenami.aws import iam
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.waits import until
from goldenami.domain import arns, prefixes, tags
from goldenami.domain.plan import Action
from goldenami.errors import RefusedError
from goldenami.iam import snapshot_list
from goldenami.iam.render import PolicyDocument
from goldenami.workflows.enforce import ownership
from goldenami.workflows.enforce.interface import EnforceContext

VERIFY_TIMEOUT_S = 60.0


def arn(context: EnforceContext, document: str) -> str:
    """Return the ARN of goldenami's policy for a document."""
    aws = context.aws
    name = f"{prefixes.POLICIES}{document}"
    return arns.iam_arn(aws.partition, aws.account, "policy", name)


def foreign(policies: Mapping[str, iam.ManagedPolicy | None]) -> list[str]:
    """Say which policies have goldenami's names and are somebody else's."""
    return [
        f"{arn} exists and was not made by goldenami (it has no tag {tags.POLICY})"
        for arn, policy in policies.items()
        if policy is not None and not policy.ours
    ]


def written(
    context: EnforceContext, arn: str, document: PolicyDocument, policy: iam.ManagedPolicy | None
) -> list[Action]:
    """Return the steps that give a policy this document; none if it has it."""
    text = document.json(minify=True)
    if policy is None:
        return [_create(context, arn, document.name, text)]
    if policy.document == document.policy:
        return []
    old = [_delete_version(context, arn, one.id) for one in policy.prunable]
    return [*old, _new_version(context, arn, text)]


def deleted(context: EnforceContext, policy: iam.ManagedPolicy) -> list[Action]:
    """Return the steps that delete a policy, after it was detached everywhere."""
    old = [_delete_version(context, policy.arn, v.id) for v in policy.versions if not v.default]
    last = Action(
        id=f"delete {policy.arn}",
        summary=f"delete {policy.arn}",
        call="iam:DeletePolicy",
        region=context.region,
        parameters={"PolicyArn": policy.arn},
        permissions=("iam:DeletePolicy",),
    )
    return [*old, last]


def retagged(context: EnforceContext, policy: iam.ManagedPolicy | None) -> list[Action]:
    """Return the steps that bring a policy's own tags about, beside the one it was made with."""
    if policy is None:
        return []
    wanted, stale = tags_to_change(context, policy.tags)
    steps = []
    if wanted:
        steps.append(
            _tagging(context, policy.arn, "TagPolicy", {"Tags": tags.to_aws(wanted)}, wanted)
        )
    if stale:
        steps.append(_tagging(context, policy.arn, "UntagPolicy", {"TagKeys": stale}, stale))
    return steps


def own_tags(context: EnforceContext, document: str) -> dict[str, str]:
    """Return the tags that a policy of goldenami's is made with."""
    return {tags.POLICY: document, tags.ENFORCED_BY: context.name} | context.tags


def tags_to_change(
    context: EnforceContext, now: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the tags that a policy of goldenami's lacks, and the keys it should not have."""
    wanted = {key: one for key, one in context.tags.items() if key not in now}
    if now.get(tags.ENFORCED_BY) != context.name:
        wanted[tags.ENFORCED_BY] = context.name
    stale = [key for key in (tags.UNPROVED,) if key in now and key not in context.tags]
    return wanted, stale


def verification(
    context: EnforceContext,
    arn: str,
    document: PolicyDocument,
    holders: Mapping[str, tuple[str, ...]],
) -> Action:
    """Return the step that reads a policy back.

    Args:
        context: as everywhere.
        arn: the policy's.
        document: what it should have.
        holders: ``Groups`` and ``Boundaries`` (of roles), by name.
    """
    return Action(
        id=f"verify {arn}",
        summary=f"read {arn} back",
        call="verify:policy",
        region=context.region,
        parameters={"PolicyArn": arn, "Document": document.json(minify=True), **holders},
        permissions=(
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
        ),
    )


def verify(doing: ActionContext) -> dict[str, Any]:
    """Wait until a policy's default version and holders read back as they were written."""
    wanted = json.loads(doing.parameters["Document"])
    groups = set(doing.parameters.get("Groups", ()))
    roles = set(doing.parameters.get("Boundaries", ()))
    arn = doing.parameters["PolicyArn"]

    def look() -> dict[str, Any] | None:
        policy = iam.managed_policy(doing.aws, arn)
        if policy is None or policy.document != wanted or not groups <= set(policy.groups):
            return None
        return {} if roles <= set(policy.boundary_of) else None

    return until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=arn)


def adopt(doing: ActionContext) -> dict[str, Any]:
    """Take a policy for the wanted one that was there when it was to be made.

    Raises:
        RefusedError: it is not goldenami's, or has another content.
    """
    aws, name = doing.aws, doing.parameters["PolicyName"]
    arn = arns.iam_arn(aws.partition, aws.account, "policy", name)
    policy = _settled(doing, arn)
    if not policy.ours:
        raise RefusedError(*foreign({arn: policy}))
    same(policy.document, doing.parameters["PolicyDocument"], arn)
    wanted = tags.from_aws(doing.parameters["Tags"])
    refuse_another(policy.tags, wanted, arn)
    if missing := {key: value for key, value in wanted.items() if key not in policy.tags}:
        tagging = {"PolicyArn": arn, "Tags": tags.to_aws(missing)}
        call(structs.replace(doing, parameters=tagging), "iam:TagPolicy", {})
    return {}


def adopt_version(doing: ActionContext) -> dict[str, Any]:
    """Take a policy's default version for the wanted one when there is no room for another.

    Raises:
        RefusedError: it has another content.
    """
    arn = doing.parameters["PolicyArn"]
    same(_settled(doing, arn).document, doing.parameters["PolicyDocument"], arn)
    return {}


def same(document: Mapping[str, Any], wanted: str, name: str) -> None:
    """See that a policy that somebody has just written has the wanted content.

    Raises:
        RefusedError: it has another one.
    """
    if document != json.loads(wanted):
        raise RefusedError(
            f"another enforcement has just made {name}, with another content than this one's",
            fix="let one release file at a time be enforced in this account; then run it again",
        )


def refuse_another(now: Mapping[str, str], wanted: Mapping[str, str], name: str) -> None:
    """See that a policy that somebody has just made belongs to the same enforcement, or to none.

    Raises:
        RefusedError: it belongs to another one.
    """
    whose = ownership.of_tags(now)
    if whose and whose != ownership.of_tags(wanted):
        raise RefusedError(
            f"{name} has just been attached by the enforcement `{whose}`",
            fix="let one enforcement at a time be applied in this account; then run it again",
        )


def _settled(doing: ActionContext, arn: str) -> iam.ManagedPolicy:
    """Return a policy of which AWS says that it is there; it may not be known everywhere yet."""
    return until(
        doing, lambda: iam.managed_policy(doing.aws, arn),
        timeout_s=VERIFY_TIMEOUT_S, thing=arn,
    )  # fmt: skip


def diff(before: Mapping[str, Any] | None, document: PolicyDocument) -> str:
    """Show how a document differs; of a new one its statements, which say what they do."""
    if before is None:
        return "\n".join(
            f"+ {one['Effect']} {one.get('Sid', '')}" for one in document.policy["Statement"]
        )
    if before == document.policy:
        return ""
    old = json.dumps(before, indent=2).splitlines()
    new = document.json().splitlines()
    return "\n".join(difflib.unified_diff(old, new, "attached", "rendered", lineterm="", n=2))


def lists(
    before: Mapping[str, Any] | None, document: PolicyDocument
) -> snapshot_list.Difference | None:
    """Tell how the list of snapshots differs of a document that differs in nothing else."""
    if before is None or before == document.policy:
        return None
    return snapshot_list.difference(before, document.policy)


def _create(context: EnforceContext, arn: str, name: str, text: str) -> Action:
    return Action(
        id=f"create {arn}",
        summary=f"create {arn}",
        call="iam:CreatePolicy",
        region=context.region,
        parameters={
            "PolicyName": arn.rpartition("/")[2],
            "PolicyDocument": text,
            "Description": f"goldenami profile document {name}",
            "Tags": tags.to_aws(own_tags(context, name)),
        },
        permissions=("iam:CreatePolicy", "iam:TagPolicy"),
        adopt="adopt:policy",
    )


def _new_version(context: EnforceContext, arn: str, text: str) -> Action:
    return Action(
        id=f"update {arn}",
        summary=f"make a new default version of {arn}",
        call="iam:CreatePolicyVersion",
        region=context.region,
        parameters={"PolicyArn": arn, "PolicyDocument": text, "SetAsDefault": True},
        permissions=("iam:CreatePolicyVersion",),
        adopt="adopt:policy-version",
    )


def _delete_version(context: EnforceContext, arn: str, version: str) -> Action:
    return Action(
        id=f"prune {arn} {version}",
        summary=f"delete version {version} of {arn}",
        call="iam:DeletePolicyVersion",
        region=context.region,
        parameters={"PolicyArn": arn, "VersionId": version},
        permissions=("iam:DeletePolicyVersion",),
    )


def _tagging(
    context: EnforceContext, arn: str, operation: str, parameters: Mapping[str, Any], keys: Any
) -> Action:
    return Action(
        id=f"{operation} {arn}",
        summary=f"{operation[: -len('Policy')].lower()} {arn}: {', '.join(keys)}",
        call=f"iam:{operation}",
        region=context.region,
        parameters={"PolicyArn": arn, **parameters},
        permissions=(f"iam:{operation}",),
    )
