import json
import socket
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest

from goldenami.errors import GoldenamiError
from goldenami_sandbox.identity import HOST, ROOT_ACCESS_KEY_ID
from goldenami_sandbox.server import Sandbox


def test_an_account_starts_empty_but_for_the_public_images(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    assert ec2.describe_instances()["Reservations"] == []
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_snapshots()["Snapshots"] == []
    assert ec2.describe_images(Owners=["amazon"])["Images"] != []


def test_reset_empties_the_account_and_forgets_the_calls(sandbox: Sandbox) -> None:
    sandbox.client("iam").create_group(GroupName="admins")
    sandbox.reset()
    assert sandbox.calls == ()
    assert sandbox.client("iam").list_groups()["Groups"] == []


def test_a_restarted_sandbox_has_an_empty_account() -> None:
    with Sandbox() as first:
        first.client("iam").create_group(GroupName="admins")
    with Sandbox() as second:
        assert second.client("iam").list_groups()["Groups"] == []


def test_a_taken_port_is_an_error_with_a_fix() -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(GoldenamiError, match=f"{HOST}:{port}") as caught:
            Sandbox(port).start()
    assert "another port" in caught.value.fix


def test_a_second_sandbox_in_the_process_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(GoldenamiError, match=sandbox.endpoint_url):
        Sandbox().start()
    assert sandbox.client("sts").get_caller_identity()["Account"]


def test_a_sandbox_that_does_not_run_has_no_endpoint() -> None:
    stopped = Sandbox()
    stopped.stop()
    with pytest.raises(GoldenamiError, match="does not run"):
        _ = stopped.endpoint_url


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox.endpoint_url.startswith("http://127.0.0.1:")


def test_the_environment_replaces_the_callers_own(sandbox: Sandbox) -> None:
    base = {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "t", "PATH": "/bin"}
    environment = sandbox.environment("eu-west-1", base)
    assert environment["AWS_ENDPOINT_URL"] == environment["AWS_STS_ENDPOINT"]
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert environment["AWS_ACCESS_KEY_ID"] == ROOT_ACCESS_KEY_ID
    assert environment["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & environment.keys()


@pytest.mark.parametrize("path", ["/", "/moto-api/data.json", "/latest/meta-data/"])
def test_what_is_not_signed_is_refused(sandbox: Sandbox, path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(sandbox.endpoint_url + path)
    with caught.value as error:
        assert error.code == 403
        assert "MissingAuthenticationToken" in error.read().decode()


def test_nothing_is_printed(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    sandbox.client("ec2").describe_images()
    assert capfd.readouterr() == ("", "")


def test_moto_is_only_imported_when_a_sandbox_starts() -> None:
    program = (
        "import json, sys, goldenami_sandbox.server, goldenami_sandbox.seed;"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] == 'moto']))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == []
