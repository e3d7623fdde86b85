"""Who signed a request: a user, or a session of a role."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import cast

from moto.iam.models import AccessKey, Role, iam_backends
from moto.sts.models import AssumedRole, sts_backends
from msgspec import Struct

from goldenami.errors import GoldenamiError
from goldenami.iam.evaluator.request import Principal
from goldenami_sandbox.iam.store import IamStore, SandboxUser
from goldenami_sandbox.identity import ACCOUNT_ID, PARTITION
from goldenami_sandbox.organizations import store as organizations
from goldenami_sandbox.sts import Session


class Caller(Struct, frozen=True):
    """A principal, and what moto keeps of it.

    Args:
        arn: as error messages name them: a session has an ARN of its own.
        principal: as policies see them.
        entity: the user, or the role of the session.
        session: the session, None for a user.
    """

    arn: str
    principal: Principal
    entity: SandboxUser | Role
    session: Session | None = None


_account: ContextVar[tuple[str, str]] = ContextVar("account", default=(ACCOUNT_ID, PARTITION))


@contextmanager
def deciding_in(account: str, partition: str) -> Iterator[None]:
    """Decide by the policies and the resources of an account of a partition in the block."""
    token = _account.set((account, partition))
    try:
        yield
    finally:
        _account.reset(token)


def account_id() -> str:
    """Return the account in which is decided."""
    return _account.get()[0]


def partition() -> str:
    """Return the partition in which is decided: each has users, roles and policies of its own."""
    return _account.get()[1]


def store() -> IamStore:
    """Return the account's IAM."""
    return cast(IamStore, iam_backends[account_id()][partition()])


def tags_of(listed: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return tags as a dictionary (``[{"Key": …, "Value": …}]``)."""
    return {tag["Key"]: tag["Value"] for tag in listed}


def caller_of(access_key_id: str) -> Caller:
    """Return who owns an access key.

    Raises:
        GoldenamiError: neither a user nor a session does.
        NotFoundException: the role of the session is gone.
    """
    session = _session(access_key_id)
    if session is not None:
        role = store().get_role_by_arn(session.role_arn)
        tags = tags_of(role.tags or []) | dict(session.tags)
        return Caller(session.arn, principal_of(role, tags, session.name), role, session)
    key: AccessKey | None = store().access_keys.get(access_key_id)
    if key is None or not key.user_name:
        raise GoldenamiError(f"the access key {access_key_id} is nobody's")
    user = store().bounded_user(key.user_name)
    return Caller(user.arn, principal_of(user), user)


def _session(access_key_id: str) -> Session | None:
    sessions = sts_backends[account_id()][partition()]
    assumed: AssumedRole | None = sessions.get_assumed_role_from_access_key(access_key_id)
    return Session.of(assumed) if assumed else None


def principal_of(
    entity: SandboxUser | Role, tags: Mapping[str, str] | None = None, session: str = ""
) -> Principal:
    """Return a user or role as policies see it: with its own tags, if no session has others."""
    organization = organizations.organization_of(account_id())
    return Principal.from_arn(
        entity.arn,
        tags=tags_of(entity.tags or []) if tags is None else tags,
        unique_id=entity.id,
        session=session,
        organization=organization.id if organization else "",
        in_management_account=bool(organization and organization.manages(account_id())),
    )
