"""Checks of the release file's ``audit`` part."""

from collections.abc import Iterator

from goldenami.domain import names
from goldenami.spec.enforcement import Problem
from goldenami.spec.model import AuditSettings


def problems(audit: AuditSettings) -> Iterator[Problem]:
    """Yield what is wrong with it, by key."""
    if audit.accounts and not audit.role:
        yield "$.audit.accounts", "needs audit.role, the role in those accounts that reads"
    if audit.role and not names.ROLE.fullmatch(audit.role):
        yield "$.audit.role", f"`{audit.role}` is no name of a role"
    listed = () if audit.accounts == "organization" else audit.accounts
    for index, account in enumerate(listed):
        if not names.ACCOUNT.fullmatch(account):
            yield f"$.audit.accounts[{index}]", f"`{account}` is no account id (12 digits)"
    if audit.newest is not None and audit.newest < 1:
        yield "$.audit.newest", "at least 1: the newest version is always current"
    if audit.max_age is not None and names.duration(audit.max_age) is None:
        yield "$.audit.max_age", f"`{audit.max_age}` is no duration, such as `90d`"
