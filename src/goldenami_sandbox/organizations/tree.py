"""Organizations: the root, its organizational units, and the accounts in them.

Otherwise than in moto: a new organization has service control policies enabled; names of units are
unique under one parent; units that are not empty stay; an account moves from where it is; unknown
children; the role by which the manager gets into a new account has a path and an administrator's
rights.
https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
"""

from collections.abc import Iterator
from typing import Any, cast

from moto.iam.models import iam_backends
from moto.organizations.exceptions import (
    DuplicateOrganizationalUnitException,
    OrganizationsClientError,
)
from moto.organizations.models import (
    FakeAccount,
    FakeOrganization,
    FakeOrganizationalUnit,
    FakeRoot,
    OrganizationsBackend,
    organizations_backends,
)

from goldenami_sandbox.iam.store import IamStore
from goldenami_sandbox.overriding import overrides

Entity = FakeAccount | FakeOrganizationalUnit
ALL_FEATURES = "ALL"
ACCESS_ROLE = "OrganizationAccountAccessRole"
"""What lets the management account into an account that it has made."""


class TreeStore(OrganizationsBackend):
    """Root, organizational units and accounts."""

    delegated: set[str]
    """Member accounts that the resource policy lets manage policies."""

    @overrides
    def _reset(self) -> None:
        super()._reset()
        self.delegated = set()

    @property
    def organization(self) -> FakeOrganization:
        """The organization; a call gets here only if there is one."""
        return cast(FakeOrganization, self.org)

    @property
    def id(self) -> str:
        """The organization's id."""
        return self.organization.id

    @property
    def root(self) -> FakeRoot:
        """The organization's one root."""
        return cast(FakeRoot, self.ou[0])

    @property
    def entities(self) -> list[Entity]:
        """Root, units and accounts."""
        return [*self.ou, *self.accounts]

    def manages(self, account_id: str) -> bool:
        """Say whether an account is the organization's management account."""
        return self.account_id == account_id

    def path(self, account_id: str) -> list[Entity]:
        """Return what an account is under, from the root down to the account itself."""
        entities: list[Entity] = [self.get_account_by_id(account_id)]
        while entities[0].parent_id:
            entities.insert(0, self.get_organizational_unit_by_id(entities[0].parent_id))
        return entities

    def invite(self, account_id: str, parent_id: str) -> None:
        """Take in an account that exists already, as an accepted invitation does."""
        parameters = {"AccountName": "member", "Email": f"{account_id}@example.com"}
        account = FakeAccount(self.organization, **parameters)
        account.id, account.parent_id, account.joined_method = account_id, parent_id, "INVITED"
        self._admit(account)

    def attach_defaults(self, entity: Entity) -> None:
        """Attach the policies that everything new begins with; `PolicyStore` knows them."""

    @overrides
    def create_organizational_unit(self, **parameters: Any) -> dict[str, Any]:
        """Make a unit whose name is new among its siblings."""
        self.validate_parent_id(parameters["ParentId"])
        self._check_name(parameters["Name"], parameters["ParentId"])
        unit = FakeOrganizationalUnit(self.organization, **parameters)
        self.ou.append(unit)
        self.attach_defaults(unit)
        return unit.describe()

    @overrides
    def update_organizational_unit(self, **parameters: Any) -> dict[str, Any]:
        """Rename a unit."""
        unit = self.get_organizational_unit_by_id(parameters["OrganizationalUnitId"])
        if parameters.get("Name", unit.name) != unit.name:
            self._check_name(parameters["Name"], unit.parent_id)
            unit.name = parameters["Name"]
        return unit.describe()

    @overrides
    def delete_organizational_unit(self, **parameters: Any) -> None:
        """Delete a unit that has neither accounts nor units."""
        unit = self.get_organizational_unit_by_id(parameters["OrganizationalUnitId"])
        if any(self._children(unit.id)):
            raise OrganizationsClientError(
                "OrganizationalUnitNotEmptyException",
                "The specified organizational unit (OU) is not empty. Move all accounts to "
                "another root or to other OUs, remove all child OUs, and try the operation again.",
            )
        for policy in unit.attached_policies:
            policy.attachments.remove(unit)
        super().delete_organizational_unit(**parameters)

    @overrides
    def create_account(self, **parameters: Any) -> dict[str, Any]:
        """Make an account under the root; it is there at once, with the manager's role in it."""
        account = FakeAccount(self.organization, **parameters)
        self._admit(account)
        role = parameters.get("RoleName", ACCESS_ROLE)
        iam = cast(IamStore, iam_backends[account.id][self.partition])
        iam.roles.clear()  # moto's has neither a path nor rights
        iam.role_of_administrators(role, f"arn:{self.partition}:iam::{self.account_id}:root")
        return account.create_account_status

    @overrides
    def move_account(self, **parameters: Any) -> None:
        """Move an account away from the parent it has."""
        account = self.get_account_by_id(parameters["AccountId"])
        for name in ("SourceParentId", "DestinationParentId"):
            if parameters[name] not in {unit.id for unit in self.ou}:
                raise OrganizationsClientError(
                    f"{name.removesuffix('Id')}NotFoundException",
                    "We can't find a root or OU with the ParentId that you specified.",
                )
        if account.parent_id != parameters["SourceParentId"]:
            raise OrganizationsClientError(
                "AccountNotFoundException",
                "We can't find an account in the source parent that you specified.",
            )
        account.parent_id = parameters["DestinationParentId"]

    @overrides
    def list_parents(self, **parameters: Any) -> dict[str, Any]:
        """Name the one parent of an account or a unit."""
        child = next(
            (entity for entity in self.entities if entity.id == parameters["ChildId"]), None
        )
        if child is None or not child.parent_id:
            raise OrganizationsClientError(
                "ChildNotFoundException",
                "We can't find an organizational unit (OU) or AWS account with the ChildId that "
                "you specified.",
            )
        parent = self.get_organizational_unit_by_id(child.parent_id)
        return {"Parents": [{"Id": parent.id, "Type": parent.type}]}

    @overrides
    def delete_organization(self) -> None:
        """Delete an organization without members."""
        for account in self.accounts:
            if not self.manages(account.id):
                raise OrganizationsClientError(
                    "OrganizationNotEmptyException",
                    "To delete an organization you must first remove all member accounts.",
                )
        self._reset()

    @overrides
    def remove_account_from_organization(self, **parameters: str) -> None:
        """Let an account go, and the policies that were attached to it."""
        super().remove_account_from_organization(**parameters)
        self.delegated.discard(parameters["AccountId"])

    def _admit(self, account: FakeAccount) -> None:
        self.accounts.append(account)
        organizations_backends.master_accounts[account.id] = (self.account_id, self.partition)
        self.attach_defaults(account)

    def _children(self, parent_id: str) -> Iterator[Entity]:
        return (entity for entity in self.entities if entity.parent_id == parent_id)

    def _check_name(self, name: str, parent_id: str | None) -> None:
        if any(unit.name == name and unit.parent_id == parent_id for unit in self.ou):
            raise DuplicateOrganizationalUnitException
