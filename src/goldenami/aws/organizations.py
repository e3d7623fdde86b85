"""Reading AWS Organizations: policies, what they are attached to, and what a target has."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from goldenami.aws.answers.interface import read_json
from goldenami.aws.answers.organizations import (
    DescribeOrganization,
    DescribePolicy,
    ListAccounts,
    ListAccountsForParent,
    ListOrganizationalUnitsForParent,
    ListPolicies,
    ListPoliciesForTarget,
    ListRoots,
    ListTagsForResource,
    ListTargetsForPolicy,
    PolicySummary,
)
from goldenami.aws.errors import FORBIDDEN, Tolerated, explained
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, RefusedError

SCP = "SERVICE_CONTROL_POLICY"
DECLARATIVE_EC2 = "DECLARATIVE_POLICY_EC2"
POLICIES_PER_TARGET = 5

NOT_IN_USE = "AWSOrganizationsNotInUseException"
_GONE = ("TargetNotFoundException", "PolicyNotFoundException")


def named(aws: Aws, kind: str, prefix: str) -> dict[str, KeptPolicy]:
    """Return the policies of a type whose names begin so, by name.

    Raises:
        RefusedError: the account is in no organization, or may not read its policies.
    """
    with _readable():
        policies = list(aws.rows(ListPolicies, "listing the organization's policies", Filter=kind))
    own = [policy for policy in policies if policy.name.startswith(prefix)]
    read = side_by_side(own, lambda policy: _policy(aws, policy.id, policy.name))
    return {policy.key: policy for policy in read.values() if policy}


def enabled_types(aws: Aws) -> frozenset[str]:
    """Return the policy types that are enabled in the organization's root."""
    return frozenset(
        kind.type
        for root in aws.rows(ListRoots, "reading the organization's root")
        for kind in root.policy_types
        if kind.status == "ENABLED"
    )


def active_accounts(aws: Aws) -> tuple[str, ...]:
    """Return the ids of the organization's active accounts, sorted.

    Raises:
        RefusedError: the account is in no organization, or may not list its accounts.
    """
    with _readable():
        accounts = list(aws.rows(ListAccounts, "listing the organization's accounts"))
    return tuple(sorted(account.id for account in accounts if account.active))


def accounts_under(aws: Aws, target: str) -> tuple[str, ...] | None:
    """Return the accounts under a root, a unit or an account, which its SCPs bind, sorted.

    The management account, which no SCP binds, is left out.

    Returns:
        The ids; None if the caller may not read them.
    """
    with Tolerated(FORBIDDEN):
        purpose = "reading the organization"
        reading = ahead(lambda: {target} if target.isdigit() else _accounts(aws, target))
        manager = aws.ask(DescribeOrganization, purpose).part.master_account_id
        return tuple(sorted(reading() - {manager}))
    return None


def _accounts(aws: Aws, parent: str) -> set[str]:
    purpose = f"reading what is under {parent}"
    below = ahead(lambda: list(aws.rows(ListAccountsForParent, purpose, ParentId=parent)))
    units = list(aws.rows(ListOrganizationalUnitsForParent, purpose, ParentId=parent))
    deeper = side_by_side([unit.value for unit in units], partial(_accounts, aws))
    return {account.id for account in below()}.union(*deeper.values())


def attached(aws: Aws, kind: str, target: str) -> tuple[str, ...] | None:
    """Return the names of the policies of a type on a target; None if there is no such target."""
    with Tolerated(_GONE):
        return tuple(policy.name for policy in policies_of(aws, kind, target))
    return None


def policies_of(aws: Aws, kind: str, target: str) -> Iterator[PolicySummary]:
    """Return the policies of a type on a target that there is."""
    return aws.rows(
        ListPoliciesForTarget, f"reading the policies of {target}",
        TargetId=target, Filter=kind,
    )  # fmt: skip


def _policy(aws: Aws, policy_id: str, name: str) -> KeptPolicy | None:
    """Return a policy that was listed; None if it has been deleted since."""
    purpose = f"reading policy {name}"
    with Tolerated(_GONE):
        tagged = ahead(
            lambda: list(
                aws.rows(ListTagsForResource, f"reading the tags of {name}", ResourceId=policy_id)
            )
        )
        attaching = ahead(
            lambda: list(
                aws.rows(
                    ListTargetsForPolicy, f"reading where {name} is attached", PolicyId=policy_id
                )
            )
        )
        content = aws.ask(DescribePolicy, purpose, PolicyId=policy_id).part.value
        with explained(purpose, aws.where, DescribePolicy.call):
            document = read_json(dict[str, Any], content)
        return KeptPolicy(
            key=name,
            reference=policy_id,
            document=document,
            tags={tag.key: tag.value for tag in tagged()},
            holders={"organization-target": tuple(target.value for target in attaching())},
        )
    return None


@contextmanager
def _readable() -> Iterator[None]:
    """Say what to do about an organization that there is not, or that may not be read."""
    try:
        yield
    except AwsError as error:
        if error.code == NOT_IN_USE:
            raise RefusedError(
                "this account is in no organization, so there are no policies or accounts of one",
                fix="leave scp and declarative_policy out, or --organization and audit.accounts",
            ) from error
        if error.code in FORBIDDEN:
            raise RefusedError(
                error.message,
                fix="use the organization's management account, or a delegated administrator",
            ) from error
        raise
