"""Runs the embedded AWS on a loopback port."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, lru_cache
from threading import Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from goldenami.errors import GoldenamiError
from goldenami_sandbox.calls import Call, Guard
from goldenami_sandbox.extra import unusable
from goldenami_sandbox.faults import ArmedFault, Fault, Faults
from goldenami_sandbox.identity import (
    ACCOUNT_ID,
    HOST,
    ROOT_SECRET_ACCESS_KEY,
)
from goldenami_sandbox.vulnerabilities import (
    ScanFailure,
    Vulnerability,
    by_region,
    failures_by_region,
)

if TYPE_CHECKING:
    from goldenami_sandbox.connections import Server
    from goldenami_sandbox.enforcement.guard import DecidedCall
    from goldenami_sandbox.gateway import Gateway


class Sandbox:
    """An AWS account on a loopback port, empty but for AWS's public images; others come as asked.

    ::

        with Sandbox() as sandbox:
            ec2 = boto3.client("ec2", endpoint_url=sandbox.endpoint_url, …)

    moto keeps its state in the process, so one sandbox can run in a process at a time.
    Signatures are not checked, but the access key must be the root one of `environment` or
    belong to an IAM user or an assumed role. IAM decides every call by the policies that bind its
    caller, except for the root's.

    Args:
        port: port on 127.0.0.1; 0 takes a free one.
        pending_s: how long images, instances and commands take to become ready.
        guards: further guards, asked after the access key is known to exist.
    """

    _running: ClassVar["Sandbox | None"] = None
    _running_lock: ClassVar[Lock] = Lock()

    def __init__(self, port: int = 0, pending_s: float = 0.2, guards: Sequence[Guard] = ()) -> None:
        self._port = port
        self._pending_s = pending_s
        self._guards = tuple(guards)
        self._faults = Faults()
        self._server: Server | None = None
        self._gateway: Gateway | None = None
        self._thread: Thread | None = None

    def start(self) -> Self:
        """Start to listen, with an empty account.

        Raises:
            GoldenamiError: the port is taken, another sandbox runs in this process, or moto is
                not installed, or is one that the sandbox does not work with.
        """
        with Sandbox._running_lock:
            if Sandbox._running is not None:
                raise GoldenamiError(
                    f"a sandbox already runs in this process, at {Sandbox._running.endpoint_url}",
                    fix="stop it first, or use another process: moto's state is per process",
                )
            self._listen()
            Sandbox._running = self
        self.reset()
        return self

    def _listen(self) -> None:
        try:
            from goldenami_sandbox.lean_import import lean

            with lean():
                from goldenami_sandbox import connections, serving

            gateway = serving.gateway(self._faults, self._guards)
        except ImportError as error:
            raise unusable(error) from error
        try:
            listener = socket.create_server((HOST, self._port))
        except OSError as error:
            raise GoldenamiError(
                f"the sandbox cannot listen on {HOST}:{self._port}: {error.strerror}",
                fix="choose another port, or 0 for a free one",
            ) from error
        self._gateway = gateway
        with listener:
            self._server = connections.Server(listener, gateway)
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop to listen and forget the account; a sandbox that does not run is no error."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server = self._gateway = self._thread = None
        with Sandbox._running_lock:
            Sandbox._running = None

    def reset(self) -> None:
        """Empty the account, forget the calls and the faults."""
        from goldenami_sandbox import installation

        self._faults.clear()
        if self._gateway is not None:
            from goldenami_sandbox.enforcement import guard

            self._gateway.calls.clear()
            guard.decided.clear()
        installation.reset(self._pending_s)

    @property
    def pending_s(self) -> float:
        """How long what is created from now on takes to become ready."""
        return self._pending_s

    @pending_s.setter
    def pending_s(self, seconds: float) -> None:
        from goldenami_sandbox import clock

        self._pending_s = clock.pending_s = seconds

    def advance(self, time: timedelta) -> None:
        """Let time pass in the sandbox at once, until `reset`."""
        from goldenami_sandbox import clock

        clock.passed += time

    @property
    def scp_characters(self) -> int:
        """How long a service control policy may be, until `reset`; AWS raises it on request."""
        from goldenami_sandbox.organizations import documents

        return documents.scp_characters

    @scp_characters.setter
    def scp_characters(self, characters: int) -> None:
        from goldenami_sandbox.organizations import documents

        documents.scp_characters = characters

    def set_quota(self, code: str, value: int) -> None:
        """Set a service quota of EC2, until `reset`; the others are AWS's defaults."""
        from goldenami_sandbox import service_quotas

        service_quotas.values[code] = value

    @property
    def endpoint_url(self) -> str:
        """Where the sandbox listens.

        Raises:
            GoldenamiError: it does not run.
        """
        if self._server is None:
            raise GoldenamiError("the sandbox does not run", fix="start it first")
        return f"http://{HOST}:{self._server.port}"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls seen since the last reset, oldest first (the last 10,000)."""
        return tuple(self._gateway.calls) if self._gateway else ()

    @property
    def decided(self) -> "tuple[DecidedCall, ...]":
        """How IAM decided the calls since the last reset, but the root's (the last 10,000)."""
        from goldenami_sandbox.enforcement import guard

        return tuple(guard.decided)

    def fail(self, fault: Fault) -> ArmedFault:
        """Fail calls from now on, until the end of a ``with`` block, ``disarm`` or `reset`."""
        return self._faults.arm(fault)

    def opt_in(self, account: str, region: str) -> None:
        """Enable a region for an account that is not enabled by default, until `reset`."""
        from goldenami_sandbox.ec2 import regions

        regions.opted_in.add((account, region))

    @contextmanager
    def failing_copies(self, region: str, reason: str) -> Iterator[None]:
        """Let images that are copied into a region in the block turn ``failed``."""
        from goldenami_sandbox.ec2 import image_creation

        image_creation.copies_fail[region] = reason
        try:
            yield
        finally:
            image_creation.copies_fail.pop(region, None)

    def outdate(self, account: str, why: str) -> None:
        """Let AWS Config's aggregators have no data of an account, until `reset`."""
        from goldenami_sandbox import config

        config.outdated[account] = why

    @contextmanager
    def vulnerable(self, region: str, *vulnerabilities: Vulnerability) -> Iterator[None]:
        """Let Amazon Inspector find these in a region's images and on their instances in the block.

        What a scan of an image has found stays found until the next scan.
        """
        by_region[region] = vulnerabilities
        try:
            yield
        finally:
            by_region.pop(region, None)

    @contextmanager
    def unscannable(self, region: str, *failures: ScanFailure) -> Iterator[None]:
        """Let Amazon Inspector fail to scan images of a region in the block."""
        failures_by_region[region] = failures
        try:
            yield
        finally:
            failures_by_region.pop(region, None)

    def scan(self, region: str, *image_ids: str, account: str = ACCOUNT_ID) -> None:
        """Let Amazon Inspector have scanned images that an account sees, whoever owns them."""
        from goldenami_sandbox.ec2 import image_scans_calls

        for image_id in image_ids:
            image_scans_calls.scan_at_once(account, region, image_id)

    @contextmanager
    def user_data(self, *, polls: int = 0, exit_code: int = 0, log: str = "") -> Iterator[None]:
        """Let the user data of instances take so many polls of a command that waits for it.

        It ends with an exit code of cloud-init's, and with this log: see `run_command.UserData`.
        """
        from goldenami_sandbox import run_command

        usual, run_command.user_data = (
            run_command.user_data,
            run_command.UserData(polls, exit_code, log),
        )
        try:
            yield
        finally:
            run_command.user_data = usual

    def environment(
        self,
        region: str = "us-east-1",
        base: Mapping[str, str] | None = None,
        account: str = ACCOUNT_ID,
    ) -> dict[str, str]:
        """Return the environment variables with which any AWS client finds the sandbox.

        Args:
            region: the client's region.
            base: an environment to start from; its own ``AWS_*`` variables are left out.
            account: whose root user calls.
        """
        from goldenami_sandbox import accounts

        kept = {name: value for name, value in (base or {}).items() if not name.startswith("AWS_")}
        return kept | {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_STS_ENDPOINT": self.endpoint_url,  # Packer's AWS SDK knows no AWS_ENDPOINT_URL
            "AWS_ACCESS_KEY_ID": accounts.root_of(account, region),
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET_ACCESS_KEY,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_POLL_DELAY_SECONDS": "1",  # Packer looks for news every 15 seconds otherwise
        }

    def client(
        self, service: str, region: str = "us-east-1", account: str = ACCOUNT_ID, **credentials: str
    ) -> Any:
        """Return a boto3 client of the sandbox, by default with an account's root access key."""
        if not credentials:
            from goldenami_sandbox import accounts

            credentials["access_key_id"] = accounts.root_of(account, region)
        return _client(self.endpoint_url, service, region, **credentials)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@lru_cache(maxsize=128)
def _client(
    endpoint_url: str,
    service: str,
    region: str,
    access_key_id: str,
    secret_access_key: str = ROOT_SECRET_ACCESS_KEY,
    session_token: str | None = None,
) -> Any:
    return _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        aws_session_token=session_token,
    )


@cache
def _session() -> Any:
    """Return a session of boto3's that reads models faster than its own do."""
    import boto3
    from botocore.session import Session

    from goldenami_sandbox import models

    session = Session()
    session.register_component("data_loader", models.loader())
    return boto3.Session(botocore_session=session)
