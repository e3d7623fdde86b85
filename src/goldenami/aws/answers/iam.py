"""IAM: policies, roles, and everybody in an account.

https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from typing import Annotated, Any

from msgspec import Meta

from goldenami.aws.answers.interface import Answer, MarkedPage, Row, Tagged, Text

Document = dict[str, Any]
"""A policy; botocore decodes it."""

SERVICE = "iam"


class AttachedPolicy(Row, frozen=True, kw_only=True):
    """A managed policy, as it is attached."""

    policy_arn: Text
    policy_name: Text


class ListAttachedGroupPolicies(MarkedPage, frozen=True, kw_only=True):
    """A page of a group's managed policies."""

    attached_policies: tuple[AttachedPolicy, ...]


class SummaryMap(Row, frozen=True, kw_only=True):
    """The quotas of an account."""

    attached_policies_per_group_quota: int


class GetAccountSummary(Answer, frozen=True, kw_only=True, rename="pascal"):
    """What the account has and may have."""

    summary_map: SummaryMap


class AttachedBoundary(Row, frozen=True, kw_only=True):
    """The permissions boundary of a user or role."""

    permissions_boundary_arn: Text


class RoleAnswer(Row, frozen=True, kw_only=True):
    """A role."""

    arn: Text
    path: Text
    permissions_boundary: AttachedBoundary | None = None  # absent if it has none


class GetRole(Answer, frozen=True, kw_only=True, rename="pascal"):
    """One role."""

    role: RoleAnswer


class PolicyAnswer(Tagged, frozen=True, kw_only=True):
    """A managed policy."""

    arn: Text
    default_version_id: Text


class GetPolicy(Answer, frozen=True, kw_only=True, rename="pascal"):
    """One managed policy."""

    policy: PolicyAnswer


class CreatePolicy(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The policy that was made."""

    policy: PolicyAnswer


class PolicyVersionAnswer(Row, frozen=True, kw_only=True):
    """A version of a managed policy, with its document."""

    document: Document


class GetPolicyVersion(Answer, frozen=True, kw_only=True, rename="pascal"):
    """One version of a managed policy."""

    policy_version: PolicyVersionAnswer


class ListedVersion(Row, frozen=True, kw_only=True):
    """A version of a managed policy, without its document."""

    version_id: Annotated[str, Meta(pattern=r"^v[1-9][0-9]*$")]
    is_default_version: bool


class CreatePolicyVersion(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The version that was made."""

    policy_version: ListedVersion


class ListPolicyVersions(MarkedPage, frozen=True, kw_only=True):
    """A page of the versions of a managed policy."""

    versions: tuple[ListedVersion, ...]


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


class SimulateCustomPolicy(MarkedPage, frozen=True, kw_only=True):
    """A page of the simulator's decisions."""

    evaluation_results: tuple[EvaluationResult, ...]


class SimulatePrincipalPolicy(SimulateCustomPolicy, frozen=True, kw_only=True):
    """The same, of a user, group or role as it is."""
