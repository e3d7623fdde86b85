"""Mechanism ``permissions_boundary``: all documents in one, as the boundary of named roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from typing import Any

from goldenami.aws import iam
from goldenami.domain.plan import Action
from goldenami.workflows.enforce import managed, ownership
from goldenami.workflows.enforce.documents import BOUNDARY, boundary
from goldenami.workflows.enforce.interface import (
    Attachment,
    Change,
    EnforceContext,
    MechanismPlan,
    in_order,
    joined,
    kind_of,
)

NAME = "permissions_boundary"


def part(context: EnforceContext) -> MechanismPlan:
    """Compare the roles' boundaries with what they should be."""
    wanted = context.enforce.mechanisms.permissions_boundary
    roles = wanted.roles if wanted and not context.remove else ()
    arn = managed.arn(context, BOUNDARY)
    policy = iam.managed_policy(context.aws, arn)
    if not roles:
        return _dropped(context, policy)
    found = {name: iam.role(context.aws, name) for name in roles}
    claims = MechanismPlan()
    if policy and policy.ours:
        claims = ownership.claims(context, {arn: ownership.of_tags(policy.tags)})
    problems = [*managed.foreign({arn: policy}), *_unfit(context, found, arn)]
    if problems or claims.problems:
        return joined([MechanismPlan(problems=tuple(problems)), claims])
    document = boundary(context.documents(NAME))
    steps = managed.written(context, arn, document, policy)
    kind = kind_of(policy, same=not steps)
    missing = tuple(name for name, role in found.items() if role and role.boundary != arn)
    held = policy.boundary_of if policy else ()
    surplus = tuple(name for name in held if name not in roles)
    steps += [_put(context, arn, name) for name in missing]
    steps += [_delete(context, arn, name) for name in surplus]
    steps += managed.retagged(context, policy)
    if steps:
        steps.append(managed.verification(context, arn, document, {"Boundaries": tuple(roles)}))
    change = Change(
        policy=arn,
        kind=kind,
        diff=managed.diff(policy.document if policy else None, document),
        lists=managed.lists(policy.document if policy else None, document),
        attach=tuple(f"role {name}" for name in missing),
        detach=tuple(f"role {name}" for name in surplus),
    )
    made = MechanismPlan(
        changes=(change,),
        actions=in_order(steps),
        attachments=(
            *(_attachment(name, arn, document.policy) for name in roles),
            *(_attachment(name, arn, None) for name in surplus),
        ),
    )
    return joined([made, claims])


def _dropped(context: EnforceContext, policy: iam.ManagedPolicy | None) -> MechanismPlan:
    if policy is None or not policy.ours:
        return MechanismPlan()
    name = ownership.of_tags(policy.tags)
    if ownership.stays(context, name, named=False):
        return ownership.left({policy.arn: name})
    elsewhere = [*policy.groups, *policy.others]
    steps = [_delete(context, policy.arn, name) for name in policy.boundary_of]
    if not elsewhere:
        steps += managed.deleted(context, policy)
    change = Change(
        policy=policy.arn,
        kind="keep" if elsewhere else "remove",
        detach=tuple(f"role {name}" for name in policy.boundary_of),
        diff=f"it stays attached to {', '.join(elsewhere)}" if elsewhere else "",
    )
    gone = tuple(_attachment(name, policy.arn, None) for name in policy.boundary_of)
    return MechanismPlan(changes=(change,), removals=in_order(steps), attachments=gone)


def _attachment(role: str, arn: str, document: dict[str, Any] | None) -> Attachment:
    return Attachment(
        holder="role-boundary", name=role, policy=arn.rpartition("/")[2], document=document
    )


def _unfit(
    context: EnforceContext, found: dict[str, iam.RoleBoundary | None], arn: str
) -> list[str]:
    pipeline = (context.enforce.pipeline_role or "").rpartition("/")[2]
    problems = [
        f"there is no role {name} in account {context.aws.account}"
        for name, role in found.items()
        if role is None
    ]
    problems += [
        f"role {name} has another permissions boundary, {role.boundary}"
        for name, role in found.items()
        if role and role.boundary and role.boundary != arn
    ]
    problems += [
        f"role {name} is AWS's own (service-linked), which takes no permissions boundary"
        for name, role in found.items()
        if role and role.service_linked
    ]
    if pipeline in found:
        problems.append(f"role {pipeline} is the pipeline role, which must not be bound")
    return problems


def _put(context: EnforceContext, arn: str, role: str) -> Action:
    return Action(
        id=f"bound {role}",
        summary=f"make {arn} the permissions boundary of role {role}",
        call="iam:PutRolePermissionsBoundary",
        region=context.region,
        parameters={"RoleName": role, "PermissionsBoundary": arn},
        permissions=("iam:PutRolePermissionsBoundary",),
    )


def _delete(context: EnforceContext, arn: str, role: str) -> Action:
    return Action(
        id=f"unbound {role}",
        summary=f"take the permissions boundary {arn} from role {role}",
        call="iam:DeleteRolePermissionsBoundary",
        region=context.region,
        parameters={"RoleName": role},
        permissions=("iam:DeleteRolePermissionsBoundary",),
    )
