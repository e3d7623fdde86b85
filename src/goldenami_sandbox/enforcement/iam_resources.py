"""What there is of IAM, with its condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from collections.abc import Callable, Mapping

from moto.iam.models import Role

from goldenami.iam.authorization.resources import Resource, identity
from goldenami_sandbox.enforcement.caller import store, tags_of
from goldenami_sandbox.iam.store import SandboxUser


def _user(name: str) -> Resource | None:
    return _principal(store().bounded_user(name)) if name in store().users else None


def _role(name: str) -> Resource | None:
    return next((_principal(role) for role in store().get_roles() if role.name == name), None)


def _principal(entity: SandboxUser | Role) -> Resource:
    boundary: str | None = entity.permissions_boundary_arn or None
    return identity(entity.arn, tags_of(entity.tags or []), boundary=boundary)


def _group(name: str) -> Resource | None:
    group = store().groups.get(name)
    return identity(group.arn, {}) if group else None


def _policy(arn: str) -> Resource | None:
    policy = store().managed_policies.get(arn)
    return identity(arn, tags_of(policy.get_tags())) if policy else None


def _instance_profile(name: str) -> Resource | None:
    for profile in store().get_instance_profiles():
        if profile.name == name:
            role = profile.roles[0].arn if profile.roles else None
            return identity(profile.arn, tags_of(profile.tags), role_arn=role)
    return None


KINDS: Mapping[str, Callable[[str], Resource | None]] = {
    "group": _group,
    "instance-profile": _instance_profile,
    "policy": _policy,
    "role": _role,
    "user": _user,
}
"""How a resource is found by its name, or a policy by its ARN."""
