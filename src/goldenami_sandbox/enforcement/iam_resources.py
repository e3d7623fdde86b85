"""What there is of IAM, with its condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from collections.abc import Callable, Mapping

from moto.iam.models import Role

from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Value
from goldenami_sandbox.enforcement.caller import store, tags_of
from goldenami_sandbox.iam.boundaries import User

Keys = dict[str, Value]


def _user(name: str) -> Resource | None:
    if name not in store().users:
        return None
    user = store().bounded_user(name)
    return _bounded(user, tags_of(user.tags or []))


def _role(name: str) -> Resource | None:
    for role in store().get_roles():
        if role.name == name:
            return _bounded(role, tags_of(role.tags or []))
    return None


def _bounded(entity: User | Role, tags: Mapping[str, str]) -> Resource:
    boundary = entity.permissions_boundary_arn
    keys: Keys = {"iam:PermissionsBoundary": boundary} if boundary else {}
    return Resource(arn=entity.arn, keys=keys | _tag_keys(tags))


def _tag_keys(tags: Mapping[str, str]) -> Keys:
    return {
        f"{service}:ResourceTag/{key}": value
        for service in ("aws", "iam")
        for key, value in tags.items()
    }


def _group(name: str) -> Resource | None:
    group = store().groups.get(name)
    return Resource(arn=group.arn) if group else None


def _policy(arn: str) -> Resource | None:
    policy = store().managed_policies.get(arn)
    return Resource(arn=arn, keys=_tag_keys(tags_of(policy.get_tags()))) if policy else None


def _instance_profile(name: str) -> Resource | None:
    for profile in store().get_instance_profiles():
        if profile.name == name:
            role = profile.roles[0].arn if profile.roles else None
            keys = _tag_keys(tags_of(profile.tags))
            return Resource(arn=profile.arn, keys=keys, details={"role": role})
    return None


KINDS: Mapping[str, Callable[[str], Resource | None]] = {
    "group": _group,
    "instance-profile": _instance_profile,
    "policy": _policy,
    "role": _role,
    "user": _user,
}
"""How a resource is found by its name, or a policy by its ARN."""
