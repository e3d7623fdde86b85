"""Reading IAM: groups, what is attached to them, and managed policies with their versions."""

from typing import Any

from msgspec import Struct

from goldenami.aws.answers.iam import (
    GetAccountSummary,
    GetPolicy,
    GetPolicyVersion,
    GetRole,
    ListAttachedGroupPolicies,
    ListEntitiesForPolicy,
    ListPolicyVersions,
)
from goldenami.aws.errors import Tolerated
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.session import Aws

VERSIONS_PER_POLICY = 5
_GONE = ("NoSuchEntity",)


class ManagedPolicy(KeptPolicy, frozen=True, kw_only=True):
    """A customer managed policy.

    Args:
        groups: those that it is attached to.
        others: the users and roles, in words.
        boundary_of: the roles whose permissions boundary it is.
        newest: the number of its newest version.
    """

    groups: tuple[str, ...]
    others: tuple[str, ...]
    boundary_of: tuple[str, ...]
    newest: int


def version_number(version: str) -> int:
    """Return the place in time of a version: ``v7`` is 7."""
    return int(version.removeprefix("v"))


def attached(aws: Aws, group: str) -> dict[str, str] | None:
    """Return a group's managed policies, names by ARN; None if there is no such group."""
    with Tolerated(_GONE):
        policies = aws.rows(ListAttachedGroupPolicies, f"reading group {group}", GroupName=group)
        return {policy.policy_arn: policy.policy_name for policy in policies}
    return None


def attachments_per_group(aws: Aws) -> int:
    """Return how many managed policies a group may have (10 unless the account has more)."""
    return aws.ask(GetAccountSummary, "reading IAM's quotas").part.value


class RoleBoundary(Struct, frozen=True):
    """A role, its path, and the ARN of its permissions boundary, empty if it has none."""

    name: str
    path: str
    boundary: str

    @property
    def service_linked(self) -> bool:
        """Tell whether it is one that AWS keeps for a service."""
        return self.path.startswith("/aws-service-role/")


def role(aws: Aws, name: str) -> RoleBoundary | None:
    """Return the role of that name, or None if there is none."""
    with Tolerated(_GONE):
        answer = aws.ask(GetRole, f"reading role {name}", RoleName=name).part
        boundary = answer.permissions_boundary
        arn = boundary.permissions_boundary_arn if boundary else ""
        return RoleBoundary(name, answer.path, arn)
    return None


def managed_policy(aws: Aws, arn: str) -> ManagedPolicy | None:
    """Return a managed policy, or None if there is none with this ARN."""
    with Tolerated(_GONE):  # also if it is deleted while it is read
        return _managed_policy(aws, arn)
    return None


def version_document(aws: Aws, arn: str, version: str) -> dict[str, Any]:
    """Return the document of a version of a managed policy."""
    answer = aws.ask(GetPolicyVersion, f"reading policy {arn}", PolicyArn=arn, VersionId=version)
    return answer.part.value


def _managed_policy(aws: Aws, arn: str) -> ManagedPolicy:
    purpose = f"reading policy {arn}"
    policy = aws.ask(GetPolicy, purpose, PolicyArn=arn).part
    document = version_document(aws, arn, policy.default_version_id)
    versions = list(aws.rows(ListPolicyVersions, purpose, PolicyArn=arn))
    superseded = tuple(version.version_id for version in versions if not version.is_default_version)
    full = len(versions) >= VERSIONS_PER_POLICY
    groups, others = _attached_to(aws, arn, "PermissionsPolicy")
    _, bounded = _attached_to(aws, arn, "PermissionsBoundary")
    return ManagedPolicy(
        key=arn,
        reference=arn,
        document=document,
        tags=policy.tag_values,
        prunable=(min(superseded, key=version_number),) if full else (),
        superseded=superseded,
        groups=groups,
        others=(*others, *(f"{name} (boundary)" for name in bounded if name.startswith("user "))),
        boundary_of=tuple(
            name.removeprefix("role ") for name in bounded if name.startswith("role ")
        ),
        newest=max(version_number(version.version_id) for version in versions),
    )


def _attached_to(aws: Aws, arn: str, usage: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    groups: list[str] = []
    others: list[str] = []
    purpose = f"reading where {arn} is attached"
    for page in aws.listed(ListEntitiesForPolicy, purpose, PolicyArn=arn, PolicyUsageFilter=usage):
        groups += [group.group_name for group in page.policy_groups]
        others += [f"role {role.role_name}" for role in page.policy_roles]
        others += [f"user {user.user_name}" for user in page.policy_users]
    return tuple(groups), tuple(others)
