"""Mechanisms ``group_policy`` and ``permissions_boundary``: managed policies of the account.

The first attaches each document to the admin groups, the second makes one of all documents the
boundary of named roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial

from msgspec import structs

from goldenami.aws import iam
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.iam.profiles import load_profiles
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan, joined
from goldenami.workflows.enforce.operations import Operation, PolicyOperations
from goldenami.workflows.enforce.reconcile import Comparison
from goldenami.workflows.enforce.rendering import BOUNDARY, boundary

NOTE = "a group holds users only: roles and SSO sessions are not bound by what is attached to it"
GROUPS = PolicyOperations(
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
"""How managed policies are kept, and attached to groups."""
BOUNDARIES = structs.replace(
    GROUPS,
    holder="role-boundary",
    holder_title="role {holder}",
    calls={
        **GROUPS.calls,
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
            GROUPS.calls["verify"],
            values={"PolicyArn": "key", "Document": "text", "Boundaries": "holders"},
        ),
    },
)


def group_policy(context: EnforceContext) -> MechanismPlan:
    """Compare what should be attached to the groups with what is.

    A policy that this enforcement attached and no longer wants is taken away. Groups that it does
    not name are left alone.
    """
    enforce = context.enforce
    quota = ahead(partial(iam.attachments_per_group, context.aws)) if enforce.groups else int
    policies = side_by_side(enforce.groups, partial(iam.attached, context.aws))
    attached = {group: arns for group, arns in policies.items() if arns is not None}
    if missing := [group for group in policies if group not in attached]:
        problem = f"there is no IAM group {', '.join(missing)} in account {context.aws.account}"
        return MechanismPlan(problems=(problem,))
    documents = context.documents("group_policy")
    desired = {context.policy_arn(document.name): document for document in documents}
    in_use = bool(enforce.mechanisms.group_policy)
    comparison = Comparison(
        context=context,
        operations=GROUPS,
        desired=desired,
        current=_current(context, attached, desired),
        holders=tuple(attached),
        attached=attached,
        quota=quota(),
        in_use=in_use,
    )
    notes = MechanismPlan(notes=(NOTE,) if in_use and not context.remove else ())
    return joined([notes, comparison.plan()])


def permissions_boundary(context: EnforceContext) -> MechanismPlan:
    """Compare the roles' boundaries with what they should be."""
    settings = context.enforce.mechanisms.permissions_boundary
    names = settings.roles if settings and not context.remove else ()
    arn = context.policy_arn(BOUNDARY)
    asking = ahead(partial(side_by_side, names, partial(iam.role, context.aws)))
    policy, roles = iam.managed_policy(context.aws, arn), asking()
    current = {}
    if policy:
        bound = [name for name, role in roles.items() if role and role.boundary == arn]
        surplus = [name for name in policy.holders["role-boundary"] if name not in names]
        elsewhere = (*policy.holders["group"], *policy.elsewhere)
        holders = {"role-boundary": (*bound, *surplus)}
        current[arn] = structs.replace(policy, holders=holders, elsewhere=elsewhere)
    comparison = Comparison(
        context=context,
        operations=BOUNDARIES,
        desired={arn: boundary(context.documents("permissions_boundary"))} if names else {},
        current=current,
        holders=names,
        in_use=bool(names),
    )
    unfit = MechanismPlan(problems=tuple(_unfit(context, roles, arn)))
    return joined([comparison.plan(), unfit])


def _current(
    context: EnforceContext, attached: Mapping[str, Collection[str]], desired: Iterable[str]
) -> dict[str, KeptPolicy]:
    """Return the policies that may be goldenami's, but for the boundary.

    Whatever else has one than the groups of the file keeps it alive.
    """
    prefix = context.policy_arn("")
    keys = {arn for arns in attached.values() for arn in arns if arn.startswith(prefix)}
    if context.remove or not attached:  # also those that somebody detached by hand
        keys |= {context.policy_arn(name) for name in load_profiles()}
    keys.discard(context.policy_arn(BOUNDARY))
    current = {}
    read = side_by_side(sorted(keys.union(desired)), partial(iam.managed_policy, context.aws))
    for arn, policy in read.items():
        if policy:
            holders = tuple(group for group, arns in attached.items() if arn in arns)
            others = (group for group in policy.holders["group"] if group not in holders)
            roles = (f"role {name} (boundary)" for name in policy.holders["role-boundary"])
            elsewhere = (*others, *policy.elsewhere, *roles)
            current[arn] = structs.replace(policy, holders={"group": holders}, elsewhere=elsewhere)
    return current


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
        if role.path.startswith("/aws-service-role/"):
            yield f"role {name} is AWS's own (service-linked), which takes no permissions boundary"
    if pipeline in roles:
        yield f"role {pipeline} is the pipeline role, which must not be bound"
