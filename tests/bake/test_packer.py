import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from msgspec.structs import replace

from goldenami.bake.launch import packer_variables
from goldenami.bake.packer import (
    PERMISSIONS,
    PackerBuild,
    PackerRun,
)
from goldenami.bake.packer_cli import Packer
from goldenami.bake.packer_output import BuiltImage, PackerEvent
from goldenami.bake.shell import wait_for_user_data
from goldenami.errors import BakeError, InterruptedRunError, SpecError
from goldenami.spec.model import Base, BaseSource, BaseVolume

WAIT = wait_for_user_data(60)
IMAGE = "ami-174ec23f08cf69db2"
BASE = Base(
    source=BaseSource(ami="ami-03cf127a"), volumes=(BaseVolume(device="/dev/xvda", size_gib=30),)
)
REQUEST = PackerBuild(
    values={
        "region": "us-east-1",
        "source_ami": "ami-03cf127a",
        "ami_name": "web-1",
        "instance_type": "t3.micro",
    },
    user_data=b"#!/bin/sh\nid\n\xff",
    user_data_timeout_s=60,
)
VARIABLES = (
    *("region", "source_ami", "ami_name", "ami_description", "tags", "snapshot_tags", "run_tags"),
    *("run_volume_tags", "instance_type", "subnet_id", "security_group_ids", "endpoint_url"),
    *("iam_instance_profile", "user_data_file", "block_devices", "script_file", "manifest_path"),
    *("poll_delay_seconds", "poll_max_attempts", "communicator"),
)
INSPECT = "17,,ui,say,> input-variables:\\n\\n" + "".join(f'var.{n}: "x"\\n' for n in VARIABLES)

# Stands in for Packer: does what the scenario says for a subcommand, and notes what it was given.
FAKE = """#!{python}
import json, os, pathlib, signal, stat, sys, time

here = pathlib.Path(__file__).parent
act = json.loads((here / "scenario.json").read_text()).get(sys.argv[1], {{}})
values, files = {{}}, {{}}
for argument in sys.argv:
    if argument.startswith("-var-file="):
        file = pathlib.Path(argument.removeprefix("-var-file="))
        values = json.loads(file.read_text())
        for path in (file.parent, *file.parent.iterdir()):
            files[str(path.relative_to(file.parent))] = stat.S_IMODE(path.stat().st_mode)
        if values.get("script_file"):
            values["script_file"] = pathlib.Path(values["script_file"]).read_text()
        if values.get("user_data_file"):
            values["user_data_file"] = pathlib.Path(values["user_data_file"]).read_bytes().hex()
with (here / "calls.jsonl").open("a") as log:
    call = dict(argv=sys.argv[1:], values=values, files=files, environment=dict(os.environ))
    print(json.dumps(call), file=log)
for line in act.get("lines", ()):
    print(line, flush=True)
if "artifact_id" in act:
    manifest = dict(builds=[dict(artifact_id=act["artifact_id"])])
    pathlib.Path(values["manifest_path"]).write_text(json.dumps(manifest))
if act.get("hang"):
    def stop(number, frame):
        os.write(1, b"17,,ui,say,==> web: Terminating the source AWS instance...\\n")
        sys.exit(1)
    signal.signal(signal.SIGINT, stop)
    print("17,,ui,say,==> web: Waiting for SSH to become available...", flush=True)
    while True:
        signal.pause()
if act.get("killed"):
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(act.get("exit", 0))
"""


class FakePacker:
    """Packer's stand-in: the scenario has lines, an exit code and an artifact per subcommand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "packer"
        self._path.write_text(FAKE.format(python=sys.executable))
        self._path.chmod(0o700)
        self.events: list[PackerEvent] = []

    def build(
        self,
        request: PackerBuild,
        *,
        version: tuple[int, int, int] = (1, 6, 6),
        on_event: Callable[[PackerEvent], None] | None = None,
        cancelled: threading.Event | None = None,
        **scenario: dict[str, Any],
    ) -> tuple[BuiltImage, ...]:
        scenario.setdefault("inspect", {"lines": [INSPECT]})
        (self._folder / "scenario.json").write_text(json.dumps(scenario))
        return PackerRun(
            Packer(str(self._path), version),
            {**os.environ, "AWS_SECRET_ACCESS_KEY": "hush", "PACKER_LOG": "1"},
            on_event or self.events.append,
            cancelled or threading.Event(),
        ).build(request)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in (self._folder / "calls.jsonl").read_text().splitlines()
        ]


@pytest.fixture
def packer(tmp_path: Path) -> FakePacker:
    return FakePacker(tmp_path)


def test_a_build_gives_the_image_of_the_manifest(packer: FakePacker) -> None:
    line = "17,,ui,say,==> web: Launching a source AWS instance..."
    images = packer.build(REQUEST, build={"lines": [line], "artifact_id": f"us-east-1:{IMAGE}"})
    said = "web: Launching a source AWS instance..."
    assert images == (BuiltImage("us-east-1", IMAGE),)
    assert [event.text for event in packer.events] == [said]


@pytest.mark.parametrize(
    ("version", "steps"),
    [
        pytest.param((1, 6, 6), ["inspect", "validate", "build"], id="1.6 has no plugins"),
        pytest.param(
            (1, 11, 2), ["init", "inspect", "validate", "build"], id="plugins come with 1.7"
        ),
    ],
)
def test_the_order_of_steps(
    packer: FakePacker, version: tuple[int, int, int], steps: list[str]
) -> None:
    packer.build(REQUEST, version=version, build={"artifact_id": f"us-east-1:{IMAGE}"})
    assert [call["argv"][0] for call in packer.calls] == steps
    assert {call["argv"][1] for call in packer.calls} == {"-machine-readable"}


def test_values_reach_packer_in_a_private_file_only(packer: FakePacker) -> None:
    request = replace(
        REQUEST,
        values={**REQUEST.values, **packer_variables(BASE), "tags": {"Name": "Golden AMI"}},
        steps=("systemctl is-active httpd",),
        image_timeout_s=600,
    )
    packer.build(request, build={"artifact_id": f"us-east-1:{IMAGE}"})
    *_, call = packer.calls
    assert "web-1" not in " ".join(call["argv"])
    values = call["values"]
    assert bytes.fromhex(values["user_data_file"]) == request.user_data
    assert values["script_file"] == request.script
    assert values["poll_delay_seconds"] * values["poll_max_attempts"] == 600
    assert {name: values[name] for name in request.values} == request.values
    assert call["files"].pop(".") == stat.S_IRWXU
    assert set(call["files"].values()) == {stat.S_IRUSR | stat.S_IWUSR}


def test_nothing_is_left_of_the_private_folder(packer: FakePacker) -> None:
    packer.build(REQUEST, build={"artifact_id": f"us-east-1:{IMAGE}"})
    assert not Path(packer.calls[-1]["values"]["manifest_path"]).parent.exists()


def test_packer_gets_the_environment_and_is_quiet(packer: FakePacker) -> None:
    packer.build(REQUEST, build={"artifact_id": f"us-east-1:{IMAGE}"})
    environment = packer.calls[-1]["environment"]
    assert environment["AWS_SECRET_ACCESS_KEY"] == "hush"
    assert environment["PATH"] == os.environ["PATH"]
    assert environment["PACKER_LOG"] == ""
    assert environment["CHECKPOINT_DISABLE"] == "1"


FAILED = [
    "17,,ui,say,==> web: Prevalidating AMI Name: web-1",
    "17,,ui,error,==> web: AMI Name: 'web-1' is used",
    "17,web,error,AMI Name: 'web-1' is used",
    "17,,ui,error,--> web: AMI Name: 'web-1' is used",
]
LOG = "Packer's log: web: Prevalidating AMI Name: web-1"


@pytest.mark.parametrize(
    ("scenario", "message", "notes"),
    [
        pytest.param(
            {"build": {"lines": FAILED, "exit": 1}},
            "`packer build` failed with exit code 1",
            ("AMI Name: 'web-1' is used", LOG),
            id="a failed build brings Packer's error and its last lines",
        ),
        pytest.param(
            {"build": {"lines": FAILED[:1], "exit": 3}},
            "`packer build` failed with exit code 3",
            (LOG,),
            id="a build that fails without an error has its last lines",
        ),
        pytest.param(
            {"build": {"lines": FAILED, "exit": 1, "artifact_id": f"us-east-1:{IMAGE}"}},
            "`packer build` failed with exit code 1",
            (f"image {IMAGE} in us-east-1 is left", "AMI Name: 'web-1' is used", LOG),
            id="an image made before the failure is named",
        ),
        pytest.param(
            {"build": {"lines": ["panic: oh no"], "exit": 2}},
            "`packer build` failed with exit code 2",
            ("Packer's log: panic: oh no",),
            id="a crash shows what Packer printed",
        ),
        pytest.param(
            {"build": {"lines": FAILED[:1], "killed": True}},
            "Packer was ended by signal 9 (Killed)",
            (LOG,),
            id="a killed Packer",
        ),
        pytest.param(
            {"validate": {"lines": ["17,,ui,error,Error: Bad\\n\\n  on x line 16:\\n"], "exit": 1}},
            "Packer finds the template amazon-ebs not valid",
            ("x:16: Bad",),
            id="an invalid template with its place",
        ),
        pytest.param(
            {"inspect": {"lines": ["17,,ui,error,Error: Not HCL"], "exit": 1}},
            "Packer finds the template amazon-ebs not valid",
            ("Not HCL",),
            id="a template that cannot be read",
        ),
    ],
)
def test_failures(
    packer: FakePacker, scenario: dict[str, Any], message: str, notes: tuple[str, ...]
) -> None:
    with pytest.raises(BakeError) as caught:
        packer.build(REQUEST, **scenario)
    assert (caught.value.message, caught.value.notes) == (message, notes)
    assert "hush" not in str(caught.value)


def test_a_plugin_that_cannot_be_installed_is_told(packer: FakePacker) -> None:
    refused = {"lines": ["17,,ui,error,no release found"], "exit": 1}
    with pytest.raises(BakeError, match="`packer init` failed") as caught:
        packer.build(REQUEST, version=(1, 11, 2), init=refused)
    assert caught.value.notes == ("no release found",)


def test_a_cancelled_build_cleans_up_and_says_so(packer: FakePacker) -> None:
    cancelled = threading.Event()
    with pytest.raises(InterruptedRunError) as caught:
        packer.build(
            REQUEST, build={"hang": True}, on_event=lambda _: cancelled.set(), cancelled=cancelled
        )
    assert caught.value.notes == (
        "Packer's log: web: Waiting for SSH to become available...",
        "Packer's log: web: Terminating the source AWS instance...",
    )


def test_an_image_finished_before_the_build_was_cancelled_is_named(packer: FakePacker) -> None:
    cancelled = threading.Event()
    act = {"hang": True, "artifact_id": f"us-east-1:{IMAGE}"}
    with pytest.raises(InterruptedRunError) as caught:
        packer.build(REQUEST, build=act, on_event=lambda _: cancelled.set(), cancelled=cancelled)
    assert caught.value.notes[0] == f"image {IMAGE} in us-east-1 is left"


def test_a_wrong_value_stops_before_the_build(packer: FakePacker) -> None:
    with pytest.raises(SpecError, match="'nope'"):
        packer.build(replace(REQUEST, variables={"nope": 1}))
    assert [call["argv"][0] for call in packer.calls] == ["inspect"]


def test_commands_without_a_connection_are_refused(packer: FakePacker) -> None:
    request = replace(REQUEST, steps=("true",), variables={"communicator": "none"})
    with pytest.raises(SpecError, match="cannot run commands"):
        packer.build(request)


@pytest.mark.parametrize(
    ("change", "commands"),
    [
        pytest.param({}, [WAIT], id="user data is waited for"),
        pytest.param(
            {"steps": ("id", "uname")},
            [WAIT, "id", "uname"],
            id="commands come after the user data",
        ),
        pytest.param({"user_data": b"", "steps": ("id",)}, ["id"], id="commands alone"),
        pytest.param({"user_data_timeout_s": 0, "steps": ("id",)}, ["id"], id="no wait"),
    ],
)
def test_the_script_stops_at_the_first_failure(change: dict[str, Any], commands: list[str]) -> None:
    assert replace(REQUEST, **change).script == "\n".join(("#!/bin/sh -e", *commands, ""))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"user_data": b""}, id="nothing to run, nothing to wait for"),
        pytest.param({"variables": {"communicator": "none"}}, id="no connection"),
    ],
)
def test_there_may_be_no_script(change: dict[str, Any]) -> None:
    assert replace(REQUEST, **change).script == ""


def test_every_permission_is_an_operation_of_its_service() -> None:
    models = {
        name: botocore.session.get_session().get_service_model(name) for name in ("ec2", "iam")
    }
    for permission in PERMISSIONS:
        service, operation = permission.split(":")
        if permission != "iam:PassRole":  # a permission only: no API has this name
            assert operation in models[service].operation_names
    assert list(PERMISSIONS) == sorted(PERMISSIONS)
