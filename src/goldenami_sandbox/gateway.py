"""The one layer in front of moto: reads each call, records it, asks the guards, passes it on."""

import json
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.datastructures import EnvironHeaders, MultiDict
from werkzeug.exceptions import HTTPException

from goldenami_sandbox.calls import Call, Damage, Guard, Protocol, Refusal, Sent
from goldenami_sandbox.wire import error_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from moto.core.model import ServiceModel

RECORDED_CALLS = 10_000
_SIGNED_AS = {
    "access-analyzer": "accessanalyzer",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
_log = logging.getLogger(__name__)


class MalformedRequestError(Exception):
    """A request whose parameters are none, in the protocol that it is sent by."""

    def __init__(self, protocol: Protocol, code: str) -> None:
        super().__init__(code)
        self.protocol = protocol
        self.refusal = Refusal(code, "The request could not be read.")


class Gateway:
    """A WSGI application around another one.

    Args:
        app: what answers the calls that no guard refuses. It gets one call at a time, since
            moto's state is not made for threads.
        guards: asked in order, for one call at a time; the first refusal is the answer.
    """

    def __init__(self, app: "WSGIApplication", guards: Sequence[Guard]) -> None:
        self._app = app
        self._guards = guards
        self._lock = Lock()
        self.calls: deque[Call] = deque(maxlen=RECORDED_CALLS)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            call = read_call(environ)
        except MalformedRequestError as error:
            return _refuse(error.protocol, error.refusal, start_response)
        self.calls.append(call)
        with self._lock:  # the guards look into moto's state
            refusal, delay_s = self._refusal(call)
        if delay_s:  # even no sleep at all is a change of threads
            time.sleep(delay_s)
        if refusal is None:
            return self._answer(call, environ, start_response)
        if refusal.damage:
            return _damaged(
                refusal.damage, call, self._sent(call, environ), environ, start_response
            )
        if refusal.applied:
            self._answer(call, environ, _no_response)
        if refusal.reset:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return _refuse(call.protocol, refusal, start_response)

    def _refusal(self, call: Call) -> tuple[Refusal | None, float]:
        delay_s = 0.0
        for guard in self._guards:
            refusal = guard(call)
            if refusal:
                delay_s += refusal.delay_s
                if not refusal.passes:
                    return refusal, delay_s
        return None, delay_s

    def _sent(self, call: Call, environ: "WSGIEnvironment") -> Sent:
        """Answer a call, and keep the answer."""
        heads: list[tuple[str, list[tuple[str, str]]]] = []

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            heads.append((status, headers))
            return lambda _: None

        body = b"".join(self._answer(call, environ, start))
        status, headers = heads[-1]
        return Sent(status=status, headers=tuple(headers), body=body)

    def _answer(
        self, call: Call, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        try:
            with self._lock:
                return list(self._app(environ, start_response))
        except NotImplementedError as error:
            message = f"The sandbox does not implement {call.name}: {error}"
            return _refuse(call.protocol, Refusal("InvalidAction", message), start_response)
        except OperationNotFoundError:
            message = f"The action {call.operation} is not valid for this web service."
            return _refuse(call.protocol, Refusal("InvalidAction", message), start_response)
        except Exception as error:
            _log.debug("the sandbox failed to answer %s", call.name, exc_info=True)
            message = f"The sandbox could not answer {call.name}: {error!r}"
            return _refuse(call.protocol, Refusal("SandboxError", message, 501), start_response)


def read_call(environ: "WSGIEnvironment") -> Call:
    """Read a request, and leave its body to be read again.

    Service, region and access key are those of the signature's credential scope
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

    Raises:
        MalformedRequestError: it has no parameters that could be read.
    """
    body = _body(environ)
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if is_form(environ):
        try:
            pairs += form_pairs(body)
        except ValueError:
            raise MalformedRequestError("query", "MalformedQueryString") from None
    form = dict(pairs)
    key, region, service = _credential_scope(environ.get("HTTP_AUTHORIZATION", ""))
    operation = form.get("Action") or environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    in_path: dict[str, Any] = {}
    if not operation:
        operation, in_path = _of_path(service, environ)
    if len(form) < len(pairs):  # a parameter twice: guards must not see another one than moto
        operation = ""
    protocol, parameters = _parameters(service, operation, form, in_path, environ, body)
    if parameters is None:  # nobody could decide what moto may read otherwise
        operation, parameters = "", dict(form)
    return Call(service, operation, region, key, parameters, protocol)


def is_form(environ: "WSGIEnvironment") -> bool:
    """Say whether a request's body is a form."""
    content_type: str = environ.get("CONTENT_TYPE", "")
    return content_type.startswith("application/x-www-form-urlencoded")


def form_pairs(body: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a form, those of an empty value, too.

    Raises:
        ValueError: it is not written in UTF-8.
    """
    return parse_qsl(body.decode(), keep_blank_values=True)


def _body(environ: "WSGIEnvironment") -> bytes:
    """Read a request's body, and leave it to be read again."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise MalformedRequestError("query", "BadRequest")
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    return body


def _credential_scope(authorization: str) -> tuple[str, str, str]:
    _, separator, rest = authorization.partition("Credential=")
    parts = rest.partition(",")[0].strip().split("/")
    if not separator or len(parts) != 5:
        return "", "", ""
    key, _, region, service, _ = parts
    return key, region, service.lower()


def _of_path(service: str, environ: "WSGIEnvironment") -> tuple[str, dict[str, Any]]:
    """Return operation and parameters of a REST request, which has both in method and path."""
    try:
        request = Request(environ, populate_request=False)
        with _loading:
            operation, in_path = get_service_router(_SIGNED_AS.get(service, service)).match(request)
    except (HTTPException, NotImplementedError, UnknownServiceError, ValueError):
        return "", {}
    return str(operation.name), dict(in_path)


def _parameters(
    service: str,
    operation: str,
    form: dict[str, str],
    in_path: dict[str, Any],
    environ: "WSGIEnvironment",
    body: bytes,
) -> tuple[Protocol, dict[str, Any] | None]:
    """Return the parameters in boto3's shape; None if they cannot be read."""
    model = _model(service)
    if model is None:
        return "query", dict(form)
    try:
        protocol = cast(Protocol, determine_request_protocol(model, environ.get("CONTENT_TYPE")))
        shaped = PROTOCOL_PARSERS[protocol](model.operation_model(operation))
    except OperationNotFoundError:
        return "query", dict(form)
    except (KeyError, ValueError, NotImplementedError):
        return "query", None
    request: Any = {
        "values": MultiDict(form),  # what REST parsers expect
        "body": body,
        "headers": EnvironHeaders(environ),
        "url_params": in_path,
    }
    try:
        if protocol == "json" and body:
            json.loads(body)  # moto takes what is none for no parameters
        parsed = shaped.parse(request)
    except (AttributeError, TypeError, ValueError):
        # https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
        raise MalformedRequestError(protocol, "SerializationException") from None
    except (KeyError, NotImplementedError):
        return "query", None
    return protocol, {name: value for name, value in parsed.items() if value is not None}


_loading = Lock()
"""Regions are asked side by side, and a cache lets each thread work out what none has yet."""


@cache
def _model(service: str) -> "ServiceModel | None":
    """Return the model of a service by the name that it signs with; None if there is none.

    botocore looks through all its folders each time for one that it does not know.
    """
    try:
        with _loading:
            return get_service_model(_SIGNED_AS.get(service, service))
    except (ValueError, UnknownServiceError):
        return None


def _damaged(
    damage: Damage,
    call: Call,
    sent: Sent,
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
) -> Iterator[bytes]:
    answer = damage(call, sent)
    start_response(answer.status, list(answer.headers))
    yield answer.body[: answer.ends_after]
    if answer.ends_after is not None:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def _no_response(
    status: str, headers: list[tuple[str, str]], exc_info: object = None, /
) -> Callable[[bytes], object]:
    return lambda _: None


def _refuse(protocol: Protocol, refusal: Refusal, start_response: "StartResponse") -> list[bytes]:
    content_type, body = error_answer(protocol, refusal)
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    start_response(f"{refusal.status} {refusal.code}", headers)
    return [body]
