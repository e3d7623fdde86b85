"""A message for a webhook: what is posted, and how often it is tried.

The URL is a secret: of it only the host is in a message, and nothing that the receiver answers.
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import msgspec

from goldenami import __version__
from goldenami.domain import webhooks
from goldenami.domain.audit.notification import Notification
from goldenami.errors import GoldenamiError

TIMEOUT_S = 10.0
DELAYS_S = (1.0, 4.0)
"""How long it is waited before each further try, unless the receiver names another time."""
LONGEST_DELAY_S = 30.0
_BUSY = (429,)


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: what is posted, and the URL itself, are for that receiver alone."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none, so that it ends in its status."""


def content(notification: Notification, body: str) -> bytes:
    """Return what is posted: JSON with ``text`` and the audit as data, or an Adaptive Card."""
    form = _card if body == "adaptive-card" else _text
    return msgspec.json.encode(form(notification))


def post(url: str, content: bytes) -> None:
    """Post to a webhook; what may pass is tried again.

    Args:
        url: a sound one; see `goldenami.domain.webhooks`.
        content: JSON.

    Raises:
        GoldenamiError: it was not taken.
    """
    opener = _opener(url)
    for delay_s in (*DELAYS_S, None):
        why, asked_s = _attempt(opener, url, content)
        if not why:
            return
        if delay_s is None or asked_s is None or asked_s > LONGEST_DELAY_S:
            raise _failed(url, why)
        time.sleep(max(delay_s, asked_s))


def _attempt(opener: OpenerDirector, url: str, content: bytes) -> tuple[str, float | None]:
    """Return why it failed, and for how long not to try again; None for ever."""
    request = Request(  # noqa: S310  its scheme has been looked at
        url,
        data=content,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"goldenami/{__version__}",
        },
    )
    try:
        with opener.open(request, timeout=TIMEOUT_S):
            return "", None
    except HTTPError as error:
        with error:
            return f"it answers {error.code}", _asked_to_wait(error.code, error.headers)
    except URLError as error:
        return _reason(error.reason), 0.0
    except (OSError, HTTPException) as error:
        return _reason(error), 0.0


def _asked_to_wait(status: int, headers: Message) -> float | None:
    if status not in _BUSY and status < 500:
        return None
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return 0.0


def _reason(error: object) -> str:
    """Return why there is no answer, in words that cannot have the URL in them."""
    match error:
        case TimeoutError():
            return f"no answer in {TIMEOUT_S:.0f} seconds"
        case OSError(strerror=str(words)) if words:
            return words
    return type(error).__name__


def _failed(url: str, why: str) -> GoldenamiError:
    fix = "look at the webhook's receiver, and whether its URL is still the right one"
    if why.startswith("it answers 3"):
        fix = "no redirect is followed: name the address that it leads to"
    return GoldenamiError(f"posting to the webhook at {webhooks.host(url)}: {why}", fix=fix)


def _opener(url: str) -> OpenerDirector:
    """Return what opens the URL, by the proxy that the environment names unless it is local."""
    proxies: dict[str, str] | None = {} if url.startswith("http:") else None
    return build_opener(_NoRedirect, ProxyHandler(proxies))


def _text(notification: Notification) -> Mapping[str, Any]:
    whole = f"{notification.subject}\n{notification.text}"
    return {"text": _escaped(whole), "goldenami": notification.audit}


def _escaped(text: str) -> str:
    """Keep a name from being a mention or a link, as Slack reads it.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card(notification: Notification) -> Mapping[str, Any]:
    """Return an Adaptive Card of the message: https://learn.microsoft.com/en-us/adaptive-cards/."""
    blocks: list[Mapping[str, Any]] = [
        {"type": "TextBlock", "text": text, "wrap": True, **look}
        for text, look in (
            (notification.subject, {"weight": "Bolder", "size": "Medium"}),
            (notification.text.replace("\n", "\n\n"), {}),
        )
    ]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    if notification.audit.report.startswith("https://"):
        link = {"type": "Action.OpenUrl", "title": "Report", "url": notification.audit.report}
        card["actions"] = [link]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}
