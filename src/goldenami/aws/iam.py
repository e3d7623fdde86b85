"""Reading IAM: groups, what is attached to them, and managed policies with their versions."""

from functools import partial
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
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws

VERSIONS_PER_POLICY = 5
_GONE = ("NoSuchEntity",)


def version_number(version: str) -> int:
    """Return the place in time of a version: ``v7`` is 7."""
    return int(version.removeprefix("v"))


def attached(aws: Aws, group: str) -> tuple[str, ...] | None:
    """Return a group's managed policies by their ARNs; None if there is no such group."""
    with Tolerated(_GONE):
        policies = aws.rows(ListAttachedGroupPolicies, f"reading group {group}", GroupName=group)
        return tuple(policy.policy_arn for policy in policies)
    return None


def attachments_per_group(aws: Aws) -> int:
    """Return how many managed policies a group may have (10 unless the account has more)."""
    return aws.ask(GetAccountSummary, "reading IAM's quotas").part.value


class RoleBoundary(Struct, frozen=True):
    """The path of a role, and the ARN of its permissions boundary, empty if it has none."""

    path: str
    boundary: str


def role(aws: Aws, name: str) -> RoleBoundary | None:
    """Return the role of that name, or None if there is none."""
    with Tolerated(_GONE):
        answer = aws.ask(GetRole, f"reading role {name}", RoleName=name).part
        boundary = answer.permissions_boundary
        arn = boundary.permissions_boundary_arn if boundary else ""
        return RoleBoundary(answer.path, arn)
    return None


def managed_policy(aws: Aws, arn: str) -> KeptPolicy | None:
    """Return a managed policy, or None if there is none, or it is deleted while it is read."""
    purpose = f"reading policy {arn}"
    with Tolerated(_GONE):
        policy = aws.ask(GetPolicy, purpose, PolicyArn=arn).part
        listing = ahead(lambda: list(aws.rows(ListPolicyVersions, purpose, PolicyArn=arn)))
        attaching = ahead(partial(_attached_to, aws, arn, "PermissionsPolicy"))
        bounding = ahead(partial(_attached_to, aws, arn, "PermissionsBoundary"))
        document = version_document(aws, arn, policy.default_version_id)
        versions = listing()
        superseded = tuple(
            version.version_id for version in versions if not version.is_default_version
        )
        full = len(versions) >= VERSIONS_PER_POLICY
        groups, roles, users = attaching()
        _, bounded, users_bounded = bounding()
        return KeptPolicy(
            key=arn,
            reference=arn,
            document=document,
            tags=policy.tag_values,
            prunable=(min(superseded, key=version_number),) if full else (),
            superseded=superseded,
            newest=max(version_number(version.version_id) for version in versions),
            holders={"group": groups, "role-boundary": bounded},
            elsewhere=(
                *(f"role {name}" for name in roles),
                *(f"user {name}" for name in users),
                *(f"user {name} (boundary)" for name in users_bounded),
            ),
        )
    return None


def version_document(aws: Aws, arn: str, version: str) -> dict[str, Any]:
    """Return the document of a version of a managed policy."""
    answer = aws.ask(GetPolicyVersion, f"reading policy {arn}", PolicyArn=arn, VersionId=version)
    return answer.part.value


def _attached_to(
    aws: Aws, arn: str, usage: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the groups, roles and users that use a policy so."""
    purpose = f"reading where {arn} is attached"
    pages = list(aws.listed(ListEntitiesForPolicy, purpose, PolicyArn=arn, PolicyUsageFilter=usage))
    return (
        tuple(group.group_name for page in pages for group in page.policy_groups),
        tuple(role.role_name for page in pages for role in page.policy_roles),
        tuple(user.user_name for page in pages for user in page.policy_users),
    )
