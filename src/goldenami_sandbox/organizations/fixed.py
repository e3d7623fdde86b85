"""An organization with ids that are given, which no AWS call makes: for a rehearsal's file."""

from functools import partial
from typing import cast

from moto.organizations import utils
from moto.organizations.models import organizations_backends
from moto.utilities.utils import get_partition

from goldenami_sandbox.organizations.documents import DECLARATIVE
from goldenami_sandbox.organizations.store import OrganizationsStore
from goldenami_sandbox.overriding import replaced
from goldenami_sandbox.world import FixedOrganization


def establish(organization: FixedOrganization, region: str) -> None:
    """Make an organization in the partition of a region.

    Its accounts are there already, as if they had accepted an invitation. Service control policies
    and declarative policies for EC2 are enabled.
    """
    backends = organizations_backends[organization.manager]
    store = cast(OrganizationsStore, backends[get_partition(region)])
    new_id = organization.id or utils.make_random_org_id()
    root_id = organization.root_id or utils.make_random_root_id()
    with (
        replaced(utils, "make_random_org_id", lambda: new_id),
        replaced(utils, "make_random_root_id", lambda: root_id),
    ):
        store.create_organization(region)
    store.enable_policy_type(RootId=root_id, PolicyType=DECLARATIVE)
    for unit_id in organization.unit_ids:
        with replaced(utils, "make_random_ou_id", partial(_same, unit_id)):
            store.create_organizational_unit(ParentId=root_id, Name=unit_id)
    for account, parent_id in organization.members.items():
        store.invite(account, parent_id or root_id)
    if organization.delegated:
        store.delegated.add(organization.delegated)


def _same(text: str, *_: str) -> str:
    return text
