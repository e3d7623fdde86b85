"""The policies of an enforcement, and who they are attached to; and what is asked of IAM first.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from collections.abc import Iterator

from goldenami.domain import arns, prefixes, tags
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.names import ACCOUNT
from goldenami.iam.permissions.grant import GrantUse, condition, equals
from goldenami.workflows.enforce.rendering import BOUNDARY
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRules,
    conditions,
    of_each,
    read_anywhere,
    sometimes,
    used,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope

_TYPES = ("DECLARATIVE_POLICY_EC2", "SERVICE_CONTROL_POLICY")
_PIPELINE = (PermissionCommand.ENFORCE, PermissionCommand.AUDIT)


def _ours(scope: PermissionScope) -> str:
    return scope.arn("iam", "policy", f"{prefixes.POLICIES}*")


def _policy(scope: PermissionScope) -> Iterator[GrantBounds]:
    yield GrantBounds("OwnPolicies", (_ours(scope),))


def _new_policy(scope: PermissionScope) -> Iterator[GrantBounds]:
    marked = condition("Null", f"aws:RequestTag/{tags.POLICY}", ["false"])
    yield GrantBounds("MakePolicies", (_ours(scope),), (marked,))


def _attach(scope: PermissionScope) -> Iterator[GrantBounds]:
    """To the groups of the file, and no policy of anybody else."""
    if groups := scope.enforcement.enforce.groups:
        named = tuple(sorted(scope.arn("iam", "group", name) for name in groups))
        ours = condition("ArnLike", "iam:PolicyARN", [_ours(scope)])
        yield GrantBounds("AttachToGroups", named, (ours,))


def _groups(scope: PermissionScope) -> Iterator[GrantBounds]:
    if groups := scope.enforcement.enforce.groups:
        named = tuple(sorted(scope.arn("iam", "group", name) for name in groups))
        yield GrantBounds("ReadGroups", named)


def _bound(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The boundary of the roles of the file, and no other one."""
    settings = scope.enforcement.enforce.mechanisms.permissions_boundary
    if settings is None:
        return
    roles = tuple(sorted(_role(scope, name) for name in settings.roles))
    boundary = scope.arn("iam", "policy", f"{prefixes.POLICIES}{BOUNDARY}")
    yield GrantBounds(
        "BoundRoles", roles, (condition("ArnLike", "iam:PermissionsBoundary", [boundary]),)
    )


def _role(scope: PermissionScope, name: str) -> str:
    return name if name.startswith("arn:") else scope.arn("iam", "role", name)


def _read_role(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The caller's own role, and those that an enforcement is about."""
    enforce = scope.enforcement.enforce
    names = [scope.holder]
    if scope.command in _PIPELINE:
        boundary = enforce.mechanisms.permissions_boundary
        names = [enforce.pipeline_role or "", *(boundary.roles if boundary else ())]
    if roles := tuple(sorted({_role(scope, name) for name in names if name})):
        use = None if scope.command in _PIPELINE else GrantUse.LOOK
        yield GrantBounds("AskOwnRole", roles, (), use)


def _simulate(scope: PermissionScope) -> Iterator[GrantBounds]:
    own = (_role(scope, scope.holder),)
    yield GrantBounds("AskOwnRole", own, (), GrantUse.LOOK)


def _organization(scope: PermissionScope) -> str:
    """Return who manages the organization, as far as the file says."""
    named = (*scope.release.share.organizations, *scope.release.share.organizational_units)
    accounts = {arn.split(":")[4] for arn in named}
    account = accounts.pop() if len(accounts) == 1 else ""
    return account if ACCOUNT.fullmatch(account) else ANY


def _targets(scope: PermissionScope) -> Iterator[str]:
    used_by = scope.enforcement.enforce.mechanisms
    named = [*(used_by.scp.targets if used_by.scp else ())]
    named += used_by.declarative_policy.targets if used_by.declarative_policy else ()
    for target in dict.fromkeys(named):
        kind = {"r": "root", "o": "ou"}.get(target[0], "account")
        yield arns.pattern(
            scope.partition, "organizations", "", _organization(scope), f"{kind}/o-*/{target}"
        )


def _organization_policies(scope: PermissionScope) -> str:
    return arns.pattern(
        scope.partition, "organizations", "", _organization(scope), "policy/o-*/*/p-*"
    )


def _organization_policy(scope: PermissionScope) -> Iterator[GrantBounds]:
    of_type = equals("organizations:PolicyType", *_TYPES)
    yield GrantBounds("OrganizationPolicies", (_organization_policies(scope),), (of_type,))


def _organization_tags(scope: PermissionScope) -> Iterator[GrantBounds]:
    ours = condition("ForAllValues:StringLike", "aws:TagKeys", [f"{prefixes.TAGS}*"])
    yield GrantBounds("OrganizationTags", (_organization_policies(scope),), (ours,))


def _organization_tags_read(scope: PermissionScope) -> Iterator[GrantBounds]:
    yield GrantBounds("ReadOrganization", (_organization_policies(scope),))


def _new_organization_policy(scope: PermissionScope) -> Iterator[GrantBounds]:
    of_type = equals("organizations:PolicyType", *_TYPES)
    marked = condition("Null", f"aws:RequestTag/{tags.POLICY}", ["false"])
    yield GrantBounds("MakeOrganizationPolicies", (ANY,), conditions(of_type, marked))


def _attach_in_organization(scope: PermissionScope) -> Iterator[GrantBounds]:
    if targets := tuple(_targets(scope)):
        of_type = equals("organizations:PolicyType", *_TYPES)
        named = (*targets, _organization_policies(scope))
        yield GrantBounds("AttachInOrganization", named, (of_type,))


def _assume(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The role of each account that gets copies; of an audit, the role of any account."""
    roles = {
        arns.iam_arn(scope.partition, copies.account, "role", copies.role)
        for copies in scope.release.copies
    }
    audit = scope.release.audit
    if scope.command in (PermissionCommand.AUDIT, PermissionCommand.REMEDIATE):
        listed = (ANY,) if audit.accounts == "organization" else audit.accounts
        roles = {
            arns.iam_arn(scope.partition, account, "role", audit.role)
            for account in listed
            if audit.role and account != scope.account
        }
    if roles and scope.is_home:
        yield GrantBounds("ActInOtherAccounts", tuple(sorted(roles)))


RULES: GrantRules = {
    **of_each(_policy, "iam:DeletePolicy", "iam:CreatePolicyVersion"),
    **of_each(
        sometimes(_policy),
        "iam:DeletePolicyVersion",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:ListEntitiesForPolicy",
        "iam:ListPolicyVersions",
        "iam:UntagPolicy",
    ),
    "iam:CreatePolicy": _new_policy,
    "iam:TagPolicy": used(_policy, GrantUse.SERVICE),
    **of_each(_attach, "iam:AttachGroupPolicy", "iam:DetachGroupPolicy"),
    "iam:ListAttachedGroupPolicies": _groups,
    **of_each(_bound, "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"),
    "iam:GetRole": _read_role,
    "iam:SimulatePrincipalPolicy": _simulate,
    **of_each(
        sometimes(read_anywhere), "iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary"
    ),
    **of_each(
        sometimes(read_anywhere),
        "organizations:DescribeOrganization",
        "organizations:ListAccounts",
        "organizations:ListPolicies",
        "organizations:ListRoots",
    ),
    **of_each(
        sometimes(read_anywhere),
        "organizations:ListAccountsForParent",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListParents",
        "organizations:ListPoliciesForTarget",
        "organizations:ListTargetsForPolicy",
        "organizations:DescribePolicy",
    ),
    "organizations:ListTagsForResource": sometimes(_organization_tags_read),
    "organizations:CreatePolicy": _new_organization_policy,
    **of_each(
        sometimes(_organization_policy),
        "organizations:DeletePolicy",
        "organizations:UpdatePolicy",
    ),
    **of_each(
        sometimes(_organization_tags), "organizations:TagResource", "organizations:UntagResource"
    ),
    **of_each(_attach_in_organization, "organizations:AttachPolicy", "organizations:DetachPolicy"),
    "sts:AssumeRole": _assume,
}
