"""IAM: permissions boundaries of users and roles.

Mended: users have boundaries too; a boundary has to exist; how often a policy is used as one;
unique ids of users begin as AWS's do.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
"""

from typing import Any, cast

from moto.iam import models
from moto.iam.exceptions import EntityAlreadyExists, NotFoundException
from moto.iam.models import IAMBackend, Role
from moto.iam.utils import random_role_id

_PREFIXES = ("AROA", "AIDA")  # of the unique ids of roles and of users
BOUNDARY_TYPE = "PermissionsBoundaryPolicy"


class User(models.User):  # of moto's name, which its answers look at
    """A user that can have a permissions boundary, as moto's roles can."""

    permissions_boundary_arn: str | None = None

    def is_created(self) -> bool:
        """Tell moto's templates that it is there."""
        return True

    @property
    def permissions_boundary(self) -> dict[str, str | None] | None:
        """The boundary as AWS describes it."""
        arn = self.permissions_boundary_arn
        told = {"PermissionsBoundaryType": BOUNDARY_TYPE, "PermissionsBoundaryArn": arn}
        return told if arn else None


Bounded = User | Role


class BoundaryStore(IAMBackend):
    """Users and roles with permissions boundaries."""

    def create_user(
        self,
        region_name: str,
        user_name: str,
        path: str = "/",
        tags: list[dict[str, str]] | None = None,
        permissions_boundary: str | None = None,
    ) -> User:
        """Create a user, with a boundary if one is given."""
        if user_name in self.users:
            raise EntityAlreadyExists(f"User with name {user_name} already exists.")
        if permissions_boundary:
            self._check_boundary(permissions_boundary)
        user = User(self.account_id, region_name, user_name, path)
        user.id = random_role_id(self.account_id).replace(*_PREFIXES, 1)
        user.permissions_boundary_arn = permissions_boundary
        self.tagger.tag_resource(user.arn, tags or [])
        self.users[user_name] = user
        return user

    def bounded_user(self, user_name: str) -> User:
        """Return a user.

        Raises:
            IAMException: NoSuchEntity.
        """
        return cast(User, self.get_user(user_name))

    def put_user_permissions_boundary(self, user_name: str, policy_arn: str) -> None:
        """Set the boundary of a user."""
        user = self.bounded_user(user_name)
        self._check_boundary(policy_arn)
        user.permissions_boundary_arn = policy_arn

    def delete_user_permissions_boundary(self, user_name: str) -> None:
        """Take the boundary of a user away."""
        _remove(self.bounded_user(user_name))

    def create_role(
        self,
        role_name: str,
        assume_role_policy_document: str,
        path: str,
        permissions_boundary: str | None,
        *more: Any,
        **named: Any,
    ) -> Role:
        """Create a role, with a boundary if one is given."""
        if permissions_boundary:
            self._check_boundary(permissions_boundary)
        return super().create_role(
            role_name, assume_role_policy_document, path, permissions_boundary, *more, **named
        )

    def put_role_permissions_boundary(self, role_name: str, permissions_boundary: str) -> None:
        """Set the boundary of a role."""
        role = self.get_role(role_name)
        self._check_boundary(permissions_boundary)
        role.permissions_boundary_arn = permissions_boundary

    def delete_role_permissions_boundary(self, role_name: str) -> None:
        """Take the boundary of a role away."""
        _remove(self.get_role(role_name))

    def bounded_by(self, policy_arn: str) -> list[Bounded]:
        """Return the users and roles whose boundary a policy is."""
        entities = cast(list[Bounded], [*self.users.values(), *self.roles.values()])
        return [one for one in entities if one.permissions_boundary_arn == policy_arn]

    def _check_boundary(self, policy_arn: str) -> None:
        if policy_arn not in self.managed_policies:
            raise NotFoundException(f"Scope ARN: {policy_arn} does not exist or is not attachable.")


def _remove(entity: Bounded) -> None:
    if not entity.permissions_boundary_arn:
        raise NotFoundException(f"{entity.name} does not have a permissions boundary.")
    entity.permissions_boundary_arn = None
