"""The same caller in another process: it has the settings from here, and signs with keys from here.

A caller's credentials may have been asked for at a terminal (MFA), or be fetched by a program; a
second process must not do so again. So it looks for none: whoever hands work to it adds the keys
that are good for the next minutes, over a pipe that is open to these two alone. They stand on no
command line, in no file and in no environment.
"""

from typing import Any

from msgspec import Struct

from goldenami.aws.acting import account_of
from goldenami.aws.botocore_private import Credentials
from goldenami.aws.call_trace import Heard
from goldenami.aws.errors import explained
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain.account_region import AccountRegion


class Keys(Struct, frozen=True):
    """What calls are signed with, for as long as it is good; never shown."""

    access_key: str
    secret_key: str
    token: str | None

    def __repr__(self) -> str:
        return "Keys(…)"


class CallerSettings(Struct, frozen=True):
    """What a caller is made with, but for the credentials: see `Aws`."""

    profile: str | None
    region: str
    endpoint_url: str | None


def settings_of(aws: Aws) -> CallerSettings | None:
    """Return what the same caller is made with elsewhere; None for one with a session of its own.

    Nobody knows what such a session was taught.
    """
    if aws.with_own_session:
        return None
    return CallerSettings(aws.profile, aws.region, aws.endpoint_url)


def keys_of(aws: Aws, role: str) -> Keys:
    """Return the keys of a role, or of the caller if that is empty, renewed if they end soon.

    botocore renews ten minutes before the end at the latest, so they are good for as long.

    Raises:
        AwsError: they could not be renewed.
    """
    acting = aws.acting_as(role)
    with explained("renewing credentials", acting.where):
        frozen = acting.credentials.get_frozen_credentials()
    return Keys(frozen.access_key, frozen.secret_key, frozen.token)


class _Newest(Credentials):
    """The newest keys that came for a role."""

    def __init__(self) -> None:
        super().__init__("", "", method="assume-role")
        self.keys: Any = None

    def get_frozen_credentials(self) -> Any:
        """Return them as botocore wants them: an access key, a secret key and a token."""
        return self.keys


class Delegate:
    """The caller of another process, with all its roles.

    Args:
        settings: those of the caller.
        heard: is told of every call, from several threads.
    """

    def __init__(self, settings: CallerSettings, heard: Heard | None = None) -> None:
        self._aws = Aws.signing_by_thread(
            profile=settings.profile,
            region=settings.region,
            endpoint_url=settings.endpoint_url,
            bulk=True,
            heard=heard,
        )
        self._credentials: dict[str, _Newest] = {}
        self._acting: dict[str, Aws] = {}

    def at(self, place: AccountRegion, keys: Keys) -> RegionalAws:
        """Return who acts in a region of an account; all of that role sign with these keys now."""
        credentials = self._credentials.setdefault(place.role, _Newest())
        credentials.keys = keys
        acting = self._acting.get(place.role)
        if acting is None:
            acting = self._aws.acting(credentials, account_of(place.role))
            self._acting[place.role] = acting
        return RegionalAws(acting, place.region, place)
