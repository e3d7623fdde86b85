"""Policies of an organization, of any type: made, changed, attached, detached, and read back."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import organizations
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.organizations import OrganizationPolicy
from goldenami.aws.waits import until
from goldenami.domain import prefixes, tags
from goldenami.domain.plan import Action, Ref
from goldenami.errors import RefusedError
from goldenami.iam.render import PolicyDocument
from goldenami.workflows.enforce import managed, ownership
from goldenami.workflows.enforce.interface import (
    Attachment,
    Change,
    EnforceContext,
    MechanismPlan,
    in_order,
    joined,
    kind_of,
    replaced,
)

VERIFY_TIMEOUT_S = 60.0


class DesiredPolicies(Struct, frozen=True):
    """The policies of one type that should be there, and what they should be attached to."""

    kind: str
    documents: tuple[PolicyDocument, ...]
    targets: tuple[str, ...]


def part(context: EnforceContext, wish: DesiredPolicies | None, kind: str) -> MechanismPlan:
    """Compare an organization's policies of a type with what should be there.

    Without a wish, what goldenami made is taken away. A caller who may not read the organization's
    policies has then made none: only a removal says so.

    Raises:
        RefusedError: policies are wished for, and the organization's cannot be read.
    """
    wish = None if context.remove else wish
    try:
        now = organizations.named(context.aws, kind, prefixes.POLICIES)
    except RefusedError as error:
        if wish:
            raise
        told = f"policies of an organization were not looked for: {error.message}"
        return MechanismPlan(notes=(told,) if context.remove else ())
    if wish is None:
        return joined(_dropped(context, kind, one, named=False) for one in now.values())
    wanted = {f"{prefixes.POLICIES}{document.name}": document for document in wish.documents}
    problems, room = _checked(context, wish, wanted, now)
    claims = ownership.claims(
        context,
        {
            f"{kind} {name}": ownership.of_tags(policy.tags)
            for name, policy in now.items()
            if name in wanted and policy.ours
        },
    )
    if problems or claims.problems:
        return joined([MechanismPlan(problems=tuple(problems)), claims])
    kept = [_kept(context, wish, name, one, now.get(name)) for name, one in wanted.items()]
    dropped = [
        _dropped(context, kind, one, named=True) for name, one in now.items() if name not in wanted
    ]
    return joined([replaced(joined(kept), joined(dropped), room=room), claims])


def verify(doing: ActionContext) -> dict[str, Any]:
    """Wait until a policy's content and targets read back as they were written."""
    kind, name = doing.parameters["Type"], doing.parameters["Name"]
    wanted, targets = json.loads(doing.parameters["Content"]), set(doing.parameters["Targets"])

    def look() -> dict[str, Any] | None:
        policy = organizations.named(doing.aws, kind, name).get(name)
        right = policy and policy.document == wanted and targets <= set(policy.targets)
        return {} if right else None

    return until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=name)


def adopt(doing: ActionContext) -> dict[str, Any]:
    """Take a policy for the wanted one that was there when it was to be made.

    Raises:
        RefusedError: it is not goldenami's, or has another content.
    """
    kind, name = doing.parameters["Type"], doing.parameters["Name"]

    def look() -> OrganizationPolicy | None:
        return organizations.named(doing.aws, kind, name).get(name)

    policy = until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=name)
    if not policy.ours:
        raise RefusedError(_foreign(name))
    managed.same(policy.document, doing.parameters["Content"], name)
    wanted = tags.from_aws(doing.parameters["Tags"])
    managed.refuse_another(policy.tags, wanted, name)
    if missing := {key: value for key, value in wanted.items() if key not in policy.tags}:
        tagging = {"ResourceId": policy.id, "Tags": tags.to_aws(missing)}
        call(structs.replace(doing, parameters=tagging), "organizations:TagResource", {})
    return {"policy_id": policy.id}


def _foreign(name: str) -> str:
    return (
        f"the organization's policy {name} was not made by goldenami (it has no tag {tags.POLICY})"
    )


def _goes(context: EnforceContext, policy: OrganizationPolicy) -> bool:
    name = ownership.of_tags(policy.tags)
    return policy.ours and not ownership.stays(context, name, named=True)


def _checked(
    context: EnforceContext,
    wish: DesiredPolicies,
    wanted: Mapping[str, PolicyDocument],
    now: Mapping[str, OrganizationPolicy],
) -> tuple[list[str], bool]:
    """Return what is in the way, and whether old and new policies fit beside each other."""
    problems = [
        _foreign(name) for name, policy in now.items() if name in wanted and not policy.ours
    ]
    if wish.kind not in organizations.enabled_types(context.aws):
        problems.append(
            f"{wish.kind} is not enabled in the organization's root: "
            f"`aws organizations enable-policy-type --policy-type {wish.kind} --root-id r-…`"
        )
        return problems, True
    going, room = {name for name, one in now.items() if _goes(context, one)}, True
    for target in wish.targets:
        there = organizations.attached(context.aws, wish.kind, target)
        if there is None:
            problems.append(f"the organization has no root, unit or account {target}")
            continue
        names = set(there.values())
        would_have = len((names - going) | wanted.keys())
        if would_have > organizations.POLICIES_PER_TARGET:
            problems.append(
                f"{target} would have {would_have} policies of type {wish.kind}, of "
                f"{organizations.POLICIES_PER_TARGET} allowed"
            )
        room = room and len(names | wanted.keys()) <= organizations.POLICIES_PER_TARGET
    return problems, room


def _kept(
    context: EnforceContext,
    wish: DesiredPolicies,
    name: str,
    document: PolicyDocument,
    policy: OrganizationPolicy | None,
) -> MechanismPlan:
    text = document.json(minify=True)
    made = f"create {wish.kind} {name}"
    steps = []
    if policy is None:
        steps.append(_create(context, wish, made, name, document.name, text))
    elif policy.document != document.policy:
        steps.append(_update(context, policy, text))
    policy_id = policy.id if policy else Ref(made, "policy_id")
    held = policy.targets if policy else ()
    missing = tuple(one for one in wish.targets if one not in held)
    surplus = tuple(one for one in held if one not in wish.targets)
    steps += [_call(context, "AttachPolicy", name, policy_id, one) for one in missing]
    steps += [_call(context, "DetachPolicy", name, policy_id, one) for one in surplus]
    same = policy is not None and policy.document == document.policy
    steps += _retagged(context, policy)
    if steps:
        steps.append(_verification(context, wish, name, text))
    change = Change(
        policy=f"{wish.kind} {name}",
        kind=kind_of(policy, same=same),
        diff=managed.diff(policy.document if policy else None, document)
        if "Statement" in document.policy
        else "",
        attach=missing,
        detach=surplus,
        lists=managed.lists(policy.document if policy else None, document),
    )
    return MechanismPlan(
        changes=(change,),
        actions=in_order(steps),
        attachments=(
            *_attachments(wish.kind, name, wish.targets, document.policy),
            *_attachments(wish.kind, name, surplus, None),
        ),
    )


def _dropped(
    context: EnforceContext, kind: str, policy: OrganizationPolicy, *, named: bool
) -> MechanismPlan:
    if not policy.ours:
        return MechanismPlan()
    name = ownership.of_tags(policy.tags)
    if ownership.stays(context, name, named=named):
        return ownership.left({f"{kind} {policy.name}": name})
    steps = [_call(context, "DetachPolicy", policy.name, policy.id, one) for one in policy.targets]
    steps.append(
        Action(
            id=f"delete {policy.id}",
            summary=f"delete the organization's policy {policy.name}",
            call="organizations:DeletePolicy",
            region=context.region,
            parameters={"PolicyId": policy.id},
            permissions=("organizations:DeletePolicy",),
        )
    )
    return MechanismPlan(
        changes=(Change(policy=f"{kind} {policy.name}", kind="remove", detach=policy.targets),),
        removals=in_order(steps),
        attachments=_attachments(kind, policy.name, policy.targets, None),
    )


def _attachments(
    kind: str, name: str, targets: tuple[str, ...], document: dict[str, Any] | None
) -> tuple[Attachment, ...]:
    """Return what a proof is about: service control policies, and no settings."""
    if kind != organizations.SCP:
        return ()
    return tuple(
        Attachment(holder="organization-target", name=one, policy=name, document=document)
        for one in targets
    )


def _create(
    context: EnforceContext, wish: DesiredPolicies, id_: str, name: str, document: str, text: str
) -> Action:
    return Action(
        id=id_,
        summary=f"create the organization's policy {name} ({wish.kind})",
        call="organizations:CreatePolicy",
        region=context.region,
        parameters={
            "Name": name,
            "Type": wish.kind,
            "Content": text,
            "Description": f"goldenami profile document {document}",
            "Tags": tags.to_aws(managed.own_tags(context, document)),
        },
        outputs={"policy_id": "Policy.PolicySummary.Id"},
        adopt="adopt:organization-policy",
        permissions=("organizations:CreatePolicy", "organizations:TagResource"),
    )


def _update(context: EnforceContext, policy: OrganizationPolicy, text: str) -> Action:
    return Action(
        id=f"update {policy.id}",
        summary=f"update the organization's policy {policy.name}",
        call="organizations:UpdatePolicy",
        region=context.region,
        parameters={"PolicyId": policy.id, "Content": text},
        permissions=("organizations:UpdatePolicy",),
    )


def _retagged(context: EnforceContext, policy: OrganizationPolicy | None) -> list[Action]:
    if policy is None:
        return []
    wanted, stale = managed.tags_to_change(context, policy.tags)
    steps = []
    if wanted:
        steps.append(_tagging(context, policy, "Tag", wanted, {"Tags": tags.to_aws(wanted)}))
    if stale:
        steps.append(_tagging(context, policy, "Untag", stale, {"TagKeys": stale}))
    return steps


def _tagging(
    context: EnforceContext,
    policy: OrganizationPolicy,
    verb: str,
    keys: Iterable[str],
    parameters: Mapping[str, Any],
) -> Action:
    return Action(
        id=f"{verb} {policy.id}",
        summary=f"{verb.lower()} the organization's policy {policy.name}: {', '.join(keys)}",
        call=f"organizations:{verb}Resource",
        region=context.region,
        parameters={"ResourceId": policy.id, **parameters},
        permissions=(f"organizations:{verb}Resource",),
    )


def _call(
    context: EnforceContext, operation: str, name: str, policy_id: str | Ref, target: str
) -> Action:
    verb, to = ("attach", "to") if operation == "AttachPolicy" else ("detach", "from")
    return Action(
        id=f"{verb} {name} {target}",
        summary=f"{verb} the organization's policy {name} {to} {target}",
        call=f"organizations:{operation}",
        region=context.region,
        parameters={"PolicyId": policy_id, "TargetId": target},
        permissions=(f"organizations:{operation}",),
    )


def _verification(context: EnforceContext, wish: DesiredPolicies, name: str, text: str) -> Action:
    return Action(
        id=f"verify {wish.kind} {name}",
        summary=f"read the organization's policy {name} back",
        call="verify:organization-policy",
        region=context.region,
        parameters={"Type": wish.kind, "Name": name, "Content": text, "Targets": wish.targets},
        permissions=(
            "organizations:DescribePolicy",
            "organizations:ListPolicies",
            "organizations:ListTagsForResource",
            "organizations:ListTargetsForPolicy",
        ),
    )
