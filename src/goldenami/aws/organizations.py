"""Reading AWS Organizations: policies, what they are attached to, and what a target has."""

from typing import Any

import msgspec
from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.errors import FORBIDDEN, explained
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.errors import AwsError, RefusedError

SCP = "SERVICE_CONTROL_POLICY"
DECLARATIVE_EC2 = "DECLARATIVE_POLICY_EC2"
POLICIES_PER_TARGET = 5

NOT_IN_USE = "AWSOrganizationsNotInUseException"
_GONE = ("TargetNotFoundException", "PolicyNotFoundException")


class OrganizationPolicy(Struct, frozen=True, kw_only=True):
    """A policy of an organization as it is now."""

    id: str
    name: str
    document: dict[str, Any]
    tags: dict[str, str]
    targets: tuple[str, ...]

    @property
    def ours(self) -> bool:
        """Tell whether goldenami made it."""
        return tags.POLICY in self.tags


def named(aws: Aws, region: str, kind: str, prefix: str) -> dict[str, OrganizationPolicy]:
    """Return the policies of a type whose names begin so, by name.

    Raises:
        RefusedError: the account is in no organization, or may not read its policies.
    """
    try:
        summaries = [
            one
            for one in pages(
                aws, "organizations", "list_policies", "Policies", region,
                "listing the organization's policies", Filter=kind,
            )
            if one["Name"].startswith(prefix)
        ]  # fmt: skip
    except AwsError as error:
        raise _no_access(error) from error
    return {one["Name"]: _policy(aws, region, one["Id"], one["Name"]) for one in summaries}


def enabled_types(aws: Aws, region: str) -> frozenset[str]:
    """Return the policy types that are enabled in the organization's root."""
    roots = pages(
        aws, "organizations", "list_roots", "Roots", region, "reading the organization's root"
    )
    return frozenset(
        one["Type"] for root in roots for one in root["PolicyTypes"] if one["Status"] == "ENABLED"
    )


def active_accounts(aws: Aws, region: str) -> tuple[str, ...]:
    """Return the ids of the organization's active accounts, sorted.

    Raises:
        RefusedError: the account is in no organization, or may not list its accounts.
    """
    try:
        found = list(
            pages(
                aws, "organizations", "list_accounts", "Accounts", region,
                "listing the organization's accounts",
            )
        )  # fmt: skip
    except AwsError as error:
        raise _no_access(error) from error
    return tuple(sorted(one["Id"] for one in found if one["Status"] == "ACTIVE"))


def attached(aws: Aws, region: str, kind: str, target: str) -> dict[str, str] | None:
    """Return the policies of a type on a target, names by id; None if there is no such target."""
    try:
        found = pages(
            aws, "organizations", "list_policies_for_target", "Policies", region,
            f"reading the policies of {target}", TargetId=target, Filter=kind,
        )  # fmt: skip
        return {one["Id"]: one["Name"] for one in found}
    except AwsError as error:
        if error.code in _GONE:
            return None
        raise


def _policy(aws: Aws, region: str, policy_id: str, name: str) -> OrganizationPolicy:
    client = aws.client("organizations", region)
    with explained(f"reading policy {name}"):
        told = client.describe_policy(PolicyId=policy_id)["Policy"]
    own = pages(
        aws, "organizations", "list_tags_for_resource", "Tags", region,
        f"reading the tags of {name}", ResourceId=policy_id,
    )  # fmt: skip
    targets = pages(
        aws, "organizations", "list_targets_for_policy", "Targets", region,
        f"reading where {name} is attached", PolicyId=policy_id,
    )  # fmt: skip
    return OrganizationPolicy(
        id=policy_id,
        name=name,
        document=msgspec.json.decode(told["Content"]),
        tags=tags.from_aws(own),
        targets=tuple(one["TargetId"] for one in targets),
    )


def _no_access(error: AwsError) -> AwsError | RefusedError:
    if error.code == NOT_IN_USE:
        return RefusedError(
            "this account is in no organization, so there are no policies or accounts of one",
            fix="leave scp and declarative_policy out, or --organization and audit.accounts",
        )
    if error.code in FORBIDDEN:
        return RefusedError(
            error.message,
            fix="use the organization's management account, or a delegated administrator",
        )
    return error
