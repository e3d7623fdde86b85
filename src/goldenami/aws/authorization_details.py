"""Reading who may do what in an account: identities with their policies, and SCPs above them."""

from functools import partial
from typing import Any

import msgspec

from goldenami.aws.answers.iam import GetAccountAuthorizationDetails
from goldenami.aws.answers.organizations import (
    DescribeOrganization,
    DescribePolicy,
    ListParents,
    OrganizationAnswer,
    PolicySummary,
)
from goldenami.aws.errors import FORBIDDEN, Tolerated
from goldenami.aws.organizations import NOT_IN_USE, SCP, policies_of
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.aws.session import Aws
from goldenami.errors import AwsError
from goldenami.iam.account import Account, ControlLevel, NamedDocument

_KINDS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def account(aws: Aws) -> tuple[Account, tuple[str, ...]]:
    """Return the account's identities and what binds them.

    Returns:
        The account, and a note if its service control policies could not be read.

    Raises:
        AwsError: the identities could not be read.
    """
    reading = ahead(partial(_details, aws))
    restricting = ahead(partial(_organization, aws))
    details = reading()
    try:
        organization, manages, levels = restricting()
        notes: tuple[str, ...] = ()
    except AwsError as error:
        if error.code not in FORBIDDEN:
            raise
        organization, manages, levels = "", False, ()
        notes = (f"service control policies could not be read, and are left out: {error.message}",)
    read = Account.from_details(
        details,
        id=aws.account,
        partition=aws.partition,
        levels=levels,
        organization=organization,
        manages_organization=manages,
    )
    return read, notes


def _details(aws: Aws) -> dict[str, list[Any]]:
    """Return everybody with their policies, as AWS names their parts."""
    purpose = "reading the account's users, groups, roles and policies"
    answers = aws.listed(GetAccountAuthorizationDetails, purpose, Filter=list(_KINDS))
    pages = [msgspec.to_builtins(answer) for answer in answers]
    return {name: [each for page in pages for each in page[name]] for name in _LISTS}


def _organization(aws: Aws) -> tuple[str, bool, tuple[ControlLevel, ...]]:
    """Return the organization's id, whether this account manages it, and the SCPs above it.

    The id is empty if there is none; the SCPs do not bind the account that manages it.
    """
    organization: OrganizationAnswer | None = None
    with Tolerated({NOT_IN_USE}):
        organization = aws.ask(DescribeOrganization, "reading the organization").part
    if organization is None:
        return "", False, ()
    manages = organization.master_account_id == aws.account
    return organization.id, manages, () if manages else _levels(aws)


def _levels(aws: Aws) -> tuple[ControlLevel, ...]:
    """Return the SCPs of each level, the root's first; each is read as soon as it is known."""
    above = aws.account
    levels = [ahead(partial(_level, aws, above))]
    while not above.startswith("r-"):
        purpose = f"reading what {above} is under"
        above = aws.ask(ListParents, purpose, ChildId=above).parents[0].id
        levels.insert(0, ahead(partial(_level, aws, above)))
    return tuple(level() for level in levels)


def _level(aws: Aws, target: str) -> ControlLevel:
    def document(policy: PolicySummary) -> NamedDocument:
        answer = aws.ask(DescribePolicy, f"reading policy {policy.name}", PolicyId=policy.id)
        return NamedDocument(policy.name, answer.part.value)

    documents = side_by_side(policies_of(aws, SCP, target), document)
    name = f"account {target}" if target == aws.account else target
    return ControlLevel(target, name, tuple(documents.values()))
