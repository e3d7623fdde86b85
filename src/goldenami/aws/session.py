"""The only place where AWS clients are made."""

import os
from collections.abc import Callable
from copy import copy
from functools import cached_property, partial
from threading import Lock
from typing import Any, Self, TypeVar

from goldenami import __version__
from goldenami.aws import endpoints
from goldenami.aws.answers.others import AssumeRole, GetCallerIdentity, RoleCredentials
from goldenami.aws.ask import Asking
from goldenami.aws.call_trace import Heard, follow
from goldenami.aws.errors import explained
from goldenami.aws.parallel import ahead
from goldenami.domain import arns
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.regions import Partitions, misspelt
from goldenami.errors import UsageError

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
ATTEMPTS = 8
CONNECTIONS_OF_ROLES = 32
"""To one service and region, of all roles together."""

_FOUND_BY_EVERY_SDK = ("env", "iam-role", "container-role")


class Aws(Asking):
    """One caller's AWS: a session, and a client for each service and region.

    Credentials, profile and region come from where every AWS tool takes them.

    Args:
        profile: named profile, None for the default chain.
        region: region of the calls that name none, None for the session's own.
        endpoint_url: another endpoint for every service; AWS_ENDPOINT_URL is honoured by botocore.
        connections: how many calls may be under way at once to one service and region.
        bulk: for callers that read large listings: they are read by the lean parser, and where AWS
            throttles, each service and region is slowed down on its own.
        heard: is told of every call, from several threads.
        external_id: what the roles of other accounts ask for, empty if they do not.
        session: a botocore session that is there already.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        connections: int = 16,
        bulk: bool = False,
        heard: Heard | None = None,
        external_id: str = "",
        session: Any = None,
    ) -> None:
        from botocore.config import Config

        with explained("starting an AWS session"):
            self._session: Any = session or _session(
                bulk=bulk, heard=heard, profile=profile, region=region
            )
        self.with_own_session = session is not None
        self.profile = profile
        self.endpoint_url = endpoint_url
        self._bulk, self.heard = bulk, heard
        self._external_id = external_id
        self._region = region or self._session.get_config_variable("region")
        self._config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={
                "mode": "adaptive" if bulk else "standard",
                "total_max_attempts": ATTEMPTS,
            },
            max_pool_connections=connections,
            user_agent_extra=f"goldenami/{__version__}",
        )
        self._clients: dict[tuple[str, str], Any] = {}
        self._assumed: dict[str, Aws] = {}
        self._shared: Aws | None = None
        self._acts_as: Any = None
        self._acts_in = ""
        self._lock = Lock()
        self._roles_lock = Lock()
        self._answers: dict[Callable[[Any], Any], Callable[[], Any]] = {}
        self._answers_lock = Lock()

    @classmethod
    def standing_in(cls, arn: str, region: str) -> Self:
        """Return a caller who is known by name, for plans: nothing is asked of AWS.

        Args:
            arn: whose ARN it has.
            region: the region of calls that name none.
        """
        aws = cls(region=region)
        caller = GetCallerIdentity(account=arn.split(":")[4], arn=arn)
        aws._answers[identity] = lambda: caller
        return aws

    @property
    def region(self) -> str:
        """The region of calls that name none.

        Raises:
            UsageError: no region is configured.
        """
        if not self._region:
            raise UsageError("no AWS region is set", fix="pass --region, or set AWS_REGION")
        return str(self._region)

    def in_region(self, region: str) -> "RegionalAws":
        """Return the caller in a region."""
        return RegionalAws(self, region)

    @property
    def where(self) -> str:
        """The account, if it is another one than the caller's; errors name it then."""
        return self._acts_in

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service in a region, made once.

        botocore's factory is not thread-safe, hence the lock.

        Raises:
            UsageError: the region is not one that AWS has, or the endpoint or the proxy is no URL.
        """
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._check_region(key[1])
                self._clients[key] = self._new_client(*key)
            client = self._clients[key]
        if self._acts_as is None:
            return client
        from goldenami.aws.acting import ActingClient

        return ActingClient(client, self._session.get_credentials(), self._acts_as)

    def _new_client(self, service: str, region: str) -> Any:
        from goldenami.aws.botocore_private import read_in_large_parts, trust_in_common

        with explained(f"connecting to {service}", region):
            endpoints.check(self._session, service, self.endpoint_url)
            try:
                client = self._session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=self.endpoint_url,
                    config=self._config,
                )
            except ValueError as error:  # of a setting that botocore takes as it is
                why = endpoints.without_users(str(error))
                raise UsageError(
                    f"connecting to {service} in {region}: {why}",
                    fix="correct the AWS_ variable, or the entry of the AWS configuration file",
                ) from error
            endpoints.check_proxy(client.meta.endpoint_url)
            trust_in_common(client)
            read_in_large_parts(client)
            return client

    def at(self, place: AccountRegion) -> "RegionalAws":
        """Return who acts in a region of an account, by the role there if it has one."""
        return RegionalAws(self.acting_as(place.role), place.region, place)

    def acting_as(self, role: str) -> "Aws":
        """Return the caller as a role, by its ARN; all roles share their clients.

        It is the same caller if that is empty.
        """
        if not role:
            return self
        from goldenami.aws.acting import SESSION, account_of, assumed

        said = {"ExternalId": self._external_id} if self._external_id else {}

        def fetch() -> RoleCredentials:
            here = self.in_region(self.region)
            named = {"RoleArn": role, "RoleSessionName": SESSION, **said}
            return here.ask(AssumeRole, f"assuming {role}", **named).part

        with self._roles_lock:
            if role not in self._assumed:
                self._shared = self._shared or self._sharing()
                self._assumed[role] = self._shared.acting(assumed(fetch), account_of(role))
            return self._assumed[role]

    def role_in(self, account: str, name: str) -> str:
        """Return the ARN of a role of another account; empty for the caller's own account."""
        own = account == self.account
        return "" if own else arns.iam_arn(self.partition, account, "role", name)

    def acting(self, credentials: Any, account: str = "") -> Self:
        """Return the same, clients and all, but that every call is signed with credentials.

        Args:
            credentials: whose.
            account: the account that they act in, which errors name; empty if it needs no name.
        """
        acting = copy(self)
        acting._acts_in = account  # noqa: SLF001  our own
        acting._assumed, acting._answers = {}, {}  # noqa: SLF001  our own
        acting._answers_lock = Lock()  # noqa: SLF001
        acting._acts_as = credentials  # noqa: SLF001
        return acting

    def _sharing(self) -> "Aws":
        """Return the one whose clients all roles share."""
        return Aws.signing_by_thread(
            profile=self.profile,
            region=self._region,
            endpoint_url=self.endpoint_url,
            bulk=self._bulk,
            heard=self.heard,
        )

    @classmethod
    def signing_by_thread(
        cls,
        *,
        profile: str | None,
        region: str | None,
        endpoint_url: str | None,
        bulk: bool,
        heard: Heard | None,
    ) -> Self:
        """Return one who has clients and no credentials: it is called by `acting` alone."""
        from botocore.session import Session

        from goldenami.aws.acting import ActingCredentials
        from goldenami.aws.botocore_private import sign_by

        session = Session()
        sign_by(session, ActingCredentials())
        return cls(
            endpoint_url=endpoint_url,
            connections=CONNECTIONS_OF_ROLES,
            bulk=bulk,
            session=_session(session, bulk=bulk, heard=heard, profile=profile, region=region),
        )

    @property
    def credentials(self) -> Any:
        """What its calls are signed with; None if there is nothing. Never log it."""
        return self._acts_as or self._session.get_credentials()

    def environment(self, region: str) -> dict[str, str]:
        """Return the environment for another program (Packer) that calls AWS as this caller.

        Credentials that such a program finds itself, and refreshes, are left to it; those of a
        profile (SSO among them, which older SDKs do not know) are resolved here. Never log it.
        """
        environment = {**os.environ, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        credentials = self.credentials
        if credentials is not None and credentials.method not in _FOUND_BY_EVERY_SDK:
            frozen = credentials.get_frozen_credentials()
            environment.pop("AWS_PROFILE", None)
            environment |= {
                "AWS_ACCESS_KEY_ID": frozen.access_key,
                "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
                "AWS_SESSION_TOKEN": frozen.token or "",
            }
        if endpoint := self.custom_endpoint:
            environment |= {"AWS_ENDPOINT_URL": endpoint, "AWS_STS_ENDPOINT": endpoint}
        return environment

    @property
    def custom_endpoint(self) -> str:
        """The endpoint that stands in for AWS's own, empty if it is AWS that is called."""
        return self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")

    @property
    def account(self) -> str:
        """The caller's account id (one STS call, kept)."""
        return self._caller().account

    @property
    def caller(self) -> str:
        """The caller's ARN."""
        return self._caller().arn

    @property
    def partition(self) -> str:
        """The partition of the caller: ``aws``, ``aws-cn``, ``aws-us-gov``."""
        return self.caller.split(":")[1]

    def once(self, question: "Callable[[Aws], T]") -> T:
        """Return the answer to a question about the caller, which stays what it is meanwhile.

        Raises:
            AwsError: AWS does not answer; it is asked again the next time.
        """
        answer = self.begin(question)
        try:
            return answer()
        except BaseException:
            with self._answers_lock:
                if self._answers.get(question) is answer:
                    del self._answers[question]
            raise

    def begin(self, question: "Callable[[Aws], T]") -> Callable[[], T]:
        """Have such a question asked from now on, while others are; return what waits for it."""
        with self._answers_lock:
            if question not in self._answers:
                self._answers[question] = ahead(partial(question, self))
            return self._answers[question]

    def _caller(self) -> GetCallerIdentity:
        return self.once(identity)

    @cached_property
    def partitions(self) -> Partitions:
        """The regions that botocore knows, by partition."""
        from goldenami.aws.botocore_private import regions_of

        return regions_of(self._session, "ec2")

    def _check_region(self, region: str) -> None:
        known = frozenset().union(*self.partitions.values())
        if region not in known:
            meant = misspelt(region, known)
            hint = f"did you mean `{meant}`?" if meant else "see `aws ec2 describe-regions`"
            raise UsageError(f"`{region}` is no AWS region", fix=hint)


class RegionalAws(Asking):
    """One caller's AWS in one region.

    Args:
        aws: the caller.
        region: the region.
        place: the same with its account, if that is known already.
    """

    __slots__ = ("_place", "aws", "region")

    def __init__(self, aws: Aws, region: str, place: AccountRegion | None = None) -> None:
        self.aws = aws
        self.region = region
        self._place = place

    @property
    def place(self) -> AccountRegion:
        """The region and its account, with the role by which the caller acts there."""
        return self._place or AccountRegion(self.aws.account, self.region)

    @property
    def account(self) -> str:
        """The account's id."""
        return self.place.account

    @property
    def where(self) -> str:
        """The region, and the account before it if it is another one than the caller's."""
        return "/".join(part for part in (self.aws.where, self.region) if part)

    def client(self, service: str) -> Any:
        """Return the client of a service in the region."""
        return self.aws.client(service, self.region)


def identity(aws: Aws) -> GetCallerIdentity:
    """Ask who the caller is; `Aws.once` and `Aws.begin` ask it once."""
    return aws.in_region(aws.region).ask(GetCallerIdentity, "asking who the caller is")


def _session(
    session: Any = None, *, bulk: bool, heard: Heard | None, **settings: str | None
) -> Any:
    """Return a botocore session that looks whether answers are whole.

    For bulk it reads EC2's large listings with the lean parser.
    """
    from botocore.session import Session

    from goldenami.aws import botocore_private as private
    from goldenami.aws import whole

    session = session or Session()
    private.share_models(session)
    private.before_parsing(session, whole.check)
    if heard is not None:
        follow(session, heard)
    if bulk:
        from goldenami.aws.lean_parser import LeanFactory

        private.parse_answers_by(session, LeanFactory())
    for name, setting in settings.items():
        if setting is not None:
            session.set_config_variable(name, setting)
    return session
