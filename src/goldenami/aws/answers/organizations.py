"""Organizations: accounts, policies, and what they are attached to.

https://docs.aws.amazon.com/organizations/latest/APIReference/
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from goldenami.aws.answers.interface import Answer, Row, Tag, Text, listing, only, single


class OrganizationAnswer(Row, frozen=True, kw_only=True):
    """The organization."""

    id: Text
    master_account_id: Text


DescribeOrganization = single(
    "organizations:DescribeOrganization", "Organization", OrganizationAnswer
)
"""The organization that the account is in."""


class Parent(Row, frozen=True, kw_only=True):
    """What a unit or account is directly under."""

    id: Text


class ListParents(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The one parent of a unit or account."""

    call: ClassVar[str] = "organizations:ListParents"
    parents: Annotated[tuple[Parent, ...], Meta(min_length=1, max_length=1)]


class PolicySummary(Row, frozen=True, kw_only=True):
    """A policy without its content."""

    id: Text
    name: Text


ListPolicies = listing("organizations:ListPolicies", "Policies", PolicySummary)
ListPoliciesForTarget = listing("organizations:ListPoliciesForTarget", "Policies", PolicySummary)
DescribePolicy = single("organizations:DescribePolicy", "Policy", only("Content", str))
CreateOrganizationPolicy = single(
    "organizations:CreatePolicy", "Policy", only("PolicySummary", PolicySummary)
)
"""The policy that was made."""

ListTagsForResource = listing("organizations:ListTagsForResource", "Tags", Tag)
ListTargetsForPolicy = listing(
    "organizations:ListTargetsForPolicy", "Targets", only("TargetId", str)
)


class PolicyType(Row, frozen=True, kw_only=True):
    """A type of policies, and whether it is enabled."""

    type: Text
    status: Text


class Root(Row, frozen=True, kw_only=True):
    """The root of an organization."""

    id: Text
    policy_types: tuple[PolicyType, ...]


ListRoots = listing("organizations:ListRoots", "Roots", Root)


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


ListAccountsForParent = listing("organizations:ListAccountsForParent", "Accounts", AccountAnswer)
ListOrganizationalUnitsForParent = listing(
    "organizations:ListOrganizationalUnitsForParent", "OrganizationalUnits", only("Id", str)
)
ListAccounts = listing("organizations:ListAccounts", "Accounts", AccountAnswer)
