"""Mechanism ``group_policy``: each document as a managed policy, attached to the admin groups."""

from collections.abc import Container, Iterator
from typing import Any

from goldenami.aws import iam
from goldenami.domain.plan import Action
from goldenami.iam.profiles import load_profiles
from goldenami.iam.render import PolicyDocument
from goldenami.workflows.enforce import managed, ownership
from goldenami.workflows.enforce.documents import BOUNDARY
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

NAME = "group_policy"

_Groups = dict[str, dict[str, str]]
"""Names of the attached policies by ARN, by group."""


def part(context: EnforceContext) -> MechanismPlan:
    """Compare what should be attached to the groups with what is.

    A policy that this enforcement attached and no longer wants is taken away. Groups that it does
    not name are left alone.
    """
    enforce = context.enforce
    found = {one: iam.attached(context.aws, one) for one in enforce.groups}
    missing = [group for group, names in found.items() if names is None]
    if missing:
        account = context.aws.account
        return MechanismPlan(
            problems=(f"there is no IAM group {', '.join(missing)} in account {account}",)
        )
    attached = {group: names or {} for group, names in found.items()}
    wanted = {managed.arn(context, one.name): one for one in context.documents(NAME)}
    now = _now(context, attached, wanted)
    problems = [*managed.foreign({arn: now[arn] for arn in wanted})]
    claims = ownership.claims(context, _names(now, wanted))
    quota = iam.attachments_per_group(context.aws) if attached else 0
    kept = [_kept(context, arn, one, now[arn], attached) for arn, one in wanted.items()]
    surplus = {arn: one for arn, one in now.items() if arn not in wanted}
    staying = {
        arn: name
        for arn, name in _names(surplus, surplus).items()
        if ownership.stays(context, name, named=bool(enforce.mechanisms.group_policy))
    }
    problems += _full(quota, attached, wanted, now, staying)
    dropped = [
        _dropped(context, one, attached) for arn, one in surplus.items() if arn not in staying
    ]
    both = replaced(
        joined(kept),
        joined(dropped),
        room=all(len(names.keys() | wanted.keys()) <= quota for names in attached.values()),
    )
    told = MechanismPlan(problems=tuple(problems), notes=_notes(context))
    return joined([both, told, claims, ownership.left(staying)])


def _names(now: dict[str, iam.ManagedPolicy | None], chosen: Container[str]) -> dict[str, str]:
    """Return the names of enforcements that goldenami's policies carry, by ARN."""
    return {
        arn: ownership.of_tags(policy.tags)
        for arn, policy in now.items()
        if arn in chosen and policy and policy.ours
    }


def _now(
    context: EnforceContext, attached: _Groups, wanted: dict[str, PolicyDocument]
) -> dict[str, iam.ManagedPolicy | None]:
    ours = managed.arn(context, "")
    present = {arn for names in attached.values() for arn in names if arn.startswith(ours)}
    if context.remove or not attached:  # also those that somebody detached by hand
        present |= {managed.arn(context, name) for name in load_profiles()}
    present.discard(managed.arn(context, BOUNDARY))
    return {arn: iam.managed_policy(context.aws, arn) for arn in sorted(present | set(wanted))}


def _full(
    quota: int,
    attached: _Groups,
    wanted: dict[str, PolicyDocument],
    now: dict[str, iam.ManagedPolicy | None],
    staying: Container[str],
) -> Iterator[str]:
    going = {arn for arn, one in now.items() if one and one.ours and arn not in staying}
    for group, names in attached.items():
        would_have = (set(names) - going) | set(wanted)
        if len(would_have) > quota:
            yield f"group {group} would have {len(would_have)} managed policies, of {quota} allowed"


def _kept(
    context: EnforceContext,
    arn: str,
    document: PolicyDocument,
    policy: iam.ManagedPolicy | None,
    attached: _Groups,
) -> MechanismPlan:
    missing = tuple(group for group, names in attached.items() if arn not in names)
    steps = managed.written(context, arn, document, policy)
    kind = kind_of(policy, same=not steps)
    steps += [_group_call(context, "AttachGroupPolicy", "attach", arn, one) for one in missing]
    steps += managed.retagged(context, policy)
    if steps:
        steps.append(managed.verification(context, arn, document, {"Groups": tuple(attached)}))
    change = Change(
        policy=arn,
        kind=kind,
        diff=managed.diff(policy.document if policy else None, document),
        lists=managed.lists(policy.document if policy else None, document),
        attach=missing,
    )
    return MechanismPlan(
        changes=(change,),
        actions=in_order(steps),
        attachments=tuple(_attachment(group, arn, document.policy) for group in attached),
    )


def _dropped(
    context: EnforceContext, policy: iam.ManagedPolicy | None, attached: _Groups
) -> MechanismPlan:
    if policy is None or not policy.ours:
        return MechanismPlan()  # not there, or named like ours and somebody else's
    mine = tuple(group for group, names in attached.items() if policy.arn in names)
    steps = [
        _group_call(context, "DetachGroupPolicy", "detach", policy.arn, group) for group in mine
    ]
    bound = (f"role {name} (boundary)" for name in policy.boundary_of)
    elsewhere = [*(one for one in policy.groups if one not in mine), *policy.others, *bound]
    if not elsewhere:
        steps += managed.deleted(context, policy)
    change = Change(
        policy=policy.arn,
        kind="keep" if elsewhere else "remove",
        detach=mine,
        diff=f"it stays attached to {', '.join(elsewhere)}" if elsewhere else "",
    )
    gone = tuple(_attachment(group, policy.arn, None) for group in mine)
    return MechanismPlan(changes=(change,), removals=in_order(steps), attachments=gone)


def _attachment(group: str, arn: str, document: dict[str, Any] | None) -> Attachment:
    return Attachment(holder="group", name=group, policy=arn.rpartition("/")[2], document=document)


def _notes(context: EnforceContext) -> tuple[str, ...]:
    if context.remove or not context.enforce.mechanisms.group_policy:
        return ()
    return (
        "a group holds users only: roles and SSO sessions are not bound by what is attached to it",
    )


def _group_call(context: EnforceContext, operation: str, verb: str, arn: str, group: str) -> Action:
    return Action(
        id=f"{verb} {arn} {group}",
        summary=f"{verb} {arn} {'to' if verb == 'attach' else 'from'} group {group}",
        call=f"iam:{operation}",
        region=context.region,
        parameters={"GroupName": group, "PolicyArn": arn},
        permissions=(f"iam:{operation}",),
    )
