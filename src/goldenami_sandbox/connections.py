"""Connections of clients, each kept for their next calls, as AWS keeps them.

werkzeug's own handler ends a connection after each answer, and reads headers as those of mail: more
work than the answer of a small call.
https://www.rfc-editor.org/rfc/rfc9112
"""

import contextlib
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from functools import lru_cache
from io import BytesIO
from socketserver import StreamRequestHandler, ThreadingTCPServer
from time import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Environ = dict[str, Any]
_LINE_BYTES = 65_536
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BadRequestError(Exception):
    """What was sent is no request of HTTP."""


class _Handler(StreamRequestHandler):
    """Answers one connection until its client ends it."""

    wbufsize = 0
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

    def handle(self) -> None:
        """Answer requests, one after the other."""
        try:
            while self._answer_one():
                pass
        except ConnectionError:  # the client, or a fault that was asked for, has ended it
            pass
        except BadRequestError:
            self.wfile.write(_BAD_REQUEST)

    def _answer_one(self) -> bool:
        """Answer a request, and say whether another one may come."""
        line = self.rfile.readline(_LINE_BYTES)
        if not line:
            return False
        environ = _environ(line, self._headers(), self.server.server_address)
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self.wfile.write(_CONTINUE)
        length = environ.get("CONTENT_LENGTH", "")
        known = length.isdecimal() and "HTTP_TRANSFER_ENCODING" not in environ
        body = self.rfile.read(int(length)) if known else b""
        environ |= {"wsgi.input": BytesIO(body), "werkzeug.socket": self.connection}
        self._write(environ)
        return (
            (known or not length)
            and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
            and environ.get("HTTP_CONNECTION", "").lower() != "close"
        )

    def _headers(self) -> list[tuple[str, str]]:
        headers = []
        while (line := self.rfile.readline(_LINE_BYTES)) not in (b"\r\n", b"\n", b""):
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise BadRequestError
            headers.append((name, value.strip()))
        return headers

    def _write(self, environ: Environ) -> None:
        begun: list[tuple[str, Iterable[tuple[str, str]]]] = []

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            begun[:] = [(status, headers)]
            return self.wfile.write

        head_alone = environ["REQUEST_METHOD"] == "HEAD"
        for part in self.server.app(environ, start):
            sent = b"" if head_alone else part
            self.wfile.write(_head(*begun.pop(), len(part)) + sent if begun else sent)
        if begun:
            self.wfile.write(_head(*begun.pop(), 0))


class Server(ThreadingTCPServer):
    """A server with a thread for each connection, on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, app: "WSGIApplication") -> None:
        self.app = app
        self.connections: set[socket.socket] = set()
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener.dup()
        self.port: int = listener.getsockname()[1]

    def shutdown(self) -> None:
        """Stop, and end the connections: a client's next call is for another server."""
        super().shutdown()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # its client has ended it already
                connection.shutdown(socket.SHUT_RDWR)


def _environ(line: bytes, headers: Iterable[tuple[str, str]], address: tuple[Any, ...]) -> Environ:
    """Return what a WSGI application is told of a request.

    Raises:
        BadRequestError: the first line is none of HTTP's.
    """
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError
    method, target, version = words
    url = urlsplit(target if not target.startswith("//") else f"/{target.lstrip('/')}")
    return {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "REMOTE_ADDR": address[0],
        "SERVER_NAME": address[0],
        "SERVER_PORT": str(address[1]),
        "SERVER_PROTOCOL": version,
        **_named(headers),
    }


def _named(headers: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
    """Return headers by WSGI's names; one with an underscore would be taken for another.

    Of S3's metadata they are kept, where moto looks for them.
    """
    environ: Environ = {}
    spelt: dict[str, str] = {}
    for name, value in headers:
        key = environ_key_for_header(name)
        if "_" in name:
            if not should_preserve_original_header_name(name):
                continue
            spelt[key] = name
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return {**environ, PRESERVED_HEADER_NAMES_ENVIRON_KEY: spelt}


def _head(status: str, headers: Iterable[tuple[str, str]], length: int) -> bytes:
    """Return what comes before a body, whose length is told unless the headers tell it."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    names = {name.lower() for name, _ in headers}
    if "date" not in names:
        lines.append(f"Date: {_date(int(time()))}")
    if "content-length" not in names:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join((*lines, "\r\n")).encode("latin-1")


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
