"""A receiver of webhooks: a real HTTP server on this machine, which answers as it is told."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

SECRET = "/services/T0/cAnArY-of-the-webhook"
"""The path of each webhook: nothing that goldenami writes may have it."""


class Received(NamedTuple):
    """A request: its path, its content type and its JSON."""

    path: str
    content_type: str
    body: Any


class Receiver(ThreadingHTTPServer):
    """Answers what `answers` says, and then 200: each a status, and headers after it.

    A status of 0 ends the connection instead.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[Any, ...]] = []
        self.received: list[Received] = []
        self.scheme = "http"
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """A webhook's URL."""
        return f"{self.scheme}://localhost:{self.server_port}{SECRET}"

    def handle_error(self, *_: Any) -> None:
        """Print nothing: who refuses the certificate ends the connection."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(
            Received(self.path, self.headers["Content-Type"], json.loads(body))
        )
        status, *headers = self.server.answers.pop(0) if self.server.answers else (200,)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """Take it for a message, too: who follows a redirect asks so."""
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
        """Print nothing."""


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """Receive in a block, by TLS if there is a certificate (with its key in the same file)."""
    with Receiver() as receiver:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
            receiver.scheme = "https"
        thread = Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
