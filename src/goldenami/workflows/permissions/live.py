"""A role as it is in an account, beside what it needs for a command."""

from collections.abc import Sequence

from goldenami.aws import authorization_details
from goldenami.aws.session import Aws
from goldenami.errors import UsageError
from goldenami.iam.permissions.comparison import PolicyComparison, compare
from goldenami.iam.permissions.worth import compiled
from goldenami.workflows.permissions.generation import RolePermissions


def compared(
    aws: Aws, permissions: Sequence[RolePermissions], role: str
) -> tuple[PolicyComparison, tuple[str, ...]]:
    """Compare a role of the caller's account with what it needs; and notes on what was not read.

    Args:
        aws: who reads.
        permissions: what a command needs, account by account.
        role: the role, by name or ARN.

    Raises:
        UsageError: the account has no such role, or the command needs nothing there.
        AwsError: the account could not be read.
    """
    account, notes = authorization_details.account(aws)
    name = role.rpartition("/")[2]
    needs = [each for each in permissions if each.account in (aws.account, "*")]
    if not needs:
        raise UsageError(
            f"the command needs nothing in account {aws.account}",
            fix="use credentials of the account whose role it is",
        )
    identity, needed = account.named("role", name), needs[0]
    result = compare(
        needed.statements,
        compiled(needed.documents),
        account.policies_of(identity),
        account.principal(identity),
    )
    return result, notes
