"""Roles of many accounts that share one client for each service and region.

A client takes ten milliseconds and more than a megabyte; for every region of a hundred accounts
that would be half a minute and gigabytes. What differs between roles is only who signs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from goldenami.aws.answers.others import RoleCredentials
from goldenami.aws.botocore_private import (
    Credentials,
    DeferredRefreshableCredentials,
    operations_of,
)

SESSION = "goldenami"
"""How a role's sessions are called in CloudTrail."""


class ActingCredentials(Credentials):
    """The credentials of whichever role acts in the calling thread; there are no others."""

    def __init__(self) -> None:
        super().__init__("", "", method="assume-role")
        self._here = local()

    @contextmanager
    def of(self, credentials: Any) -> Iterator[None]:
        """Let a role act in the block; botocore signs, and signs again, in the calling thread."""
        before = getattr(self._here, "credentials", None)
        self._here.credentials = credentials
        try:
            yield
        finally:
            self._here.credentials = before

    def get_frozen_credentials(self) -> Any:
        """Return the acting role's credentials, renewed if need be."""
        return self._here.credentials.get_frozen_credentials()


class ActingClient:
    """The operations of a shared client, called as one role."""

    def __init__(self, client: Any, shared: ActingCredentials, credentials: Any) -> None:
        self._client = client
        self._shared = shared
        self._credentials = credentials

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return an operation; anything else of the client could call AWS as somebody else."""
        if name not in operations_of(self._client):
            raise AttributeError(f"a role's client has operations alone, and not `{name}`")
        operation = getattr(self._client, name)

        def call(**parameters: Any) -> Any:
            with self._shared.of(self._credentials):
                return operation(**parameters)

        return call


def account_of(role: str) -> str:
    """Return the account of a role, by its ARN; empty if that is no ARN."""
    parts = role.split(":")
    return parts[4] if len(parts) > 5 else ""


def assumed(fetch: Callable[[], RoleCredentials]) -> Any:
    """Return a role's credentials, fetched when they are first needed and renewed as they expire.

    A session of a role by another role ends after an hour, and a bake does not, hence the renewal.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

    Args:
        fetch: assumes it.
    """

    def refresh() -> dict[str, str]:
        session = fetch()
        return {
            "access_key": session.access_key_id,
            "secret_key": session.secret_access_key,
            "token": session.session_token,
            "expiry_time": session.expiration.isoformat(),
        }

    return DeferredRefreshableCredentials(method="assume-role", refresh_using=refresh)
