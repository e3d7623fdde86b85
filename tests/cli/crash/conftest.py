"""Bakes that are killed for real, by the embedded AWS, at the call that a test chooses."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from msgspec import structs

from goldenami.domain import manifest, record, tags
from goldenami.domain.status import Status, may_become
from goldenami_sandbox import seed
from goldenami_sandbox.calls import Call, Refusal
from goldenami_sandbox.server import Sandbox

REGIONS = ("us-east-1", "eu-west-1")
PARAMETER = "/golden-ami/web-base"
RELEASE: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web-base",
    "version": "1.0",
    "regions": list(REGIONS),
    "base": {
        "source": {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"},
        "instance_profile": "golden-ami",
    },
    "validate": [{"run": "true"}],
    "test": {"steps": [{"run": "true"}]},
    "tags": {"Name": "Golden AMI", "Team": "platform"},
    "share": {"accounts": ["111122223333"]},
    "lifecycle": {"deprecate_after": "90d"},
    "publish": {"ssm_parameter": PARAMETER},
}
READS = ("Describe", "Get", "List")
AT_MOST_S = 10.0
SOAK = bool(os.environ.get("GOLDENAMI_SOAK"))


class Killer:
    """A guard of the sandbox: at the chosen mutating call it kills whoever asks.

    ``after`` lets the call take effect first, so that only its answer is lost. Another signal than
    SIGKILL lets the caller go on; ``then`` is called while that call is under way.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.at = 0
        self.after = False
        self.signal = signal.SIGKILL
        self.then: Callable[[], None] = lambda: None
        self.seen = 0
        self._lock = Lock()

    def __call__(self, call: Call) -> Refusal | None:
        """Count the call, and strike."""
        if not self.pid or call.operation.startswith(READS) or call.parameters.get("DryRun"):
            return None
        with self._lock:
            self.seen += 1
            struck = self.seen == self.at
            if self.seen < self.at or not self.at:
                return None
            if struck:
                os.kill(self.pid, self.signal)
        if self.signal != signal.SIGKILL:
            if struck:
                self.then()
            return None
        applied = self.after and struck  # later calls were never sent
        return Refusal("Killed", "the caller is dead", applied=applied)


class Zygote:
    """The process that those of the commands are forked from; it has imported all they need."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "zygote.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=uncovered_environment(),
        )  # fmt: skip

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
        """Fork a command, and return its process id."""
        order = {"arguments": [*arguments], "environment": environment, "log": str(log)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._number()

    def end(self) -> int:
        """Wait for the command, and return its exit status."""
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def uncovered_environment() -> dict[str, str]:
    """Return the environment, without what would measure the coverage of another process."""
    return {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}


class Machine:
    """Runs ``goldenami`` against the embedded AWS in processes of their own."""

    def __init__(self, sandbox: Sandbox, killer: Killer, zygote: Zygote, folder: Path) -> None:
        self.sandbox = sandbox
        self.killer = killer
        self.folder = folder
        self.state = folder / "state"
        self.log = folder / "log"
        self.release = folder / "release.yaml"
        self.release.write_text(yaml.safe_dump(RELEASE))
        self._zygote = zygote

    def run(
        self,
        *arguments: str,
        at: int = 0,
        after: bool = False,
        number: signal.Signals = signal.SIGKILL,
        then: Callable[[], None] = lambda: None,
        ended: Callable[[], None] = lambda: None,
    ) -> int:
        """Run a command, killed at its ``at``-th mutating call; return its exit status.

        Another signal is ``number``, after which ``then`` is called.

        ``ended`` is called when it has, and calls of whatever it left behind are still refused.
        """
        self.killer.pid = 0
        before = self._connections
        environment = uncovered_environment() | self.sandbox.environment()
        environment |= {"GOLDENAMI_STATE": str(self.state), "NO_COLOR": "1"}
        self.killer.at, self.killer.after, self.killer.seen = at, after, 0
        self.killer.signal, self.killer.then = number, then
        self.killer.pid = self._zygote.begin(arguments, environment, self.log)
        status = self._zygote.end()
        ended()
        if at and number == signal.SIGKILL:
            self._hear_out(before)
        self.killer.pid = 0
        return status

    @property
    def _connections(self) -> frozenset[socket.socket]:
        assert self.sandbox._server is not None
        return frozenset(self.sandbox._server.connections)

    def _hear_out(self, before: frozenset[socket.socket]) -> None:
        """Wait until what the dead have sent is refused: it may be on its way still.

        Connections are taken one after the other: with a further one those before it are.
        """
        where = urlsplit(self.sandbox.endpoint_url)
        with socket.create_connection((where.hostname, where.port), AT_MOST_S) as last:
            last.shutdown(socket.SHUT_WR)
            assert last.recv(1) == b""
        end = time.monotonic() + AT_MOST_S
        while self._connections - before:
            assert time.monotonic() < end, "something that was killed still has a connection"
            time.sleep(0.002)

    def forget(self) -> None:
        """Empty the account, and lose the journals."""
        self.sandbox.reset()
        self.lose_journals()
        seed.instance_profile(self.sandbox, "golden-ami")

    def lose_journals(self) -> None:
        """Go on as another machine would."""
        for path in self.state.glob("*"):
            path.unlink()

    @property
    def builds(self) -> list[str]:
        """The builds that this machine has a journal of."""
        return [path.stem for path in sorted(self.state.glob("*"))]


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """One process of a worker, that all commands are forked from."""
    process = Zygote()
    yield process
    process.close()


@pytest.fixture
def machine(sandbox_port: int, zygote: Zygote, tmp_path: Path) -> Iterator[Machine]:
    """A machine with a release file of two regions, and an empty account without any delay."""
    killer = Killer()
    with Sandbox(sandbox_port, 0.0, guards=[killer]) as sandbox:
        machine = Machine(sandbox, killer, zygote, tmp_path)
        machine.forget()
        yield machine


def points(calls: int, *, after: bool, journal: bool) -> range:
    """Return the calls that a command is to be killed at.

    With GOLDENAMI_SOAK that is each call in each way. Else it is each call in one of the four ways,
    in another from call to call.
    """
    return range(1, calls + 1) if SOAK else range(1 + 2 * after + journal, calls + 1, 4)


def never_lower(calls: Sequence[Call]) -> None:
    """Look whether any of these calls has taken the status of an image or a snapshot back."""
    written: dict[str, Status] = {}
    for call in calls:
        if call.operation not in ("CreateTags", "DeleteTags"):
            continue
        tagged = [one for one in call.parameters["Tags"] if one["Key"] == tags.STATUS]
        for status in tagged:
            assert call.operation == "CreateTags", call
            for resource in call.parameters["Resources"]:
                before = written.get(resource, "")
                written[resource] = Status(status["Value"])
                assert may_become(before, written[resource]), (resource, before)


def record_of(sandbox: Sandbox) -> record.Record:
    """Return the record of the one build there is."""
    ssm = sandbox.client("ssm")
    (found,) = ssm.get_parameters_by_path(Path="/goldenami/build", Recursive=True)["Parameters"]
    read = record.read(found["Name"], found["Value"])
    assert read
    return read


def undecided(sandbox: Sandbox) -> None:
    """Let nobody have approved the build, by its record."""
    now = structs.replace(record_of(sandbox), approved_by="", approved_at="")
    sandbox.client("ssm").put_parameter(
        Name=record.parameter(now.image, now.build), Value=record.text(now), Type="String",
        Overwrite=True,
    )  # fmt: skip


def account(sandbox: Sandbox) -> dict[str, Any]:
    """Return all that bakes have made of an account, without what differs from build to build."""
    return {region: _region(sandbox, region) for region in REGIONS}


def _region(sandbox: Sandbox, region: str) -> dict[str, Any]:
    ec2, ssm = sandbox.client("ec2", region), sandbox.client("ssm", region)
    images = ec2.describe_images(Owners=["self"])["Images"]
    names = {one["ImageId"]: one["Name"] for one in images}
    reservations = ec2.describe_instances()["Reservations"]
    instances = [one for several in reservations for one in several["Instances"]]
    parameters = ssm.get_parameters_by_path(Path="/golden-ami", Recursive=True)["Parameters"]
    history = [
        one
        for parameter in parameters
        for one in ssm.get_parameter_history(Name=parameter["Name"])["Parameters"]
    ]
    return {
        "images": [_image(ec2, one) for one in images],
        "snapshots": sorted(
            str(_lasting(one["Tags"]))
            for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        ),
        "parameters": [
            (one["Name"], one["DataType"], names.get(one["Value"]), one["Labels"])
            for one in history
        ],
        "leases": ssm.get_parameters_by_path(Path="/goldenami/bake")["Parameters"],
        "manifests": [
            (told.status, told.missing, len(told.images), told.base_instance.id[:2])
            for one in ssm.get_parameters_by_path(Path="/goldenami/manifest", Recursive=True)[
                "Parameters"
            ]
            if (told := manifest.read(one["Value"]))
        ],
        "living": [one["State"]["Name"] for one in instances if one["State"]["Code"] != 48],
        "volumes": len(ec2.describe_volumes()["Volumes"]),
        "groups": sorted(
            one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"]
        ),
        "keys": ec2.describe_key_pairs()["KeyPairs"],
    }


def _image(ec2: Any, image: dict[str, Any]) -> dict[str, Any]:
    shared = ec2.describe_image_attribute(ImageId=image["ImageId"], Attribute="launchPermission")
    return {
        "name": image["Name"],
        "state": image["State"],
        "tags": _lasting(image["Tags"]),
        "devices": len(image["BlockDeviceMappings"]),
        "shared": shared["LaunchPermissions"],
        "deprecated": bool(image.get("DeprecationTime")),
    }


def _lasting(tagged: list[dict[str, str]]) -> dict[str, str]:
    written = tags.from_aws(tagged)
    return {
        key: written[key]
        for key in sorted(written)
        if key not in (tags.BUILD, tags.APPROVED_AT, tags.STATUS_AT)
    }
