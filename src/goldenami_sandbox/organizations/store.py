"""Organizations: who is in which organization, and what its policies make of an account.

moto keeps an organization in the store of its management account, and remembers of a member only
whose it is. `OrganizationsStore` is that store, mended; the functions here read it for a member.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_introduction.html
"""

from collections.abc import Mapping
from typing import Any, cast

from moto.organizations.models import organizations_backends

from goldenami_sandbox.organizations.documents import DECLARATIVE, SCP
from goldenami_sandbox.organizations.policies import PolicyStore
from goldenami_sandbox.organizations.tree import TreeStore

PARTITION = "aws"

Documents = list[tuple[str, str]]
"""Name and content of policies."""


class OrganizationsStore(PolicyStore, TreeStore):
    """An organization, kept by its management account."""


def organization_of(account_id: str) -> OrganizationsStore | None:
    """Return the organization that an account manages or is a member of; None if it has none."""
    master, partition = organizations_backends.master_accounts.get(
        account_id, (account_id, PARTITION)
    )
    store = cast(OrganizationsStore, organizations_backends[master][partition])
    return store if store.org else None


def scps_of(account_id: str) -> tuple[tuple[str, Documents], ...]:
    """Return the service control policies that bind an account, by level.

    Args:
        account_id: an account of the sandbox.

    Returns:
        From the root down to the account: the level's name, and name and content of the policies
        attached there. Empty for a management account, which they do not bind, for an account
        without organization, and while the organization's root has no such policies enabled.
    """
    store = organization_of(account_id)
    if store is None or store.manages(account_id) or not store.enabled(SCP):
        return ()
    return tuple(
        (level, [(str(policy.name), str(policy.content)) for policy in attached])
        for level, attached in store.levels(account_id, SCP)
    )


def declared(account_id: str) -> Mapping[str, Any]:
    """Return the EC2 attributes that an account's declarative policies set; empty if none do."""
    store = organization_of(account_id)
    policy = store.effective_policy(account_id, DECLARATIVE) if store else None
    attributes: Mapping[str, Any] = (policy or {}).get("ec2_attributes", {})
    return attributes


def join(
    account_id: str, management_account: str, unit: str, delegated_administrator: bool
) -> tuple[str, str, str]:
    """Make an account a member of an organization that another account manages.

    Args:
        account_id: which becomes a member.
        management_account: which manages; its organization is made.
        unit: the name of the organizational unit the account is put in.
        delegated_administrator: whether the member may manage the organization's policies.

    Returns:
        The ids of the organization, its root and the unit.
    """
    store = cast(OrganizationsStore, organizations_backends[management_account][PARTITION])
    store.create_organization(region="us-east-1")
    made = store.create_organizational_unit(ParentId=store.root.id, Name=unit)
    unit_id = made["OrganizationalUnit"]["Id"]
    store.invite(account_id, unit_id)
    if delegated_administrator:
        store.delegated.add(account_id)
    return store.id, store.root.id, unit_id
