"""Endpoints and proxies that are none, or that do not answer: one message, with its source."""

import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import certifi
import pytest

from goldenami.aws import endpoints, session
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, UsageError

EXAMPLE = "write it as https://HOST or http://HOST:PORT"
PORT = "has no port from 1 to 65535"
ODD = "has a character that no URL has"

WRONG = {
    "127.0.0.1:21499": ("127.0.0.1:21499", "is no URL", "write http://127.0.0.1:21499"),
    "localhost:4566": ("localhost:4566", "is no URL", "write http://localhost:4566"),
    "foo": ("foo", "is no URL", "write http://foo"),
    "//h": ("//h", "is no URL", EXAMPLE),
    "me:hidden@h:1/x": ("***@h:1/x", "is no URL", "write http://h:1"),
    "ftp://h": ("ftp://h", "is neither http:// nor https://", "write http://h"),
    "://h": ("://h", "is neither http:// nor https://", "write http://h"),
    "https://h/x/": ("https://h/x/", "has a path", "write https://h"),
    "http://h:1?hidden": ("http://h:1?…", "has a query or a fragment", "write http://h:1"),
    "http://h/#hidden": ("http://h/#…", "has a query or a fragment", "write http://h"),
    "http://h?": ("http://h?", "has a query or a fragment", "write http://h"),
    "http://h:0": ("http://h:0", PORT, EXAMPLE),
    "http://h:": ("http://h:", PORT, EXAMPLE),
    "http://h:65536": ("http://h:65536", PORT, EXAMPLE),
    "http://h:x": ("http://h:x", PORT, EXAMPLE),
    "http://": ("http://", "names no valid host", EXAMPLE),
    "http://a_b": ("http://a_b", "names no valid host", EXAMPLE),
    "http://[::1": ("http://[::1", "is no URL", EXAMPLE),
    "http://a b": ("http://a b", ODD, EXAMPLE),
    "http://a\n": ("http://a\n", ODD, EXAMPLE),
    "http://é": ("http://é", ODD, EXAMPLE),
    "https://me:hid/den@h": (
        "https://***@h",
        "names no valid host",
        "write https://h",
    ),
    "https://me:hidden@h": (
        "https://***@h",
        "has a user name or a password in it",
        "write https://h",
    ),
    "https://hidden@h": (
        "https://***@h",
        "has a user name or a password in it",
        "write https://h",
    ),
}
RIGHT = ["http://127.0.0.1:1", "https://h", "https://h/", "http://[::1]:4566", "http://localhost."]


def refused(aws: Aws, service: str = "ec2") -> UsageError:
    with pytest.raises(UsageError) as caught:
        aws.client(service)
    assert caught.value.exit_code == 2
    assert "hid" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("url", WRONG)
def test_an_endpoint_that_names_no_server(url: str) -> None:
    shown, why, fix = WRONG[url]
    error = refused(Aws(endpoint_url=url))
    assert error.message.startswith(f"--endpoint-url: `{shown}` ")
    assert error.message.endswith(PORT if "hid/den" in url else why)
    assert error.fix == fix


@pytest.mark.parametrize("url", RIGHT)
def test_an_endpoint_that_names_one(url: str) -> None:
    assert Aws(endpoint_url=url).client("ec2").meta.endpoint_url == url


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], str]:
    """Write the AWS configuration, and return where it is."""
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))

    def write(text: str) -> str:
        path.write_text(text)
        return str(path)

    return write


def test_each_place_that_sets_an_endpoint_is_named_in_the_order_of_the_sdks(
    configure: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure("[default]\nendpoint_url = of-profile\n")
    assert refused(Aws()).message == (
        f"{path}: endpoint_url of profile default: `of-profile` is no URL"
    )
    configure(
        "[profile dev]\nservices = mine\nendpoint_url = of-profile\n"
        "[services mine]\nauto_scaling =\n  endpoint_url = of-service\nec2 = word\n"
    )
    said = refused(Aws(profile="dev"), "autoscaling").message
    assert said == f"{path}: auto_scaling.endpoint_url of services mine: `of-service` is no URL"
    said = refused(Aws(profile="dev"), "ec2").message
    assert said == f"{path}: ec2 of services mine: `word` is no URL"
    said = refused(Aws(profile="dev"), "ssm").message
    assert said == f"{path}: endpoint_url of profile dev: `of-profile` is no URL"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "of-all")
    said = refused(Aws(profile="dev"), "autoscaling").message
    assert said == "AWS_ENDPOINT_URL: `of-all` is no URL"
    monkeypatch.setenv("AWS_ENDPOINT_URL_AUTO_SCALING", "of-one")
    said = refused(Aws(profile="dev"), "autoscaling").message
    assert said == "AWS_ENDPOINT_URL_AUTO_SCALING: `of-one` is no URL"
    said = refused(Aws(profile="dev", endpoint_url="given"), "autoscaling").message
    assert said == "--endpoint-url: `given` is no URL"


def test_what_the_sdks_leave_alone_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "foo")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "")
    assert Aws().client("ec2").meta.endpoint_url == "https://ec2.us-east-1.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "foo")
    assert Aws(endpoint_url="http://h").client("ec2").meta.endpoint_url == "http://h"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert Aws().client("ec2").meta.endpoint_url == "https://ec2.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("profile", "variable"),
    [
        ("role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = default", "STS"),
        ("sso_start_url = https://h/start\nsso_region = us-east-1", "SSO_OIDC"),
        ("sso_session = s", "SSO"),
    ],
)
def test_where_credentials_come_from_is_checked_too(
    profile: str,
    variable: str,
    configure: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(f"[profile dev]\n{profile}\n[sso-session s]\nsso_region = us-east-1\n")
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{variable}", "foo")
    said = refused(Aws(profile="dev", endpoint_url="http://h")).message
    assert said == f"AWS_ENDPOINT_URL_{variable}: `foo` is no URL"


def test_a_setting_that_botocore_takes_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "many")
    error = refused(Aws())
    assert "connecting to ec2 in us-east-1: " in error.message
    assert error.fix.startswith("correct the AWS_ variable")


PROXIES = {
    "http://h:x": (f"`http://h:x` {PORT}"),
    "h:99999": (f"`h:99999` {PORT}"),
    "//me:hidden@h:x": (f"`***@h:x` {PORT}"),
    "socks5://me:hidden@h:1": ("`socks5://***@h:1` is neither http:// nor https://"),
    "http://h/x": ("`http://h/x` has a path"),
    "http://mé:hidden@h:1": (f"`http://***@h:1` {ODD}"),
    "http://": ("`http://` names no valid host"),
}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("url", PROXIES)
def test_a_proxy_that_names_no_server(url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, url)
    error = refused(Aws())
    assert error.message == f"{name}: {PROXIES[url]}"
    assert error.fix == "write it as http://HOST:PORT"


@pytest.mark.parametrize("url", ["http://me:hidden@h:1", "h", "//h:1", "http://h/"])
def test_a_proxy_that_names_one_or_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    Aws().client("ec2")
    monkeypatch.setenv("HTTPS_PROXY", "http://h:x")
    Aws(endpoint_url="http://h").client("ec2")
    monkeypatch.setenv("NO_PROXY", "amazonaws.com")
    Aws().client("ec2")


Answer = Callable[[socket.socket], None]


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """Answer every connection to a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        answer(connection)
                    except OSError:
                        continue

        server = Thread(target=serve)
        server.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        server.join()


def reset(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket) -> None:
    connection.recv(65_536)


def other_protocol(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that signs itself, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there to make a certificate")
    path = tmp_path / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", path, "-out", tmp_path / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + (tmp_path / "certificate.pem").read_text())
    return path


def secured(certificate: Path) -> Answer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inner:
            other_protocol(inner)

    return answer


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ATTEMPTS", 1)


def failure(url: str) -> AwsError:
    with pytest.raises(AwsError) as caught:
        _ = Aws(endpoint_url=url).account
    assert caught.value.exit_code == 1
    assert caught.value.message.startswith("asking who the caller is in us-east-1: ")
    return caught.value


REACH = "check the network, the region name, and --endpoint-url / AWS_ENDPOINT_URL"
TRUST = "name the file of the authority that signed the certificate in AWS_CA_BUNDLE"


@pytest.mark.parametrize("answer", [reset, hang_up, other_protocol])
def test_what_does_not_answer_in_http(answer: Answer) -> None:
    with serving(answer) as port:
        error = failure(f"http://127.0.0.1:{port}")
    assert f"http://127.0.0.1:{port}" in error.message
    assert error.fix == REACH


def test_what_refuses_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}").fix == REACH


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failure("http://nowhere.invalid").fix == REACH


def test_a_certificate_that_nobody_vouches_for_and_one_of_another_host(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(secured(certificate)) as port:
        error = failure(f"https://localhost:{port}")
        assert "self-signed certificate" in error.message
        assert error.fix.startswith(TRUST)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        error = failure(f"https://127.0.0.1:{port}")
        assert "doesn't match" in error.message
        assert error.fix.startswith(TRUST)
        assert failure(f"https://localhost:{port}").fix == REACH  # trusted, and no HTTP
        failure(f"http://localhost:{port}")


def test_a_bundle_is_read_once_and_trusted_by_those_alone_who_name_it(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Path(certifi.where()).read_bytes())
    read: list[str] = []
    load = ssl.SSLContext.load_verify_locations

    def loaded(self: ssl.SSLContext, cafile: Any = None, *rest: Any, **named: Any) -> None:
        read.append(str(cafile))
        load(self, cafile, *rest, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", loaded)
    with serving(secured(certificate)) as port:
        for bundle in (certificate, other, certificate, other, certificate):
            monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
            for _ in range(2):
                error = failure(f"https://localhost:{port}")
                assert ("self-signed certificate" in error.message) == (bundle == other)
        assert sorted(read) == sorted([str(certificate), str(other)])
        certificate.write_text(certificate.read_text() + other.read_text())
        failure(f"https://localhost:{port}")
        assert read[2:] == [str(certificate)]  # it has changed


def test_a_server_without_tls() -> None:
    with serving(other_protocol) as port:
        assert "http:// where no TLS is spoken" in failure(f"https://127.0.0.1:{port}").fix


def test_a_bundle_of_authorities_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file")
    with serving(other_protocol) as port:
        failure(f"https://127.0.0.1:{port}")


def test_a_proxy_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(hang_up) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hidden@127.0.0.1:{port}")
        assert "hidden" not in str(failure("https://sts.us-east-1.amazonaws.com"))
    error = failure("https://sts.us-east-1.amazonaws.com")
    assert "hidden" not in str(error)
    assert error.fix == "correct HTTPS_PROXY / HTTP_PROXY, or name what needs no proxy in NO_PROXY"


def test_no_user_name_and_no_password_of_a_url_is_told() -> None:
    text = "to 'http://me:hidden@h/x' and http://b@h, mail a@b"
    assert endpoints.without_users(text) == "to 'http://***@h/x' and http://***@h, mail a@b"
