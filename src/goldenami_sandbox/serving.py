"""The parts of the sandbox that need moto and werkzeug, which are an optional extra."""

import contextlib
import http.client
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from importlib import import_module
from typing import Any, cast

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from goldenami_sandbox import installation, own_services
from goldenami_sandbox.accounts import key_of
from goldenami_sandbox.calls import Call, Guard, Refusal
from goldenami_sandbox.enforcement.guard import authorized
from goldenami_sandbox.gateway import Gateway, form_pairs, is_form
from goldenami_sandbox.identity import ROOT_ACCESS_KEY_ID
from goldenami_sandbox.overriding import overrides

_OF_ONE_PATH = ("autoscaling", "config", "ec2", "iam", "kms", "organizations", "ssm", "sts")
"""Services that take every request at one path, by the name that they sign with."""
_UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


def gateway(faults: Guard, guards: Sequence[Guard]) -> Gateway:
    """Return moto behind the gateway: faults, who calls, what they may, further guards."""
    return Gateway(_overridden_moto(), [faults, known_access_key, authorized, *guards])


@cache
def _overridden_moto() -> DomainDispatcherApplication:
    installation.install()
    return _Dispatcher(own_services.application)


class _Dispatcher(DomainDispatcherApplication):
    @overrides
    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer; a service with one path, which most have, needs none of what Flask does."""
        dispatch = _of_one_path(environ)
        if dispatch is None:
            return super().__call__(environ, start_response)
        status, headers, body = dispatch(OnePathRequest(environ))
        reason = http.client.responses.get(int(status), "")
        start_response(f"{status} {reason}", [(name, str(headers[name])) for name in headers])
        return [body.encode() if isinstance(body, str) else body]

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


class OnePathRequest(Request):
    """A request at a service's one path, whose body the gateway has read as a whole.

    werkzeug reads a body in parts, and works out each URL that it may have come by.
    """

    @property
    @overrides
    def from_wsgi_server(self) -> bool:  # type: ignore[override]  # moto's is an attribute
        """That it was received by a server, which tells the date itself."""
        return True

    @property
    @overrides
    def raw_url(self) -> str:
        """Where it was sent to."""
        return f"http://{self.environ.get('HTTP_HOST', '')}{self.environ['RAW_URI']}"

    @cached_property
    def data(self) -> bytes:
        """The body, if it is no form."""
        return b"" if is_form(self.environ) else self._body

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """The form's parameters."""
        return ImmutableMultiDict(form_pairs(self._body) if is_form(self.environ) else ())

    @cached_property
    def files(self) -> ImmutableMultiDict[str, FileStorage]:
        """None: no service with one path takes any."""
        return ImmutableMultiDict()

    @property
    def _body(self) -> bytes:
        body: bytes = self.environ["wsgi.input"].getvalue()
        return body


def _of_one_path(environ: Mapping[str, Any]) -> Callable[..., Any] | None:
    """Return what answers a request, if it is signed and for a service with one path."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != "/":
        return None
    _, separator, scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")
    parts = scope.partition(",")[0].split("/")
    return _dispatch(parts[3].lower()) if separator and len(parts) == 5 else None


@cache
def _dispatch(service: str) -> Callable[..., Any] | None:
    """Return what answers a service with one path, of those that the sandbox has its own for."""
    if service not in _OF_ONE_PATH:
        return None
    (dispatch,) = import_module(f"moto.{service}.urls").url_paths.values()
    return cast(Callable[..., Any], dispatch)


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
