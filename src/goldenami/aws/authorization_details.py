"""Reading who may do what in an account: identities with their policies, and SCPs above them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from goldenami.aws.calls import pages
from goldenami.aws.errors import FORBIDDEN, explained
from goldenami.aws.organizations import NOT_IN_USE, SCP
from goldenami.aws.session import Aws
from goldenami.errors import AwsError
from goldenami.iam.account import Account, ControlLevel, NamedDocument

_KINDS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def account(aws: Aws, region: str) -> tuple[Account, tuple[str, ...]]:
    """Return the account's identities and what binds them.

    Returns:
        The account, and a note if its service control policies could not be read.

    Raises:
        AwsError: the identities could not be read.
    """
    details = _details(aws, region)
    try:
        organization, manages = _organization(aws, region)
        levels = () if manages or not organization else tuple(_levels(aws, region))
        notes: tuple[str, ...] = ()
    except AwsError as error:
        if error.code not in FORBIDDEN:
            raise
        organization, manages, levels = "", False, ()
        notes = (f"service control policies could not be read, and are left out: {error.message}",)
    found = Account.of(
        details,
        id=aws.account,
        partition=aws.partition,
        levels=levels,
        organization=organization,
        manages_organization=manages,
    )
    return found, notes


def _details(aws: Aws, region: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    with explained("reading the account's users, groups, roles and policies"):
        paginator = aws.client("iam", region).get_paginator("get_account_authorization_details")
        for page in paginator.paginate(Filter=list(_KINDS)):
            for name in _LISTS:
                found[name] += page.get(name, [])
    return {name: found[name] for name in _LISTS}


def _organization(aws: Aws, region: str) -> tuple[str, bool]:
    """Return the organization's id, empty if there is none, and whether this account manages it."""
    try:
        with explained("reading the organization"):
            told = aws.client("organizations", region).describe_organization()["Organization"]
    except AwsError as error:
        if error.code == NOT_IN_USE:
            return "", False
        raise
    return told["Id"], told["MasterAccountId"] == aws.account


def _levels(aws: Aws, region: str) -> Iterator[ControlLevel]:
    path = [aws.account]
    while not path[0].startswith("r-"):
        with explained(f"reading what {path[0]} is under"):
            client = aws.client("organizations", region)
            (parent,) = client.list_parents(ChildId=path[0])["Parents"]
        path.insert(0, parent["Id"])
    for target in path:
        attached = pages(
            aws, "organizations", "list_policies_for_target", "Policies", region,
            f"reading the policies of {target}", TargetId=target, Filter=SCP,
        )  # fmt: skip
        documents = tuple(_document(aws, region, one["Id"], one["Name"]) for one in attached)
        name = f"account {target}" if target == aws.account else target
        yield ControlLevel(target, name, documents)


def _document(aws: Aws, region: str, policy_id: str, name: str) -> NamedDocument:
    with explained(f"reading policy {name}"):
        told = aws.client("organizations", region).describe_policy(PolicyId=policy_id)
    return NamedDocument(name, told["Policy"]["Content"])
