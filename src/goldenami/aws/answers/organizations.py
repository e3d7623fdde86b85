"""Organizations: accounts, policies, and what they are attached to.

https://docs.aws.amazon.com/organizations/latest/APIReference/
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from goldenami.aws.answers.interface import Answer, Row, Tag, Text, TokenPage

SERVICE = "organizations"


class OrganizationAnswer(Row, frozen=True, kw_only=True):
    """The organization."""

    id: Text
    master_account_id: Text


class DescribeOrganization(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The organization that the account is in."""

    organization: OrganizationAnswer


class Parent(Row, frozen=True, kw_only=True):
    """What a unit or account is directly under."""

    id: Text


class ListParents(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The one parent of a unit or account."""

    parents: Annotated[tuple[Parent, ...], Meta(min_length=1, max_length=1)]


class PolicySummary(Row, frozen=True, kw_only=True):
    """A policy without its content."""

    id: Text
    name: Text


class ListPolicies(TokenPage, frozen=True, kw_only=True):
    """A page of the policies of a type."""

    policies: tuple[PolicySummary, ...]


class ListPoliciesForTarget(ListPolicies, frozen=True, kw_only=True):
    """A page of the policies that are attached to a target."""


class OrganizationPolicyAnswer(Row, frozen=True, kw_only=True):
    """A policy with its content, which is JSON text."""

    content: Text


class DescribePolicy(Answer, frozen=True, kw_only=True, rename="pascal"):
    """One policy."""

    policy: OrganizationPolicyAnswer


class PolicyMade(Row, frozen=True, kw_only=True):
    """A policy that was made."""

    policy_summary: PolicySummary


class CreateOrganizationPolicy(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The policy that was made."""

    call: ClassVar[str] = "organizations:CreatePolicy"
    policy: PolicyMade


class ListTagsForResource(TokenPage, frozen=True, kw_only=True):
    """A page of the tags of a policy."""

    tags: tuple[Tag, ...]


class TargetAnswer(Row, frozen=True, kw_only=True):
    """A root, unit or account that a policy is attached to."""

    target_id: Text


class ListTargetsForPolicy(TokenPage, frozen=True, kw_only=True):
    """A page of what a policy is attached to."""

    targets: tuple[TargetAnswer, ...]


class PolicyType(Row, frozen=True, kw_only=True):
    """A type of policies, and whether it is enabled."""

    type: Text
    status: Text


class Root(Row, frozen=True, kw_only=True):
    """The root of an organization."""

    id: Text
    policy_types: tuple[PolicyType, ...]


class ListRoots(TokenPage, frozen=True, kw_only=True):
    """A page of roots, of which there is one."""

    roots: tuple[Root, ...]


class AccountAnswer(Row, frozen=True, kw_only=True):
    """An account of the organization.

    AWS replaces ``Status`` by ``State``, and tells both for a while.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """

    id: Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
    state: str = ""
    status: str = ""

    def __post_init__(self) -> None:
        """Refuse an account that tells neither."""
        if not self.state and not self.status:
            raise ValueError

    @property
    def active(self) -> bool:
        """Tell whether it is in use."""
        return (self.state or self.status) == "ACTIVE"


class ListAccountsForParent(TokenPage, frozen=True, kw_only=True):
    """A page of the accounts directly under a root or unit."""

    accounts: tuple[AccountAnswer, ...]


class Unit(Row, frozen=True, kw_only=True):
    """An organizational unit."""

    id: Text


class ListOrganizationalUnitsForParent(TokenPage, frozen=True, kw_only=True):
    """A page of the units directly under a root or unit."""

    organizational_units: tuple[Unit, ...]


class ListAccounts(TokenPage, frozen=True, kw_only=True):
    """A page of accounts; every organization has its management account."""

    accounts: tuple[AccountAnswer, ...]
