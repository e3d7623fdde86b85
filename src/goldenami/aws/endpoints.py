"""Where calls go if not to AWS's own place: endpoints and proxies, checked before the first call.

botocore takes an endpoint from the command line, from AWS_ENDPOINT_URL and its kin and from the
configuration file, and of a wrong one it does not say which.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from goldenami.errors import UsageError

OPTION = "--endpoint-url"
_SCHEMES = ("http", "https")
_EXAMPLE = "write it as https://HOST or http://HOST:PORT"
_ODD = "has a character that no URL has"
_SCHEME = re.compile(r"[a-z][a-z\d+.-]*://", re.IGNORECASE)
_BEFORE_HOST = re.compile(r"^([a-z][a-z\d+.-]*://)?.*@", re.DOTALL | re.IGNORECASE)
_USER_OF_URL = re.compile(r"//[^\s\"'<>]*@")


def check(session: Any, service: str, option_url: str | None) -> None:
    """Check the endpoint of a service's client, and those that its credentials are fetched from.

    Args:
        session: the botocore session.
        service: the service, as botocore names it.
        option_url: what the command line names.

    Raises:
        UsageError: it is no URL of a server; the message names where it is set.
    """
    services = [(service, option_url), *((name, None) for name in _for_credentials(session))]
    for name, option in services:
        source, url = next(_settings(session, name, option), ("", None))
        if url is not None and (why := _wrong(url)):
            raise UsageError(f"{source}: `{_shown(url)}` {why}", fix=_fix(url))


def check_proxy(endpoint: str) -> None:
    """Check the proxy by which an endpoint is reached, if there is one.

    Raises:
        UsageError: its variable names none; the message names the variable.
    """
    from goldenami.aws.botocore_private import get_environ_proxies

    scheme = urlsplit(endpoint).scheme
    proxy = get_environ_proxies(endpoint).get(scheme)
    if not proxy:
        return
    url = proxy if _SCHEME.match(proxy) else f"http://{proxy.removeprefix('//')}"
    why = _wrong(_BEFORE_HOST.sub(r"\1", url))
    if not proxy.isascii():  # botocore sends the password in ASCII
        why = _ODD
    if why:
        name = f"{scheme}_proxy"
        name = name if os.environ.get(name) == proxy else name.upper()
        raise UsageError(f"{name}: `{_shown(proxy)}` {why}", fix="write it as http://HOST:PORT")


def without_users(text: str) -> str:
    """Return a text without the user names and passwords of the URLs in it."""
    return _USER_OF_URL.sub("//***@", text)


def _for_credentials(core: Any) -> Iterator[str]:
    """Yield the services that are called for the caller's credentials."""
    profile = core.get_scoped_config()
    if "role_arn" in profile or os.environ.get("AWS_ROLE_ARN"):
        yield "sts"
    if "sso_session" in profile or "sso_start_url" in profile:
        yield from ("sso", "sso-oidc")


def _settings(core: Any, service: str, option_url: str | None) -> Iterator[tuple[str, str]]:
    """Yield what sets a service's endpoint, and to what; the first one counts.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    from goldenami.aws.botocore_private import (
        CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES as HYPHENIZED,
    )

    if option_url is not None:
        yield OPTION, option_url
    elif not core.get_config_variable("ignore_configured_endpoint_urls"):
        name = HYPHENIZED.get(service, service).replace("-", "_")
        variables = (f"AWS_ENDPOINT_URL_{name.upper()}", "AWS_ENDPOINT_URL")
        yield from (
            (variable, os.environ[variable]) for variable in variables if os.environ.get(variable)
        )
        yield from _configured(core, name)


def _configured(core: Any, service: str) -> Iterator[tuple[str, str]]:
    profile = core.get_scoped_config()
    file = core.get_config_variable("config_file")
    section = profile.get("services", "")
    services = core.full_config.get("services", {}).get(section) or {}
    own = services.get(service) or {}
    if not isinstance(own, Mapping):
        yield f"{file}: {service} of services {section}", str(own)
    elif own.get("endpoint_url"):
        yield f"{file}: {service}.endpoint_url of services {section}", own["endpoint_url"]
    if profile.get("endpoint_url"):
        name = core.profile or "default"
        yield f"{file}: endpoint_url of profile {name}", profile["endpoint_url"]


def _wrong(url: str) -> str:
    """Say what keeps a URL from naming a server and nothing else; empty if it does."""
    from goldenami.aws.botocore_private import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

    if not url.isprintable() or not url.isascii() or " " in url or "\\" in url:
        return _ODD
    if "://" not in url:
        return "is no URL"
    try:
        parts = urlsplit(url)
        bad_port = parts.port == 0 or parts.netloc.endswith(":")
    except ValueError as error:
        return "has no port from 1 to 65535" if "ort" in str(error) else "is no URL"
    if parts.scheme not in _SCHEMES:
        return "is neither http:// nor https://"
    if "@" in parts.netloc:
        return "has a user name or a password in it"
    if bad_port:
        return "has no port from 1 to 65535"
    if not (is_valid_endpoint_url(url) or is_valid_ipv6_endpoint_url(url)):
        return "names no valid host"
    return _beyond(parts, url)


def _beyond(parts: SplitResult, url: str) -> str:
    if "?" in url or "#" in url:
        return "has a query or a fragment"
    return "" if parts.path in ("", "/") else "has a path"


def _fix(url: str) -> str:
    """Return how to write it: without what is too much, with what is missing."""
    clean = _BEFORE_HOST.sub(r"\1", url)
    scheme, separator, rest = clean.partition("://")
    host = re.split(r"[/?#]", rest if separator else clean)[0]
    written = f"{scheme if scheme in _SCHEMES else 'http'}://{host}"
    return f"write {written}" if not _wrong(written) else _EXAMPLE


def _shown(url: str) -> str:
    hidden = _BEFORE_HOST.sub(r"\1***@", url)
    return re.sub(r"([?#]).+", r"\1…", hidden, flags=re.DOTALL)
