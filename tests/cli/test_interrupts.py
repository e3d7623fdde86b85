"""Ctrl-C at any command, and an output or a terminal that takes nothing: told, and no traceback."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import typer

from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

COMMANDS = {
    "bake": ["bake", "FILE", "--yes"],
    "bake --plan": ["bake", "FILE", "--plan"],
    "bake --resume": ["bake", "FILE", "--resume", "20260101T000000Z-ffffff", "--yes"],
    "approve": ["approve", "FILE", "--yes"],
    "base launch": ["base", "launch", "FILE", "--yes"],
    "base list": ["base", "list"],
    "base terminate": ["base", "terminate", "i-0123456789abcdef0"],
    "outdated": ["outdated", "FILE"],
    "images": ["images"],
    "history": ["history", "web-base"],
    "show": ["show", "20260101T000000Z-ffffff"],
    "sweep": ["sweep", "--yes"],
    "tag": ["tag", "ami-0123456789abcdef0", "--tag", "A=b", "--yes"],
    "enforce": ["enforce", "FILE", "--yes"],
    "audit": ["audit", "FILE"],
}


@pytest.fixture
def process(sandbox: Sandbox, tmp_path: Path) -> Any:
    """Return what runs ``goldenami`` as a process of its own."""
    environment = {**os.environ, **sandbox.environment(), "GOLDENAMI_STATE": str(tmp_path / "s")}

    def run(*arguments: object, prefix: str = "", **options: Any) -> Any:
        program = f"{prefix}\nfrom goldenami.cli import main\nmain()"
        given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            env=environment, text=True, check=False, **given,
        )  # fmt: skip

    return run


def _waits(thread: threading.Thread) -> bool:
    """Tell whether a thread waits for others; else a file that it just opens would stay open."""
    assert thread.ident is not None
    frame = sys._current_frames().get(thread.ident)
    return frame is not None and frame.f_code.co_name in ("take", "wait")


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_ctrl_c_while_a_command_reads_is_told_in_one_line(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, mutating: Any,
    command: list[str],
) -> None:  # fmt: skip
    release, over = write(), threading.Event()
    real, main = Aws.client, threading.main_thread()
    keys = iter([signal.SIGINT])  # a second one could come when the command has ended already

    def press(self: Aws, *given: Any) -> Any:
        beside = threading.current_thread() is not main
        for key in keys:
            while beside and not _waits(main):
                assert not over.wait(0.01), "the command ended before it waited"
            os.kill(os.getpid(), key)
        if beside:
            over.wait()
        return real(self, *given)

    monkeypatch.setattr(Aws, "client", press)
    ran = cli(*(str(release) if one == "FILE" else one for one in command))
    over.set()
    assert ran.code == 130
    assert "interrupted" in ran.err
    assert "fix: " in ran.err
    assert "Traceback" not in ran.err
    assert mutating() == []


def test_ctrl_c_at_the_question_is_an_interrupt_and_the_end_of_the_input_is_not(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for error, code in ((KeyboardInterrupt, 130), (EOFError, 1)):

        def answer(*_: Any, error: Any = error) -> str:
            raise error

        monkeypatch.setattr(f"{typer.confirm.__module__}.visible_prompt_func", answer)
        ran = cli("bake", write())
        assert ran.code == code
        assert ("interrupted" in ran.err) is (code == 130)


def test_ctrl_c_while_the_result_is_written_names_the_build(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, own_images: Any
) -> None:
    def press(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("goldenami.report.listing.write", press)
    release = write(regions=["us-east-1"])
    ran = cli("bake", release, "--yes")
    (image,) = own_images("us-east-1")
    build = tags.from_aws(image["Tags"])[tags.BUILD]
    assert ran.code == 130
    assert f"interrupted; build {build} can go on" in ran.err
    assert f"run goldenami bake {release} --resume {build}" in ran.err


@pytest.mark.parametrize(
    "command", [["policy", "list"], ["--help"], ["images", "--format", "json"]], ids=" ".join
)
def test_a_result_that_cannot_be_written_is_one_error(process: Any, command: list[str]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ran = process(*command, stdout=full)
    assert ran.returncode == 1
    assert "goldenami: the output could not be written: No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", [["policy", "list"], ["--help"]])
def test_a_pipe_without_a_reader_is_one_error(process: Any, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = process(*command, stdout=writer)
    os.close(writer)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


def test_a_closed_stdout_is_one_error(process: Any) -> None:
    ran = process("policy", "list", prefix="import sys; sys.stdout = None")
    assert ran.returncode == 1
    assert "goldenami: the output could not be written: Bad file descriptor" in ran.stderr


def test_findings_that_did_not_arrive_are_no_findings(
    process: Any, golden: str, public: str, sandbox: Sandbox
) -> None:
    sandbox.client("ec2").run_instances(ImageId=public, MinCount=1, MaxCount=1)
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ran = process("audit", "--region", "us-east-1", "--format", "json", stdout=full)
    assert ran.returncode == 1
    assert "the output could not be written" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_lost_terminal_stops_nothing(
    process: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any, managed: str
) -> None:
    sandbox.pending_s = 0.0
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ran = process("bake", write(), "--yes", stderr=full)
    assert ran.returncode == 0
    assert tags.from_aws(own_images("eu-west-1")[0]["Tags"])[tags.STATUS] == "approved"
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ran = process(
            "bake",
            write(version="1.1", validate=[{"run": "exit 1"}], base__instance_profile=managed),
            "--yes",
            stderr=full,
        )
    assert ran.returncode == 1
    assert living() == []


def test_a_state_folder_that_is_full_hides_nothing_that_is_left(
    process: Any, write: Any, sandbox: Sandbox, living: Any, managed: str
) -> None:
    sandbox.pending_s = 0.0
    kept = Fault(service="ec2", operation="TerminateInstances", code="OperationNotPermitted")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3500, 3500))"
    with sandbox.fail(kept):
        release = write(validate=[{"run": "true"}] * 9, base__instance_profile=managed)
        ran = process("bake", release, "--yes", prefix=limit)
    assert ran.returncode == 1
    (instance,) = living()
    assert "cannot be written: File too large" in ran.stderr
    assert "LEFT BEHIND: launch the base instance from ami-" in ran.stderr
    assert f"left for resuming: {instance['InstanceId']}" in ran.stderr
    build = tags.from_aws(instance["Tags"])[tags.BUILD]
    assert f"--resume {build}" in ran.stderr
    assert f"`goldenami sweep --build {build}`" in ran.stderr
    assert "GOLDENAMI_STATE" in ran.stderr
