"""Reading who may do what in an account: identities with their policies, and SCPs above them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from goldenami.aws.answers.iam import GetAccountAuthorizationDetails
from goldenami.aws.answers.organizations import (
    DescribeOrganization,
    DescribePolicy,
    ListParents,
)
from goldenami.aws.errors import FORBIDDEN, Tolerated
from goldenami.aws.organizations import NOT_IN_USE, SCP, policies_of
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
    details = _details(aws)
    try:
        organization, manages = _organization(aws)
        levels = () if manages or not organization else tuple(_levels(aws))
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


def _organization(aws: Aws) -> tuple[str, bool]:
    """Return the organization's id, empty if there is none, and whether this account manages it."""
    with Tolerated({NOT_IN_USE}):
        organization = aws.ask(DescribeOrganization, "reading the organization").part
        return organization.id, organization.master_account_id == aws.account
    return "", False


def _levels(aws: Aws) -> Iterator[ControlLevel]:
    path = [aws.account]
    while not path[0].startswith("r-"):
        purpose = f"reading what {path[0]} is under"
        path.insert(0, aws.ask(ListParents, purpose, ChildId=path[0]).parents[0].id)
    for target in path:
        documents = []
        for policy in policies_of(aws, SCP, target):
            answer = aws.ask(DescribePolicy, f"reading policy {policy.name}", PolicyId=policy.id)
            documents.append(NamedDocument(policy.name, answer.part.value))
        name = f"account {target}" if target == aws.account else target
        yield ControlLevel(target, name, tuple(documents))
