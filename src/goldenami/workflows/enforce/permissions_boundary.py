"""Mechanism ``permissions_boundary``: all documents in one, as the boundary of named roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Iterator, Mapping

from msgspec import structs

from goldenami.aws import iam
from goldenami.workflows.enforce import group_policy
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan, joined
from goldenami.workflows.enforce.operations import Operation
from goldenami.workflows.enforce.reconcile import Comparison, reconcile
from goldenami.workflows.enforce.rendering import BOUNDARY, boundary

NAME = "permissions_boundary"


OPERATIONS = structs.replace(
    group_policy.OPERATIONS,
    holder="role-boundary",
    holder_title="role {holder}",
    calls={
        **group_policy.OPERATIONS.calls,
        "attach": Operation(
            "iam:PutRolePermissionsBoundary",
            {"RoleName": "holder", "PermissionsBoundary": "key"},
            "make {policy} the permissions boundary of role {holder}",
        ),
        "detach": Operation(
            "iam:DeleteRolePermissionsBoundary",
            {"RoleName": "holder"},
            "take the permissions boundary {policy} from role {holder}",
        ),
        "verify": structs.replace(
            group_policy.OPERATIONS.calls["verify"],
            values={"PolicyArn": "key", "Document": "text", "Boundaries": "holders"},
        ),
    },
)


def plan(context: EnforceContext) -> MechanismPlan:
    """Compare the roles' boundaries with what they should be."""
    settings = context.enforce.mechanisms.permissions_boundary
    names = settings.roles if settings and not context.remove else ()
    arn = context.policy_arn(BOUNDARY)
    policy = iam.managed_policy(context.aws, arn)
    roles = {name: iam.role(context.aws, name) for name in names}
    current = []
    if policy:
        bound = [name for name, role in roles.items() if role and role.boundary == arn]
        surplus = [name for name in policy.holders["role-boundary"] if name not in names]
        elsewhere = (*policy.holders["group"], *policy.elsewhere)
        holders = {"role-boundary": (*bound, *surplus)}
        current.append(structs.replace(policy, holders=holders, elsewhere=elsewhere))
    comparison = Comparison(
        desired={arn: boundary(context.documents(NAME))} if names else {},
        current=current,
        holders=names,
        in_use=bool(names),
    )
    unfit = MechanismPlan(problems=tuple(_unfit(context, roles, arn)))
    return joined([reconcile(context, OPERATIONS, comparison), unfit])


def _unfit(
    context: EnforceContext, roles: Mapping[str, iam.RoleBoundary | None], arn: str
) -> Iterator[str]:
    pipeline = (context.enforce.pipeline_role or "").rpartition("/")[2]
    for name, role in roles.items():
        if role is None:
            yield f"there is no role {name} in account {context.aws.account}"
            continue
        if role.boundary and role.boundary != arn:
            yield f"role {name} has another permissions boundary, {role.boundary}"
        if role.service_linked:
            yield f"role {name} is AWS's own (service-linked), which takes no permissions boundary"
    if pipeline in roles:
        yield f"role {pipeline} is the pipeline role, which must not be bound"
