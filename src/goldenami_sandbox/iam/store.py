"""IAM: users, groups, roles and policies, with AWS's quotas and conflicts.

Otherwise than in moto: the size of managed and of inline policies; policies per group, user and
role; deleting what is attached or in use; the AWS-managed policies of an administrator's day; a
document with a principal is refused; users have permissions boundaries too, a boundary has to
exist, and it is known how often a policy is used as one.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
"""

import json
from datetime import datetime
from functools import cache
from typing import Any, cast

from moto.iam import models
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import (
    DeleteConflictException,
    EntityAlreadyExists,
    LimitExceededException,
    MalformedPolicyDocument,
    NotFoundException,
)
from moto.iam.models import AWSManagedPolicy, ManagedPolicy, PolicyVersion, Role
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from goldenami_sandbox.iam.unique_ids import POLICY, USER, UniqueIdStore, unique_id
from goldenami_sandbox.overriding import overrides

_PRINCIPALS = {"Principal", "NotPrincipal"}


def check_document(document: str) -> None:
    """Refuse a document that is no identity-based policy.

    Raises:
        MalformedPolicyDocument: with what is wrong.
    """
    IAMPolicyDocumentValidator(document).validate()
    statements = json.loads(document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if not _PRINCIPALS.isdisjoint(statement):
            raise MalformedPolicyDocument("Policy document should not specify a principal.")


class SandboxUser(models.User):
    """A user that can have a permissions boundary, as moto's roles can."""

    permissions_boundary_arn: str | None = None

    @overrides
    def is_created(self) -> bool:
        """Tell moto's templates that it is there."""
        return True

    @property
    def permissions_boundary(self) -> dict[str, str] | None:
        """The boundary as AWS describes it."""
        return described_boundary(self)


SandboxUser.__name__ = models.User.__name__  # moto looks for its attributes by this name


Bounded = SandboxUser | Role


def described_boundary(entity: Bounded) -> dict[str, str] | None:
    """Return a boundary as AWS describes it; None without one.

    The API reference says ``PermissionsBoundaryPolicy``, its example and AWS itself another type.
    """
    arn = entity.permissions_boundary_arn
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


class BoundaryStore(UniqueIdStore):
    """Users and roles with permissions boundaries."""

    @overrides
    def create_user(
        self,
        region_name: str,
        user_name: str,
        path: str = "/",
        tags: list[dict[str, str]] | None = None,
        permissions_boundary: str | None = None,
    ) -> SandboxUser:
        """Create a user, with a boundary if one is given."""
        if user_name in self.users:
            raise EntityAlreadyExists(f"User with name {user_name} already exists.")
        if permissions_boundary:
            self._check_boundary(permissions_boundary)
        user = SandboxUser(self.account_id, region_name, user_name, path)
        user.id = unique_id(USER, self.account_id)
        user.permissions_boundary_arn = permissions_boundary
        self.tagger.tag_resource(user.arn, tags or [])
        self.users[user_name] = user
        return user

    def bounded_user(self, user_name: str) -> SandboxUser:
        """Return a user.

        Raises:
            IAMException: NoSuchEntity.
        """
        return cast(SandboxUser, self.get_user(user_name))

    def put_user_permissions_boundary(self, user_name: str, policy_arn: str) -> None:
        """Set the boundary of a user."""
        user = self.bounded_user(user_name)
        self._check_boundary(policy_arn)
        user.permissions_boundary_arn = policy_arn

    def delete_user_permissions_boundary(self, user_name: str) -> None:
        """Take the boundary of a user away."""
        _remove(self.bounded_user(user_name))

    @overrides
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

    @overrides
    def put_role_permissions_boundary(self, role_name: str, permissions_boundary: str) -> None:
        """Set the boundary of a role."""
        role = self.get_role(role_name)
        self._check_boundary(permissions_boundary)
        role.permissions_boundary_arn = permissions_boundary

    @overrides
    def delete_role_permissions_boundary(self, role_name: str) -> None:
        """Take the boundary of a role away."""
        _remove(self.get_role(role_name))

    def bounded_by(self, policy_arn: str) -> list[Bounded]:
        """Return the users and roles whose boundary a policy is."""
        entities = cast(list[Bounded], [*self.users.values(), *self.roles.values()])
        return [entity for entity in entities if entity.permissions_boundary_arn == policy_arn]

    def _check_boundary(self, policy_arn: str) -> None:
        if policy_arn not in self.managed_policies:
            raise NotFoundException(f"Scope ARN: {policy_arn} does not exist or is not attachable.")


def _remove(entity: Bounded) -> None:
    if not entity.permissions_boundary_arn:
        raise NotFoundException(f"{entity.name} does not have a permissions boundary.")
    entity.permissions_boundary_arn = None


MANAGED_POLICY_CHARACTERS = 6144  # white space does not count
INLINE_POLICIES_CHARACTERS = {"group": 5120, "role": 10_240, "user": 2048}  # in sum
ATTACHED_POLICIES = 10
AWS_POLICIES = (
    "AdministratorAccess",
    "AmazonEC2FullAccess",
    "AmazonEC2ReadOnlyAccess",
    "AmazonSSMFullAccess",
    "AmazonSSMManagedEC2InstanceDefaultPolicy",
    "AmazonSSMManagedInstanceCore",
    "IAMFullAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "ViewOnlyAccess",
)


class IamStore(BoundaryStore):
    """moto's IAM store with AWS's limits."""

    @overrides
    def _init_aws_policies(self) -> list[ManagedPolicy]:
        policies: list[ManagedPolicy] = [
            AWSManagedPolicy(name, self.account_id, self.region_name, **kept)  # type: ignore[abstract]
            for name, kept in _aws_policies().items()
        ]
        for policy in policies:
            policy.id = unique_id(POLICY, self.account_id)
        return policies

    def role_of_administrators(self, name: str, principal: str) -> Role:
        """Create a role that may do everything, for a principal that is given by its ARN."""
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = self.create_role(name, trust, "/", None, "", [], "3600")
        arn = f"arn:{self.partition}:iam::aws:policy/AdministratorAccess"
        self.attach_role_policy(arn, name)
        return role

    @overrides
    def create_policy(
        self,
        description: str,
        path: str,
        policy_document: str,
        policy_name: str,
        tags: list[dict[str, str]],
    ) -> ManagedPolicy:
        """Create a managed policy."""
        _check_managed(policy_document)
        return super().create_policy(description, path, policy_document, policy_name, tags)

    @overrides
    def create_policy_version(
        self, policy_arn: str, policy_document: str, set_as_default: bool
    ) -> PolicyVersion:
        """Create a version of a managed policy."""
        _check_managed(policy_document)
        return super().create_policy_version(policy_arn, policy_document, set_as_default)

    @overrides
    def delete_policy(self, policy_arn: str) -> None:
        """Delete a policy that is attached nowhere and has one version."""
        policy = self.get_policy(policy_arn)
        if policy.attachment_count or self.bounded_by(policy_arn):
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflictException(
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy."
            )
        super().delete_policy(policy_arn)

    @overrides
    def attach_group_policy(self, policy_arn: str, group_name: str) -> None:
        """Attach a policy to a group that has room for it."""
        _check_room("PoliciesPerGroup", self.get_group(group_name).managed_policies, policy_arn)
        super().attach_group_policy(policy_arn, group_name)

    @overrides
    def attach_user_policy(self, policy_arn: str, user_name: str) -> None:
        """Attach a policy to a user who has room for it; twice is once."""
        attached = self.get_user(user_name).managed_policies
        _check_room("PoliciesPerUser", attached, policy_arn)
        if policy_arn not in attached:
            super().attach_user_policy(policy_arn, user_name)

    @overrides
    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        """Attach a policy to a role that has room for it."""
        _check_room("PoliciesPerRole", self.get_role(role_name).managed_policies, policy_arn)
        super().attach_role_policy(policy_arn, role_name)

    @overrides
    def put_group_policy(self, group_name: str, policy_name: str, policy_json: str) -> None:
        """Write an inline policy that fits beside the group's others."""
        others = self.get_group(group_name).policies
        _check_inline("group", group_name, {**others, policy_name: policy_json})
        super().put_group_policy(group_name, policy_name, policy_json)

    @overrides
    def put_role_policy(self, role_name: str, policy_name: str, policy_json: str) -> None:
        """Write an inline policy that fits beside the role's others."""
        others = self.get_role(role_name).policies
        _check_inline("role", role_name, {**others, policy_name: policy_json})
        super().put_role_policy(role_name, policy_name, policy_json)

    @overrides
    def put_user_policy(self, user_name: str, policy_name: str, policy_json: str) -> None:
        """Write an inline policy that fits beside the user's others."""
        others = self.get_user(user_name).policies
        _check_inline("user", user_name, {**others, policy_name: policy_json})
        super().put_user_policy(user_name, policy_name, policy_json)

    @overrides
    def delete_group(self, group_name: str) -> None:
        """Delete a group that has neither users nor policies."""
        group = self.get_group(group_name)
        if group.users:
            raise DeleteConflictException(
                "Cannot delete entity, must remove users from group first."
            )
        if group.managed_policies or group.policies:
            raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
        super().delete_group(group_name)


@cache
def _aws_policies() -> dict[str, dict[str, Any]]:
    """Return what `AWSManagedPolicy.from_data` makes of moto's data, for each account anew."""
    known = json.loads(aws_managed_policies_data)
    return {
        name: {
            "default_version_id": known[name]["DefaultVersionId"],
            "path": known[name]["Path"],
            "document": json.dumps(known[name]["Document"]),
            "create_date": datetime.fromisoformat(known[name]["CreateDate"]),
            "update_date": datetime.fromisoformat(known[name]["UpdateDate"]),
        }
        for name in AWS_POLICIES
    }


def _characters(document: str) -> int:
    return len("".join(document.split()))


def _check_managed(document: str) -> None:
    check_document(document)
    if _characters(document) > MANAGED_POLICY_CHARACTERS:
        raise LimitExceededException(
            f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_CHARACTERS}"
        )


def _check_inline(kind: str, name: str, documents: dict[str, str]) -> None:
    for document in documents.values():
        check_document(document)
    most = INLINE_POLICIES_CHARACTERS[kind]
    if sum(map(_characters, documents.values())) > most:
        raise LimitExceededException(
            f"Maximum policy size of {most} bytes exceeded for {kind} {name}"
        )


def _check_room(quota: str, attached: dict[str, ManagedPolicy], policy_arn: str) -> None:
    if policy_arn not in attached and len(attached) >= ATTACHED_POLICIES:
        raise LimitExceededException(f"Cannot exceed quota for {quota}: {ATTACHED_POLICIES}")
