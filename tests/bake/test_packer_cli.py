import os
import signal
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from goldenami.bake import packer_cli
from goldenami.bake.packer_cli import (
    POLL_DELAY_S,
    Packer,
    find_packer,
    poll_delay_s,
    quiet_environment,
    run,
)
from goldenami.errors import GoldenamiError, UsageError


@pytest.fixture
def executable(tmp_path: Path) -> Callable[[str], str]:
    """Writes a command in Python in Packer's place."""

    def write(body: str) -> str:
        path = tmp_path / "packer"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sys\n{textwrap.dedent(body)}")
        path.chmod(0o700)
        return str(path)

    return write


Executable = Callable[[str], str]


@pytest.mark.parametrize(
    ("version", "has_plugins"),
    [
        pytest.param((1, 6, 0), False, id="the oldest"),
        pytest.param((1, 6, 6), False, id="the last with the builders built in"),
        pytest.param((1, 7, 0), True, id="the first with plugins"),
        pytest.param((1, 11, 2), True, id="two digits are a number, not text"),
    ],
)
def test_a_packer_is_found(
    executable: Executable, version: tuple[int, int, int], has_plugins: bool
) -> None:
    path = executable(f"print('Packer v{'.'.join(map(str, version))}')")
    packer = find_packer(path)
    assert packer == Packer(path, version)
    assert packer.has_plugins is has_plugins


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("print('Packer v1.5.6')", "is Packer 1.5.6, too old", id="too old"),
        pytest.param("print('0 0')", "not HashiCorp's Packer", id="another command of that name"),
        pytest.param("sys.exit(3)", "not HashiCorp's Packer", id="one that fails"),
        pytest.param("os.kill(os.getpid(), 9)", "not HashiCorp's Packer", id="one that crashes"),
    ],
)
def test_another_packer_is_refused(executable: Executable, body: str, message: str) -> None:
    with pytest.raises(GoldenamiError, match=message) as caught:
        find_packer(executable(body))
    assert "apt-get install packer" in caught.value.fix


def test_cracklibs_packer_which_reads_its_input_is_not_waited_for(executable: Executable) -> None:
    with pytest.raises(GoldenamiError, match="not HashiCorp's Packer"):
        find_packer(executable("sys.stdin.read()"))


def test_no_packer_tells_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoldenamiError, match="Packer is not installed") as caught:
        find_packer()
    assert "https://developer.hashicorp.com/packer/install" in caught.value.fix


@pytest.mark.parametrize(
    ("environment", "log"),
    [
        pytest.param({"PACKER_LOG": "1"}, "", id="a log to standard error is off"),
        pytest.param(
            {"PACKER_LOG": "1", "PACKER_LOG_PATH": "/tmp/log"}, "1", id="a log to a file stays"
        ),
    ],
)
def test_packer_is_quiet(environment: dict[str, str], log: str) -> None:
    quiet = quiet_environment({"HOME": "/home/me", **environment})
    assert quiet["PACKER_LOG"] == log
    assert quiet["HOME"] == "/home/me"
    assert quiet["CHECKPOINT_DISABLE"] == "1"


def run_it(
    path: str,
    on_line: Callable[[str], None] = lambda _: None,
    *,
    cancelled: threading.Event | None = None,
    grace_s: float = 30,
) -> int:
    return run(
        Packer(path, (1, 6, 6)),
        ["build"],
        environment=os.environ,
        folder=Path(path).parent,
        on_line=on_line,
        cancelled=cancelled or threading.Event(),
        grace_s=grace_s,
    )


def test_all_output_is_read_line_by_line(executable: Executable) -> None:
    lines: list[str] = []
    body = "print(sys.argv[1:]); print('oops', file=sys.stderr); sys.exit(4)"
    assert run_it(executable(body), lines.append) == 4
    assert sorted(lines) == ["['build']\n", "oops\n"]


def test_bytes_that_are_no_text_do_not_stop_the_run(executable: Executable) -> None:
    lines: list[str] = []
    assert run_it(executable(r"os.write(1, b'\xff\n')"), lines.append) == 0
    assert lines == ["\ufffd\n"]


def test_an_executable_that_cannot_run_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "packer"
    path.write_text("#!/nonexistent\n")
    path.chmod(0o700)
    with pytest.raises(GoldenamiError, match="cannot be run"):
        run_it(str(path))


def test_a_signal_is_a_negative_exit_code(executable: Executable) -> None:
    assert run_it(executable("os.kill(os.getpid(), signal.SIGKILL)")) == -signal.SIGKILL


CLEANS_UP = """
    def stop(number, frame):
        os.write(1, b"cleaned up\\n")
        sys.exit(1)
    signal.signal(signal.SIGINT, stop)
    print("ready", flush=True)
    while True: signal.pause()
"""
DEAF_TO_SIGINT = """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("ready", flush=True)
    while True: signal.pause()
"""
DEAF = DEAF_TO_SIGINT.replace("SIG_IGN)", "SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)")


def test_cancelled_packer_may_clean_up(executable: Executable) -> None:
    lines: list[str] = []
    cancelled = threading.Event()

    def on_line(line: str) -> None:
        lines.append(line)
        cancelled.set()

    assert run_it(executable(CLEANS_UP), on_line, cancelled=cancelled) == 1
    assert lines == ["ready\n", "cleaned up\n"]


def test_cancelled_before_it_began_packer_is_stopped(executable: Executable) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert run_it(executable("while True: signal.pause()"), cancelled=cancelled) != 0


@pytest.mark.parametrize(
    ("body", "exit_code"),
    [
        pytest.param(DEAF_TO_SIGINT, -signal.SIGTERM, id="past its grace it gets SIGTERM"),
        pytest.param(DEAF, -signal.SIGKILL, id="and then SIGKILL"),
    ],
)
def test_a_packer_that_does_not_stop_is_ended(
    executable: Executable, monkeypatch: pytest.MonkeyPatch, body: str, exit_code: int
) -> None:
    monkeypatch.setattr(packer_cli, "_TERMINATE_S", 0.05)
    cancelled = threading.Event()
    code = run_it(executable(body), lambda _: cancelled.set(), cancelled=cancelled, grace_s=0.05)
    assert code == exit_code


def test_ctrl_c_stops_packer_and_reads_on(executable: Executable) -> None:
    lines: list[str] = []
    cancelled = threading.Event()

    def on_line(line: str) -> None:
        lines.append(line)
        if line == "ready\n":
            raise KeyboardInterrupt

    assert run_it(executable(CLEANS_UP), on_line, cancelled=cancelled) == 1
    assert cancelled.is_set()
    assert lines[-1] == "cleaned up\n"


def test_ctrl_c_again_ends_the_clean_up(executable: Executable) -> None:
    slow = """
        def stop(number, frame):
            os.write(1, b"cleaning up\\n")
            while True: signal.pause()
        signal.signal(signal.SIGINT, stop)
        print("ready", flush=True)
        while True: signal.pause()
    """

    def on_line(_: str) -> None:
        raise KeyboardInterrupt

    assert run_it(executable(slow), on_line) == -signal.SIGTERM


def test_an_error_of_the_listener_stops_packer_and_is_raised(executable: Executable) -> None:
    heard: list[str] = []

    def on_line(line: str) -> None:
        heard.append(line)
        raise ValueError(line)

    with pytest.raises(ValueError, match="ready"):
        run_it(executable(CLEANS_UP), on_line)
    assert heard == ["ready\n"]


@pytest.mark.parametrize(("said", "delay_s"), [("1", 1), ("30", 30), ("", POLL_DELAY_S)])
def test_packer_looks_for_news_as_often_as_its_environment_says(said: str, delay_s: int) -> None:
    assert poll_delay_s({"AWS_POLL_DELAY_SECONDS": said}) == delay_s
    assert poll_delay_s({}) == POLL_DELAY_S


@pytest.mark.parametrize("said", ["0", "-1", "1.5", "1s", "soon", "\u00b2"])
def test_a_delay_that_is_none_is_one_clear_error(said: str) -> None:
    with pytest.raises(UsageError, match="is no number of seconds") as caught:
        poll_delay_s({"AWS_POLL_DELAY_SECONDS": said})
    assert caught.value.message.startswith("AWS_POLL_DELAY_SECONDS: ")
    assert "whole number of 1 or more" in caught.value.fix
