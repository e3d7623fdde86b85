"""Webhooks: their URLs are secrets, since whoever knows one can post there."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]+")


def problem(url: str) -> str:
    """Return what is wrong with a webhook's URL, without any of it; empty if nothing is."""
    if not _PRINTABLE.fullmatch(url):
        return "a webhook's URL has printable ASCII characters alone, and no space"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("https", "http") or not host:
        return "a webhook is an `https://` URL"
    if parts.username is not None or parts.password is not None:
        return "a webhook's URL names no user: the receiver's secret belongs into its path"
    if parts.scheme == "http" and not _loopback(host):
        return "a webhook is an `https://` URL: its path is a secret, and so is what is posted"
    return ""


def host(url: str) -> str:
    """Return the one part of a sound URL that may be told: who is reached."""
    return urlsplit(url).hostname or ""


def _loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
