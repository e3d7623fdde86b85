"""Accounts for tests of who can become a role, in few words."""

from typing import Any

from goldenami.iam.account import (
    ADMINISTRATOR,
    Account,
    ControlLevel,
    Group,
    NamedDocument,
    Role,
    User,
)

ID, OTHER = "111122223333", "999988887777"
IAM = f"arn:aws:iam::{ID}"
ROOT = {"AWS": f"{IAM}:root"}
TARGET = f"{IAM}:role/pipeline"
NOBODY = {"AWS": "AIDA0000000000NOBODY"}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def allow(*actions: str, on: Any = "*", **condition: Any) -> dict[str, Any]:
    """Return a statement; a keyword ``Operator`` brings ``{key: value}``."""
    return _statement("Allow", actions, on, condition)


def deny(*actions: str, on: Any = "*", **condition: Any) -> dict[str, Any]:
    """Return a statement that denies."""
    return _statement("Deny", actions, on, condition)


def _statement(effect: str, actions: tuple[str, ...], on: Any, condition: Any) -> dict[str, Any]:
    told = {"Effect": effect, "Action": list(actions), "Resource": on}
    return told | ({"Condition": condition} if condition else {})


def document(name: str, *statements: Any) -> NamedDocument:
    """Return a policy."""
    return NamedDocument.from_json(name, {"Version": "2012-10-17", "Statement": list(statements)})


def trust(*principals: Any, action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    """Return a trust policy that lets in several principals."""
    return {"Version": "2012-10-17", "Statement": [lets_in(member, action, **condition)
                                                   for member in principals]}  # fmt: skip


def lets_in(principal: Any, action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    """Return a statement of a trust policy."""
    told = {"Effect": "Allow", "Principal": principal, "Action": action}
    return told | ({"Condition": condition} if condition else {})


def user(name: str, *statements: Any, **fields: Any) -> User:
    """Return a user with an inline policy of these statements."""
    return User(arn=f"{IAM}:user/{name}", inline=_inline(name, statements), **fields)


def group(name: str, *statements: Any, **fields: Any) -> Group:
    """Return a group."""
    return Group(arn=f"{IAM}:group/{name}", inline=_inline(name, statements), **fields)


def role(name: str, *statements: Any, trusts: Any = NOBODY, **fields: Any) -> Role:
    """Return a role; ``trusts`` is a principal, or a whole trust policy."""
    whole = trusts if isinstance(trusts, dict) and "Statement" in trusts else trust(trusts)
    return Role(arn=f"{IAM}:role/{name}", inline=_inline(name, statements), trust=whole, **fields)


def _inline(name: str, statements: tuple[Any, ...]) -> tuple[NamedDocument, ...]:
    return (document(f"policy of {name}", *statements),) if statements else ()


def account(*everybody: Any, scp: Any = None, **fields: Any) -> Account:
    """Return an account of these users, groups and roles, with one more level of SCPs."""

    def named(kind: type[Any]) -> dict[str, Any]:
        return {member.name: member for member in everybody if isinstance(member, kind)}

    levels = (ControlLevel("ou-1", "ou-1", (ADMINISTRATOR, scp)),) if scp else ()
    policies = {ADMIN: ADMINISTRATOR, **fields.pop("policies", {})}
    return Account(
        id=ID, users=named(User), groups=named(Group), roles=named(Role), policies=policies,
        levels=levels, **fields,
    )  # fmt: skip
