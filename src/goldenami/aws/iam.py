"""Reading IAM: groups, what is attached to them, and managed policies with their versions."""

from typing import Any

import msgspec
from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.errors import AwsError

VERSIONS_PER_POLICY = 5


class Version(Struct, frozen=True):
    """One version of a managed policy."""

    id: str
    default: bool

    @property
    def number(self) -> int:
        """Its place in time: ``v7`` is 7."""
        return int(self.id.removeprefix("v"))


class ManagedPolicy(Struct, frozen=True, kw_only=True):
    """A customer managed policy as it is now.

    ``document`` is its default version's; ``others`` are users and roles in words, and
    ``boundary_of`` the roles whose permissions boundary it is.
    """

    arn: str
    document: dict[str, Any]
    versions: tuple[Version, ...]
    tags: dict[str, str]
    groups: tuple[str, ...]
    others: tuple[str, ...]
    boundary_of: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Tell whether goldenami made it."""
        return tags.POLICY in self.tags

    @property
    def prunable(self) -> tuple[Version, ...]:
        """The versions that must go before a new one fits: the oldest, never the default."""
        if len(self.versions) < VERSIONS_PER_POLICY:
            return ()
        return (min((v for v in self.versions if not v.default), key=lambda v: v.number),)


def attached(aws: Aws, region: str, group: str) -> dict[str, str] | None:
    """Return a group's managed policies, names by ARN; None if there is no such group."""
    try:
        found = pages(
            aws, "iam", "list_attached_group_policies", "AttachedPolicies", region,
            f"reading group {group}", GroupName=group,
        )  # fmt: skip
        return {one["PolicyArn"]: one["PolicyName"] for one in found}
    except AwsError as error:
        if error.code == "NoSuchEntity":
            return None
        raise


def attachments_per_group(aws: Aws, region: str) -> int:
    """Return how many managed policies a group may have (10 unless the account has more)."""
    with explained("reading IAM's quotas"):
        answer = aws.client("iam", region).get_account_summary()
    return int(answer["SummaryMap"].get("AttachedPoliciesPerGroupQuota", 10))


class Role(Struct, frozen=True):
    """A role, its path, and the ARN of its permissions boundary, empty if it has none."""

    name: str
    path: str
    boundary: str

    @property
    def service_linked(self) -> bool:
        """Tell whether it is one that AWS keeps for a service."""
        return self.path.startswith("/aws-service-role/")


def role(aws: Aws, region: str, name: str) -> Role | None:
    """Return the role of that name, or None if there is none."""
    try:
        with explained(f"reading role {name}"):
            told = aws.client("iam", region).get_role(RoleName=name)["Role"]
    except AwsError as error:
        if error.code == "NoSuchEntity":
            return None
        raise
    boundary = told.get("PermissionsBoundary", {})
    return Role(name, told["Path"], boundary.get("PermissionsBoundaryArn", ""))


def managed_policy(aws: Aws, region: str, arn: str) -> ManagedPolicy | None:
    """Return a managed policy, or None if there is none with this ARN."""
    client = aws.client("iam", region)
    try:
        with explained(f"reading policy {arn}"):
            told = client.get_policy(PolicyArn=arn)["Policy"]
            default = client.get_policy_version(PolicyArn=arn, VersionId=told["DefaultVersionId"])[
                "PolicyVersion"
            ]
    except AwsError as error:
        if error.code == "NoSuchEntity":
            return None
        raise
    doing = f"reading policy {arn}"
    versions = pages(aws, "iam", "list_policy_versions", "Versions", region, doing, PolicyArn=arn)
    groups, others = _attached_to(aws, region, arn, "PermissionsPolicy")
    _, bounded = _attached_to(aws, region, arn, "PermissionsBoundary")
    roles = tuple(one.removeprefix("role ") for one in bounded if one.startswith("role "))
    return ManagedPolicy(
        arn=arn,
        document=_document(default["Document"]),
        versions=tuple(Version(one["VersionId"], one["IsDefaultVersion"]) for one in versions),
        tags=tags.from_aws(told.get("Tags")),
        groups=groups,
        others=(*others, *(f"{one} (boundary)" for one in bounded if one.startswith("user "))),
        boundary_of=roles,
    )


def _attached_to(
    aws: Aws, region: str, arn: str, usage: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    groups: list[str] = []
    others: list[str] = []
    with explained(f"reading where {arn} is attached"):
        paginator = aws.client("iam", region).get_paginator("list_entities_for_policy")
        for page in paginator.paginate(PolicyArn=arn, PolicyUsageFilter=usage):
            groups += [one["GroupName"] for one in page["PolicyGroups"]]
            others += [f"role {one['RoleName']}" for one in page["PolicyRoles"]]
            others += [f"user {one['UserName']}" for one in page["PolicyUsers"]]
    return tuple(groups), tuple(others)


def _document(document: Any) -> dict[str, Any]:
    """Return a document as an object; botocore decodes it unless a proxy changed the answer."""
    if isinstance(document, str):
        document = msgspec.json.decode(document)
    return dict(document)
