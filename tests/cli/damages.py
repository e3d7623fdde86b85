"""What happens to answers on their way: the bad bodies that proxies, portals and cut lines make."""

import gzip
import json
import re
from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from goldenami_sandbox.calls import Call, Damage, Sent

CANARY = "cAnArY"
"""Stands in the body of each foreign answer: it must be in no word that anybody reads."""

PORTAL = f"<!DOCTYPE html>\n<html><body>Please log in {CANARY}</body></html>".encode()
BALANCER = f"<html><head><title>503 {CANARY}</title></head></html>".encode()


def with_body(sent: Sent, body: bytes, kind: str = "", status: str = "") -> Sent:
    """Return an answer with another body, whose length is told rightly."""
    dropped = {"content-length", *(["content-type"] if kind else [])}
    headers = [(name, value) for name, value in sent.headers if name.lower() not in dropped]
    headers.append(("Content-Length", str(len(body))))
    headers += [("Content-Type", kind)] if kind else []
    return replace(sent, headers=tuple(headers), body=body, status=status or sent.status)


def cut(_: Call, sent: Sent) -> Sent:
    """End the connection in the middle of the body."""
    whole = with_body(sent, sent.body or b"{}")
    return replace(whole, ends_after=len(whole.body) // 2)


def halved(_: Call, sent: Sent) -> Sent:
    """Lose half of the body, and tell the length of the other half."""
    return with_body(sent, sent.body[: len(sent.body) // 2])


def empty(_: Call, sent: Sent) -> Sent:
    return with_body(sent, b"")


def nothing(call: Call, sent: Sent) -> Sent:
    """A well-formed answer of the operation in which there is nothing."""
    if call.protocol in ("json", "rest-json"):
        return with_body(sent, b"{}")
    result = (
        f"<{call.operation}Result></{call.operation}Result>" if call.protocol == "query" else ""
    )
    inside = f"{result}<requestId>1</requestId>"
    return with_body(
        sent, f"<{call.operation}Response>{inside}</{call.operation}Response>".encode()
    )


def of_another(call: Call, sent: Sent) -> Sent:
    """A well-formed answer of another operation."""
    if call.protocol in ("json", "rest-json"):
        return with_body(sent, json.dumps({"Other": [CANARY]}).encode())
    return with_body(sent, f"<OtherResponse><x>{CANARY}</x></OtherResponse>".encode())


def odd_rows(call: Call, sent: Sent) -> Sent:
    """Empty the first row of every list of rows; an error has none."""
    if not sent.status.startswith("2"):
        return sent
    if call.protocol not in ("json", "rest-json"):
        return with_body(sent, _ROW.sub(rb"<\1></\1>", sent.body, count=1))
    answer = json.loads(sent.body or b"{}")
    for rows in (value for value in answer.values() if isinstance(value, list) and value):
        rows[0] = {} if isinstance(rows[0], dict) else None
    return with_body(sent, json.dumps(answer).encode())


_ROW = re.compile(rb"<(item|member)>.*</\1>", re.DOTALL)


def odd_types(call: Call, sent: Sent) -> Sent:
    """Put something else in the place of all that the answer has; an error is AWS's words."""
    if not sent.status.startswith("2"):
        return sent
    if call.protocol not in ("json", "rest-json"):
        return with_body(sent, re.sub(rb"<(item|member)>", rb"<\1><\1>x</\1>", sent.body))
    answer = dict.fromkeys(json.loads(sent.body or b"{}"), CANARY)
    return with_body(sent, json.dumps(answer).encode())


def deep(_: Call, sent: Sent) -> Sent:
    return with_body(sent, b'{"a":' * 20_000 + b"1" + b"}" * 20_000)


def page(body: bytes, status: str, _: Call, sent: Sent) -> Sent:
    return with_body(sent, body, "text/html", status)


def bad_gzip(_: Call, sent: Sent) -> Sent:
    zipped = with_body(sent, gzip.compress(sent.body)[:-6])
    return replace(zipped, headers=(*zipped.headers, ("Content-Encoding", "gzip")))


def binary(_: Call, sent: Sent) -> Sent:
    return with_body(sent, bytes(range(128, 256)) * 3)


BAD: Mapping[str, Damage] = {
    "cut": cut,
    "halved": halved,
    "empty": empty,
    "nothing": nothing,
    "of another": of_another,
    "odd rows": odd_rows,
    "odd types": odd_types,
    "deep": deep,
    "portal": partial(page, PORTAL, "200 OK"),
    "balancer": partial(page, BALANCER, "200 OK"),
    "portal 503": partial(page, PORTAL, "503 Service Unavailable"),
    "balancer 503": partial(page, BALANCER, "503 Service Unavailable"),
    "portal 403": partial(page, PORTAL, "403 Forbidden"),
    "bad gzip": bad_gzip,
    "binary": binary,
}
"""The damages by what they are called."""
