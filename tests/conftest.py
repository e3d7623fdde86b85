"""No test reads the caller's AWS configuration or leaves the machine."""

import gc
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from botocore.retries.standard import ExponentialBackoff

from goldenami.aws import ask
from goldenami.workflows.audit import cores
from goldenami_sandbox.identity import HOST, ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY
from goldenami_sandbox.server import Sandbox

from . import botocore_once, markers, receiver, unmeasured

if TYPE_CHECKING:
    from selenium import webdriver

PENDING_S = 0.02
ASKING = ("(_settle)", "(work)", "(_work)")
"""How the names of threads end that may ask AWS on when their command has ended: the next sandbox,
which listens where theirs did, would be asked."""
TESTS = Path(__file__).parent
UNMEASURED = (
    (unmeasured.leave_sandbox_out, TESTS / "sandbox"),
    (unmeasured.leave_botocore_out, TESTS / "aws"),
    (unmeasured.leave_proofs_out, TESTS / "iam", TESTS / "workflows"),
)
"""What takes two or three times as long when it is measured, and the folders of its own tests."""

sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # two seconds for IRIs: none here
botocore_once.keep()
gc.set_threshold(100_000, 50, 100)  # the models of many clients are long-lived
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:  # a shell's job in the background, or nohup
        signal.signal(number, usual)
hypothesis.settings.register_profile("goldenami", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("goldenami")


def pytest_xdist_auto_num_workers() -> int:
    """Let a worker run on each core: see `pytest_configure`."""
    return len(cores.usable())


def pytest_configure() -> None:
    """Keep a worker on a core of its own: a command and its sandbox are threads that take turns.

    On any core each turn wakes another one up, which fetches what the last one worked on.
    """
    number = os.environ.get("PYTEST_XDIST_WORKER", "")[2:]
    if number:
        usable = cores.usable()
        cores.keep(os.getpid(), {usable[int(number) % len(usable)]})


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what was collected by what it uses."""
    markers.mark(item)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look at what stays until the end."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Make what a test needs as it is run, measured or not."""
    markers.allow(item)
    with _measured(item):
        yield


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test, measured if it is not marked ``no_cover``, and put the environment back."""
    environment = dict(os.environ)
    drawn = getattr(getattr(item, "obj", None), "hypothesis", None) if sys.gettrace() else None
    try:
        with _measured(item), unmeasured.examples_measured(drawn) if drawn else nullcontext():
            yield
    finally:
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)


def _measured(item: pytest.Item) -> AbstractContextManager[None]:
    return unmeasured.nothing_measured() if item.get_closest_marker("no_cover") else nullcontext()


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One empty folder of a worker: a new one for each test is looked for among all before it."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="session", autouse=True)
def surroundings(nowhere: Path) -> Iterator[None]:
    """What each test finds: it is the same for all, and so is made once."""
    with pytest.MonkeyPatch.context() as patch:
        _fake_aws(patch, nowhere)
        _quick_to_ask_again(patch)
        _loopback_only(patch)
        yield


@pytest.fixture(scope="module", autouse=True)
def measured_by_its_folder(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave unmeasured, in the tests of a file, what has its own tests in other folders."""
    with pytest.MonkeyPatch.context() as patch:
        for leave_out, *folders in UNMEASURED:
            if not any(folder in request.path.parents for folder in folders):
                leave_out(patch)
        yield


def _fake_aws(patch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """Credentials that only the sandbox takes, and no AWS configuration."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PYTHONUNBUFFERED"))]:
        patch.delenv(name)
    patch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
    patch.setenv("AWS_ACCESS_KEY_ID", ROOT_ACCESS_KEY_ID)
    patch.setenv("AWS_SECRET_ACCESS_KEY", ROOT_SECRET_ACCESS_KEY)
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _quick_to_ask_again(patch: pytest.MonkeyPatch) -> None:
    """What cannot be read, or failed, is asked for as often as ever, but at once."""
    patch.setattr(ask, "DELAYS_S", (0.0,) * len(ask.DELAYS_S))
    patch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)


def _loopback_only(patch: pytest.MonkeyPatch) -> None:
    """Refuse every connection to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def sandbox_port() -> int:
    """One free port for all sandboxes of a worker, so that their clients need not be made anew."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, sandbox_port: int) -> Iterator[Sandbox]:
    """An empty AWS account; this process's AWS clients use it."""
    with Sandbox(sandbox_port, PENDING_S) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
    for thread in threading.enumerate():
        if thread.name.endswith(ASKING):
            thread.join(5)


@pytest.fixture
def receiving() -> Any:
    """Receive webhooks in a block: see `receiver.receiving`."""
    return receiver.receiving


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests that try many cases have counted (`record_property("counted", …)`)."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "counted":
                terminalreporter.write_line(f"counted: {text}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def peer(name: str, variable: str) -> str:
    """Return the command of another client; without it a test is skipped, and on CI it fails."""
    command = os.environ.get(variable, "")
    if not Path(command).is_file():
        absent = f"no {name}: `make test` installs it, and sets {variable}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(absent)
    return command


@pytest.fixture
def aws_cli() -> str:
    """Return the AWS CLI's command."""
    return peer("AWS CLI", "GOLDENAMI_AWSCLI")


@pytest.fixture
def custodian() -> str:
    """Return Cloud Custodian's command."""
    return peer("Cloud Custodian", "GOLDENAMI_CUSTODIAN")


@pytest.fixture
def ansible_playbook() -> str:
    """Return Ansible's command that runs playbooks."""
    return peer("Ansible", "GOLDENAMI_ANSIBLE")


@pytest.fixture(scope="session")
def browser() -> Iterator["webdriver.Chrome"]:
    """Debian's chromium, headless, that keeps what its pages log."""
    from selenium import webdriver

    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        absent = "no chromium: apt-get install chromium chromium-driver"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(absent)
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield running
    running.quit()
