"""The parts of the sandbox that need moto and werkzeug, which are an optional extra."""

import contextlib
import socket
from collections.abc import Sequence
from functools import cache
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from goldenami_sandbox import installation, own_services
from goldenami_sandbox.accounts import key_of
from goldenami_sandbox.calls import Call, Guard, Refusal
from goldenami_sandbox.enforcement.guard import authorized
from goldenami_sandbox.gateway import Gateway
from goldenami_sandbox.identity import HOST, ROOT_ACCESS_KEY_ID
from goldenami_sandbox.overriding import overrides

_UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # a connection is kept for the next call, as AWS keeps it
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's late ACK
    server: "Server"

    def setup(self) -> None:
        """Begin with a connection."""
        super().setup()
        self.server.connections.add(self.request)

    def finish(self) -> None:
        """End with it."""
        self.server.connections.discard(self.request)
        super().finish()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's name
        """Print nothing: the sandbox shares its terminal with a report."""


def gateway(faults: Guard, guards: Sequence[Guard]) -> Gateway:
    """Return moto behind the gateway: faults, who calls, what they may, further guards."""
    return Gateway(_overridden_moto(), [faults, known_access_key, authorized, *guards])


@cache
def _overridden_moto() -> DomainDispatcherApplication:
    installation.install()
    return _Dispatcher(own_services.application)


class _Dispatcher(DomainDispatcherApplication):
    @overrides
    def get_backend_for_host(self, host: str | None) -> Any:
        """Return moto's name of a service; moto prints, and fails, if it has none.

        A service that moto lacks has its own.
        """
        if host and (service := host.partition(".")[0]) in own_services.RESPONSES:
            return service
        with contextlib.redirect_stdout(None):
            backend = super().get_backend_for_host(host)
        if backend is None and host is not None:
            raise NotImplementedError("the service is none of moto's")
        return backend


class Server(ThreadedWSGIServer):
    """A threaded HTTP server on a socket that listens already."""

    def __init__(self, listener: socket.socket, app: Gateway) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(HOST, 0, app, handler=_Handler, fd=listener.fileno())

    def shutdown(self) -> None:
        """Stop, and end the connections: a client's next call is for another server."""
        super().shutdown()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # its client has ended it already
                connection.shutdown(socket.SHUT_RDWR)


def known_access_key(call: Call) -> Refusal | None:
    """Refuse a request that is not signed, or by an access key that nobody owns.

    The codes are those of AWS's services; a service without an own one has EC2's
    (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html).
    """
    if not call.access_key_id:
        if call.operation in _UNSIGNED:
            return None
        return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    key = key_of(call.access_key_id)
    if call.access_key_id == ROOT_ACCESS_KEY_ID or (key and key.status == "Active"):
        return None
    if call.protocol == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return Refusal("AuthFailure", message, 401)
    message = "The security token included in the request is invalid."
    unknown = call.protocol in ("json", "rest-json")
    code = "UnrecognizedClientException" if unknown else "InvalidClientTokenId"
    return Refusal(code, message, 400 if call.protocol == "json" else 403)
