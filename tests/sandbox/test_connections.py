"""HTTP as clients speak it to the sandbox: kept connections, odd requests, what headers may be."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIASANDBOXROOT00000/20261126/us-east-1/sts/"
    "aws4_request, SignedHeaders=host, Signature=0",
    "Content-Type": "application/x-www-form-urlencoded",
}
WHO = "Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture
def connection(sandbox: Sandbox) -> Iterator[HTTPConnection]:
    host, _, port = sandbox.endpoint_url.removeprefix("http://").partition(":")
    connection = HTTPConnection(host, int(port), timeout=10)
    yield connection
    connection.close()


@pytest.fixture
def spoken(connection: HTTPConnection) -> Any:
    """Send text, and return all that comes until the connection ends."""

    def spoken(text: str) -> str:
        connection.connect()
        connection.sock.sendall(text.encode())
        return b"".join(iter(lambda: connection.sock.recv(65_536), b"")).decode()

    return spoken


def head(**more: str) -> str:
    lines = {**SIGNED, "Host": "localhost", "Content-Length": str(len(WHO)), **more}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"


def test_a_connection_is_kept_for_the_next_call(connection: HTTPConnection) -> None:
    sockets = set()
    for _ in range(3):
        connection.request("POST", "/", WHO, SIGNED)
        answer = connection.getresponse()
        assert answer.status == 200
        assert b":root" in answer.read()
        assert answer.getheader("Date", "").endswith("GMT")
        sockets.add(connection.sock)
    assert len(sockets) == 1


@pytest.mark.parametrize(
    "line", ["nonsense", "POST /", "POST / HTTP/2.0", "POST / HTTP/1.1\r\nno header"]
)
def test_what_is_no_request_ends_the_connection(spoken: Any, line: str) -> None:
    assert spoken(f"{line}\r\n\r\n").startswith("HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize(
    ("version", "headers"),
    [("HTTP/1.0", {}), ("HTTP/1.1", {"Connection": "close"})],
)
def test_a_client_may_end_the_connection(spoken: Any, version: str, headers: Any) -> None:
    answer = spoken(f"POST / {version}\r\n{head(**headers)}{WHO}")
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert answer.endswith("</GetCallerIdentityResponse>")


def test_a_client_that_waits_with_the_body_is_told_to_go_on(spoken: Any) -> None:
    asked = head(Expect="100-continue", Connection="close")
    answer = spoken(f"POST / HTTP/1.1\r\n{asked}{WHO}")
    assert answer.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("length", ["-1", "many"])
def test_a_body_of_unknown_length_is_refused_and_ends_the_connection(
    spoken: Any, length: str
) -> None:
    answer = spoken("POST / HTTP/1.1\r\n" + head(**{"Content-Length": length}) + WHO)
    assert answer.startswith("HTTP/1.1 400 BadRequest\r\n")


def test_the_head_of_an_answer_tells_the_length_of_the_body_that_is_left_out(
    sandbox: Sandbox,
) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"12345", Metadata={"of_two-words": "kept"})
    told = s3.head_object(Bucket="bucket", Key="key")
    assert told["ContentLength"] == 5
    assert told["Metadata"] == {"of_two-words": "kept"}


def test_a_header_that_would_be_taken_for_another_is_left_out(connection: HTTPConnection) -> None:
    connection.request("POST", "/", WHO, {**SIGNED, "X_Amz_Target": "AmazonSSM.GetParameter"})
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read()
    unsigned = {name: value for name, value in SIGNED.items() if name != "Authorization"}
    connection.request("POST", "/", WHO, {**unsigned, "Authori_zation": SIGNED["Authorization"]})
    answer = connection.getresponse()
    assert answer.status == 403
    answer.read()


def test_connections_end_with_the_sandbox(sandbox_port: int) -> None:
    with Sandbox(sandbox_port) as first:
        host, _, port = first.endpoint_url.removeprefix("http://").partition(":")
        kept = socket.create_connection((host, int(port)), timeout=10)
        kept.sendall(f"POST / HTTP/1.1\r\n{head()}{WHO}".encode())
        assert kept.recv(65_536)
    with kept:
        assert kept.recv(1) == b""
