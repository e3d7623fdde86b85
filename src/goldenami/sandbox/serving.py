"""The parts of the sandbox that need moto and werkzeug, which are an optional extra."""

import socket
from collections.abc import Sequence
from functools import cache

from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from goldenami.sandbox import mends
from goldenami.sandbox.calls import Call, Guard, Refusal
from goldenami.sandbox.enforcement.guard import authorised
from goldenami.sandbox.gateway import Gateway
from goldenami.sandbox.server import ACCOUNT_ID, HOST, ROOT_ACCESS_KEY_ID

_UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


class _SilentHandler(MotoRequestHandler):
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's late ACK

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's name
        """Print nothing: the sandbox shares its terminal with a report."""


def gateway(faults: Guard, guards: Sequence[Guard]) -> Gateway:
    """Return moto, mended, behind the gateway: faults, who it is, what he may, further guards."""
    return Gateway(_mended_moto(), [faults, known_access_key, authorised, *guards])


@cache
def _mended_moto() -> DomainDispatcherApplication:
    mends.install()
    return DomainDispatcherApplication(create_backend_app)


def server(listener: socket.socket, app: Gateway) -> BaseWSGIServer:
    """Return a threaded HTTP server on a socket that listens already."""
    return make_server(
        HOST, 0, app, threaded=True, request_handler=_SilentHandler, fd=listener.fileno()
    )


def known_access_key(call: Call) -> Refusal | None:
    """Refuse a request that is not signed, or by an access key that nobody owns.

    The codes are those of AWS's services; a service without an own one has EC2's
    (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html).
    """
    if not call.access_key_id:
        if call.operation in _UNSIGNED:
            return None
        return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    keys = iam_backends[ACCOUNT_ID]["aws"].access_keys
    key = keys.get(call.access_key_id)
    if call.access_key_id == ROOT_ACCESS_KEY_ID or (key and key.status == "Active"):
        return None
    if call.protocol == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return Refusal("AuthFailure", message, 401)
    message = "The security token included in the request is invalid."
    code = "UnrecognizedClientException" if call.protocol == "json" else "InvalidClientTokenId"
    return Refusal(code, message, 400 if call.protocol == "json" else 403)
