"""Whom the policy simulator simulates: the policies of a user, group or role, and its keys.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterable
from typing import cast

from moto.iam.exceptions import NoSuchEntity, ValidationError
from moto.iam.models import AWSManagedPolicy, Group, ManagedPolicy, Role

from goldenami.iam.evaluator.request import Principal
from goldenami_sandbox.iam.boundaries import User
from goldenami_sandbox.iam.simulation import Source
from goldenami_sandbox.iam.store import IamStore
from goldenami_sandbox.organizations import store as organizations

Entity = User | Group | Role


def principal_of(store: IamStore, arn: str) -> Principal:
    """Return a user, a group or a role as the simulated caller.

    Raises:
        IAMException: NoSuchEntity, or ValidationError for another ARN.
    """
    entity = _entity(store, arn)
    if isinstance(entity, Group):
        return Principal(arn=arn, keys={})
    own = organizations.organization_of(store.account_id)
    return Principal.from_arn(
        arn,
        tags={tag["Key"]: tag["Value"] for tag in entity.tags or []},
        unique_id=entity.id,
        session="" if isinstance(entity, User) else "simulated",
        organization=own.id if own else "",
        in_management_account=bool(own and own.manages(store.account_id)),
    )


def sources_of(store: IamStore, arn: str) -> tuple[list[Source], Source | None]:
    """Return the policies of a user (its groups' too), a group or a role, and its boundary.

    Raises:
        IAMException: NoSuchEntity, or ValidationError for another ARN.
        PolicyError: a policy that the evaluator does not know.
    """
    entity = _entity(store, arn)
    found = list(_own(entity))
    if isinstance(entity, User):
        for group in store.get_groups_for_user(entity.name):
            found += _own(group)
    unique = list({source.id: source for source in found}.values())
    if isinstance(entity, Group):
        return unique, None
    boundary = entity.permissions_boundary_arn
    return unique, _managed(store.get_policy(boundary)) if boundary else None


def _entity(store: IamStore, arn: str) -> Entity:
    every = [*store.users.values(), *store.groups.values(), *store.roles.values()]
    for one in cast(list[Entity], every):
        if one.arn == arn:
            return one
    if any(f":{kind}/" in arn for kind in ("user", "group", "role")):
        raise NoSuchEntity(f"Could not find entity: {arn}")
    raise ValidationError(
        f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
    )


def _own(entity: Entity) -> Iterable[Source]:
    kind = type(entity).__name__.lower()
    for name, text in entity.policies.items():
        yield Source.of(f"{kind}_{entity.name}_{name}", text, kind)
    for policy in entity.managed_policies.values():
        yield _managed(policy)


def _managed(policy: ManagedPolicy) -> Source:
    kind = "aws-managed" if isinstance(policy, AWSManagedPolicy) else "user-managed"
    default = next(one for one in policy.versions if one.is_default_version)
    return Source.of(policy.name, default.document, kind)
