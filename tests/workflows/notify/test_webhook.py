"""Posting to a webhook: what arrives, what is tried again, and that its URL stays a secret."""

import socket
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from goldenami.domain import webhooks
from goldenami.domain.audit.notification import AuditTold, Notification
from goldenami.errors import GoldenamiError
from goldenami.workflows.notify import webhook

NOTIFICATION = Notification(
    subject="3 new",
    text="- <!channel> & <https://evil.example|all is well>",
    audit=AuditTold(
        at=datetime(2026, 11, 26, tzinfo=UTC), open=3, report="https://reports.example/latest.html"
    ),
)
CONTENT = webhook.content(NOTIFICATION, "text")


@pytest.fixture
def receiver(receiving: Any) -> Iterator[Any]:
    with receiving() as running:
        yield running


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Wait for nothing, and say for how long it would have been."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def refused(url: str) -> str:
    """Post, and return the error's words, in which no secret is."""
    with pytest.raises(GoldenamiError) as caught:
        webhook.post(url, CONTENT)
    shown = "".join(traceback.format_exception(caught.value))
    assert "cAnArY" not in shown + caught.value.with_fix
    return caught.value.message


def test_a_message_arrives_as_text_and_as_data(receiver: Any) -> None:
    webhook.post(receiver.url, CONTENT)
    [received] = receiver.received
    assert received.path == "/services/T0/cAnArY-of-the-webhook"
    assert received.content_type.startswith("application/json")
    assert received.body["text"] == (
        "3 new\n- &lt;!channel&gt; &amp; &lt;https://evil.example|all is well&gt;"
    )
    assert received.body["goldenami"]["schema"] == "goldenami.notification/v1"
    assert received.body["goldenami"]["open"] == 3


def test_a_message_arrives_as_a_card(receiver: Any) -> None:
    webhook.post(receiver.url, webhook.content(NOTIFICATION, "adaptive-card"))
    [attachment] = receiver.received[0].body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert [block["text"] for block in card["body"]] == [NOTIFICATION.subject, NOTIFICATION.text]
    assert card["actions"][0]["url"] == NOTIFICATION.audit.report


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([(500,), (503,)], [1.0, 4.0]),
        ([(0,)], [1.0]),
        ([(429, ("Retry-After", "7"))], [7.0]),
        ([(429, ("Retry-After", "no time"))], [1.0]),
    ],
)
def test_what_may_pass_is_tried_again(
    receiver: Any, slept: list[float], answers: list[Any], waits: list[float]
) -> None:
    receiver.answers = list(answers)
    webhook.post(receiver.url, CONTENT)
    assert slept == waits
    assert len(receiver.received) == len(answers) + 1


def test_a_time_to_try_again_may_be_a_date(receiver: Any, slept: list[float]) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    receiver.answers = [(503, ("Retry-After", at))]
    webhook.post(receiver.url, CONTENT)
    assert 1 < slept[0] <= 20


@pytest.mark.parametrize(
    ("answers", "tries", "words"),
    [
        ([(502,)] * 5, 3, "it answers 502"),
        ([(429, ("Retry-After", "3600"))], 1, "it answers 429"),
        ([(404,)], 1, "it answers 404"),
        ([(0,)] * 5, 3, "RemoteDisconnected"),
    ],
)
def test_what_does_not_pass_is_given_up(
    receiver: Any, slept: list[float], answers: list[Any], tries: int, words: str
) -> None:
    receiver.answers = list(answers)
    assert refused(receiver.url) == f"posting to the webhook at localhost: {words}"
    assert len(receiver.received) == tries


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiving: Any, receiver: Any, status: int) -> None:
    with receiving() as other:
        receiver.answers = [(status, ("Location", other.url))]
        assert refused(receiver.url).endswith(f"it answers {status}")
        assert other.received == []


def test_nobody_who_listens_and_nobody_who_answers(
    receiving: Any, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as gone:
        url = gone.url
    assert "Connection refused" in refused(url)
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(webhook, "DELAYS_S", ())
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it listens, and serves nobody
        assert "no answer in" in refused(f"http://127.0.0.1:{silent.getsockname()[1]}/cAnArY")


def certificate(path: Path) -> Path:
    """Write a certificate of this machine, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_is_spoken_to_whom_an_authority_knows(
    receiving: Any, tmp_path: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificate(tmp_path / "own.pem")
    with receiving(own) as receiver:
        assert "certificate verify failed" in refused(receiver.url)
        assert receiver.received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        webhook.post(receiver.url, CONTENT)
        assert len(receiver.received) == 1


def test_a_proxy_is_not_asked_for_what_is_local(
    receiving: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("http_proxy", f"http://localhost:{proxy.server_port}")
        webhook.post(receiver.url, CONTENT)
        assert not proxy.received
    assert receiver.received


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://hooks.example/T0/B0", True),
        ("https://hooks.example:8443/a?b=c#d", True),
        ("http://127.0.0.1:8080/a", True),
        ("http://[::1]/a", True),
        ("http://localhost/a", True),
        ("http://hooks.example/T0", False),
        ("http://127.0.0.1.example/T0", False),
        ("http://10.0.0.1/a", False),
        ("https://user:word@hooks.example/", False),
        ("https://hooks.example:70000/", False),
        ("https:///a", False),
        ("https://[::1/a", False),
        ("https://hooks.example/a b", False),
        ("https://hooks.example/a\nb", False),
        ("https://hooks.exämple/", False),
        ("ftp://hooks.example/", False),
        ("file:///etc/passwd", False),
        ("hooks.example", False),
        ("", False),
    ],
)
def test_which_urls_are_webhooks(url: str, right: bool) -> None:
    words: Any = webhooks.problem(url)
    assert (not words) == right
    assert not right or webhooks.host(url)
    assert not url or url not in words
