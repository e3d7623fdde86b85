"""An answer is believed only if it is whole: what may come, and what is made of it, by HTTP.

The operations are all that there are types for, so that a new one is tried as soon as it is there.
"""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest
from botocore import xform_name
from botocore.session import get_session

from goldenami.aws import answers, ask, session
from goldenami.aws.answers import actions
from goldenami.aws.answers.interface import Answer, OddAnswerError, read_json
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, UnreadableAnswerError

SECRET = "hUnTeR2"
DEEP = 30_000


def kinds() -> dict[str, type[Answer]]:
    """Return every type of an answer, by its name and operation."""
    for module in pkgutil.iter_modules(answers.__path__):
        importlib.import_module(f"{answers.__name__}.{module.name}")
    found = set(actions.kinds().values())
    waiting = [Answer]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if getattr(kind, "call", ""):
                found.add(kind)
    return dict(sorted((f"{kind.call} as {kind.__name__}", kind) for kind in found))


KINDS = kinds()


def needs_something(kind: type[Answer]) -> bool:
    return any(field.required for field in msgspec.structs.fields(kind))


class Page:
    """A server that gives every request the same answer."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, b"", {"Content-Type": "text/plain"}
        self.length: int | None = None
        self.asked = 0
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                page.asked += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(page.status)
                length = len(page.body) if page.length is None else page.length
                for name, value in {**page.headers, "Content-Length": str(length)}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.body)

            do_GET = do_PUT = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def server() -> Iterator[Page]:
    page = Page()
    yield page
    page.server.shutdown()
    page.server.server_close()


@pytest.fixture
def page(server: Page, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    monkeypatch.setattr(ask, "DELAYS_S", (0.0,))
    server.status, server.body, server.headers, server.length = 200, b"", {}, None
    server.asked = 0
    return server


@pytest.fixture(scope="module")
def aws(server: Page) -> Aws:
    return Aws(region="us-east-1", endpoint_url=server.url)


@cache
def _service(name: str) -> Any:
    return get_session().get_service_model(name)


@cache
def _model(kind: type[Answer]) -> Any:
    service, _, operation = kind.call.partition(":")
    return _service(service).operation_model(operation)


def parameters(kind: type[Answer]) -> dict[str, Any]:
    """Return something for all that an operation has to be given."""
    shape = _model(kind).input_shape
    return {} if shape is None else _structure(shape)


def _structure(shape: Any) -> dict[str, Any]:
    return {name: _value(shape.members[name]) for name in shape.required_members}


def _value(shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return [_value(shape.member)]
        case "map":
            return {}
        case "string":
            return "x" * max(1, shape.metadata.get("min", 1))
        case "boolean":
            return False
    return 1


def asked(aws: Aws, kind: type[Answer]) -> Answer:
    return aws.in_region("us-east-1").ask(kind, "trying", **parameters(kind))


def xml(kind: type[Answer], inside: str) -> bytes:
    name = kind.call.rpartition(":")[2]
    return f"<{name}Response>{inside}</{name}Response>".encode()


def bodies(kind: type[Answer]) -> dict[str, bytes]:
    """Return what is no answer of an operation, whatever it needs."""
    is_xml = _model(kind).service_model.resolved_protocol in ("ec2", "query")
    found = {
        "a portal": f"<!DOCTYPE html><html>{SECRET}</html>".encode(),
        "a page": f"<html><body>{SECRET}</body></html>".encode(),
        "binary": bytes(range(128, 256)),
        "half of it": xml(kind, f"<a>{SECRET}</a>")[:-9]
        if is_xml
        else b'{"a": "' + SECRET.encode(),
        "a list": b"[]",
        "no object": b"null",
        "a number": b"1",
    }
    if is_xml:
        found |= {
            "nothing at all": b"",
            "white space": b" \n",
            "something else": f"<OtherResponse>{SECRET}</OtherResponse>".encode(),
            "not well-formed": xml(kind, f"<a>{SECRET}</b>"),
            "a page of JSON": b"{}",
        }
    else:
        found |= {"too deep": b'{"a":' * DEEP + b"1" + b"}" * DEEP, "white space": b" \n"}
        shape = _model(kind).output_shape
        if shape is not None and shape.members:
            found["nothing at all"] = b""
            wrong = {
                member.serialization.get("name", name): [] if member.type_name != "list" else SECRET
                for name, member in shape.members.items()
            }
            found["other types"] = json.dumps(wrong).encode()
    return found


@pytest.mark.no_cover  # the same lines thousands of times
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_what_is_no_answer_of_an_operation_is_told_and_not_believed(
    page: Page, aws: Aws, kind: type[Answer], record_property: Any
) -> None:
    tried = 0
    for name, body in bodies(kind).items():
        for status in (200, 403, 503):
            page.status, page.body, page.asked = status, body, 0
            if status != 200 and name not in ("a portal", "a page", "half of it"):
                continue  # an error without AWS's words is told by its status
            with pytest.raises(UnreadableAnswerError) as error:
                asked(aws, kind)
            told = f"{name}, {status}: {error.value}"
            assert kind.call.partition(":")[2] in error.value.message, told
            assert "in us-east-1" in error.value.message, told
            assert SECRET not in str(error.value), told
            assert page.asked > 1 or status == 503, told
            tried += 1
    record_property("counted", f"{kind.call}: {tried} bad answers")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_an_answer_that_is_cut_is_told_and_not_believed(
    page: Page, aws: Aws, kind: type[Answer]
) -> None:
    is_xml = _model(kind).service_model.resolved_protocol in ("ec2", "query")
    page.body = xml(kind, "") if is_xml else b"{}"
    page.length = len(page.body) + 100
    page.headers = {"Connection": "close"}
    with pytest.raises(AwsError, match=r"the answer cannot be read|Connection"):
        asked(aws, kind)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_an_answer_without_what_the_operation_always_sends_is_not_believed(
    page: Page, aws: Aws, kind: type[Answer]
) -> None:
    is_xml = _model(kind).service_model.resolved_protocol in ("ec2", "query")
    result = kind.call.rpartition(":")[2] + "Result"
    page.body = xml(kind, f"<{result}></{result}><requestId>1</requestId>") if is_xml else b"{}"
    if needs_something(kind):
        with pytest.raises(UnreadableAnswerError):
            asked(aws, kind)
    else:
        assert asked(aws, kind) is not None


def test_every_operation_is_one_that_aws_has() -> None:
    aws = Aws(region="us-east-1")
    services = {kind.call.partition(":")[0] for kind in KINDS.values()}
    clients = {service: aws.client(service) for service in services}
    for service in services:
        assert _service(service).endpoint_discovery_operation is None
    for kind in KINDS.values():
        service, _, operation = kind.call.partition(":")
        assert operation in _service(service).operation_names
        assert hasattr(clients[service], xform_name(operation))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"count": "1"}', '{"a":' * DEEP],
    ids=["empty", "list", "cut", "type", "deep"],
)
def test_a_text_within_an_answer_is_held_to_its_kind_too(text: str) -> None:
    with pytest.raises(OddAnswerError, match="no JSON of that kind"):
        read_json(dict[str, int], text)
