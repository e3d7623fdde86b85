"""IAM: policies, roles, and everybody in an account.

https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from goldenami.aws.answers.interface import MarkedPage, Row, Tagged, Text, listing, only, single

Document = dict[str, Any]
"""A policy; botocore decodes it."""


class AttachedPolicy(Row, frozen=True, kw_only=True):
    """A managed policy, as it is attached."""

    policy_arn: Text
    policy_name: Text


ListAttachedGroupPolicies = listing(
    "iam:ListAttachedGroupPolicies", "AttachedPolicies", AttachedPolicy, MarkedPage
)
GetAccountSummary = single(
    "iam:GetAccountSummary", "SummaryMap", only("AttachedPoliciesPerGroupQuota", int)
)
"""What the account has and may have."""


class AttachedBoundary(Row, frozen=True, kw_only=True):
    """The permissions boundary of a user or role."""

    permissions_boundary_arn: Text


class RoleAnswer(Row, frozen=True, kw_only=True):
    """A role."""

    arn: Text
    path: Text
    permissions_boundary: AttachedBoundary | None = None  # absent if it has none


GetRole = single("iam:GetRole", "Role", RoleAnswer)


class PolicyAnswer(Tagged, frozen=True, kw_only=True):
    """A managed policy."""

    arn: Text
    default_version_id: Text


GetPolicy = single("iam:GetPolicy", "Policy", PolicyAnswer)
CreatePolicy = single("iam:CreatePolicy", "Policy", PolicyAnswer)
"""The policy that was made."""

GetPolicyVersion = single("iam:GetPolicyVersion", "PolicyVersion", only("Document", Document))


class ListedVersion(Row, frozen=True, kw_only=True):
    """A version of a managed policy, without its document."""

    version_id: Annotated[str, Meta(pattern=r"^v[1-9][0-9]*$")]
    is_default_version: bool


CreatePolicyVersion = single("iam:CreatePolicyVersion", "PolicyVersion", ListedVersion)
"""The version that was made."""

ListPolicyVersions = listing("iam:ListPolicyVersions", "Versions", ListedVersion, MarkedPage)


class HolderGroup(Row, frozen=True, kw_only=True):
    """A group that a policy is attached to."""

    group_name: Text


class HolderUser(Row, frozen=True, kw_only=True):
    """A user that a policy is attached to."""

    user_name: Text


class HolderRole(Row, frozen=True, kw_only=True):
    """A role that a policy is attached to."""

    role_name: Text


class ListEntitiesForPolicy(MarkedPage, frozen=True, kw_only=True):
    """A page of what a managed policy is attached to."""

    call: ClassVar[str] = "iam:ListEntitiesForPolicy"
    policy_groups: tuple[HolderGroup, ...]
    policy_users: tuple[HolderUser, ...]
    policy_roles: tuple[HolderRole, ...]


class InlinePolicy(Row, frozen=True, kw_only=True):
    """A policy of a user, group or role alone."""

    policy_name: Text
    policy_document: Document


class IdentityDetail(Tagged, frozen=True, kw_only=True):
    """What users, groups and roles have in common."""

    arn: Text
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()  # absent if there are none


class UserDetail(IdentityDetail, frozen=True, kw_only=True):
    """A user with all that is attached to it."""

    user_name: Text
    user_id: Text
    group_list: tuple[Text, ...] = ()  # absent if it is in none
    user_policy_list: tuple[InlinePolicy, ...] = ()  # absent if there are none
    permissions_boundary: AttachedBoundary | None = None  # absent if it has none


class GroupDetail(IdentityDetail, frozen=True, kw_only=True):
    """A group with all that is attached to it."""

    group_name: Text
    group_policy_list: tuple[InlinePolicy, ...] = ()  # absent if there are none


class RoleDetail(IdentityDetail, frozen=True, kw_only=True):
    """A role with all that is attached to it."""

    role_name: Text
    role_id: Text
    assume_role_policy_document: Document
    role_policy_list: tuple[InlinePolicy, ...] = ()  # absent if there are none
    permissions_boundary: AttachedBoundary | None = None  # absent if it has none


class PolicyDetailVersion(Row, frozen=True, kw_only=True):
    """A version of a managed policy."""

    document: Document
    is_default_version: bool


class PolicyDetail(Row, frozen=True, kw_only=True):
    """A managed policy with its versions."""

    arn: Text
    policy_name: Text
    policy_version_list: tuple[PolicyDetailVersion, ...]

    def __post_init__(self) -> None:
        """Refuse a policy that has not just one default version, as each has."""
        if sum(version.is_default_version for version in self.policy_version_list) != 1:
            raise ValueError


class GetAccountAuthorizationDetails(MarkedPage, frozen=True, kw_only=True):
    """A page of everybody in the account, and of the policies."""

    call: ClassVar[str] = "iam:GetAccountAuthorizationDetails"
    user_detail_list: tuple[UserDetail, ...]
    group_detail_list: tuple[GroupDetail, ...]
    role_detail_list: tuple[RoleDetail, ...]
    policies: tuple[PolicyDetail, ...]


class ResourceResult(Row, frozen=True, kw_only=True):
    """How the simulator decides for one resource."""

    eval_resource_name: Text
    eval_resource_decision: Text


class EvaluationResult(Row, frozen=True, kw_only=True):
    """How the simulator decides for one action."""

    eval_action_name: Text
    eval_decision: Text
    resource_specific_results: tuple[ResourceResult, ...] = ()  # absent for a resource of `*`
    missing_context_values: tuple[str, ...] = ()  # absent if it knows all that policies ask for


SimulateCustomPolicy = listing(
    "iam:SimulateCustomPolicy", "EvaluationResults", EvaluationResult, MarkedPage
)
SimulatePrincipalPolicy = listing(
    "iam:SimulatePrincipalPolicy", "EvaluationResults", EvaluationResult, MarkedPage
)
