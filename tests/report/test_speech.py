"""What is said: how much of it, where else it goes, and the line that tells how far it is."""

import errno
import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

import pytest

from goldenami.domain.plan import Action, Happened, Plan
from goldenami.errors import GoldenamiError
from goldenami.report import plan as plans
from goldenami.report import speech
from goldenami.report.speech import Manner, Verbosity, in_manner, say, tell, watched

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*)")
AMI = "ami-0123456789abcdef0"


def logged(log: io.StringIO) -> list[str]:
    """Return the lines of a log without their times, which each of them has."""
    matches = [LINE.fullmatch(line) for line in log.getvalue().splitlines()]
    assert all(matches)
    return [match[1] for match in matches if match]


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (Verbosity.PROBLEM, ["warning: w", "p"]),
        (Verbosity.NORMAL, ["note: n", "warning: w", "s", "p"]),
        (Verbosity.DETAIL, ["note: n", "warning: w", "s", "d", "p"]),
    ],
)
def test_who_hears_what_and_that_a_log_has_what_is_said_usually(
    level: Verbosity, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()

    def speak() -> None:
        tell(["n"])
        tell(["w"], "warning")
        say("s")
        say("d", level=Verbosity.DETAIL)
        say("p", level=Verbosity.PROBLEM)
        raise GoldenamiError("it broke", fix="mend it", notes=["two\nlines"])

    with pytest.raises(GoldenamiError), in_manner(Manner(level, log)):
        speak()
    assert capsys.readouterr().err.splitlines() == said
    usual = ["note: n", "warning: w", "s", *["d"] * (level is Verbosity.DETAIL), "p"]
    assert logged(log) == [
        *usual, "goldenami: it broke", "  - two", "lines", "  fix: mend it",
    ]  # fmt: skip
    say("usual again")
    assert capsys.readouterr().err == "usual again\n"


def test_a_log_that_takes_nothing_more_is_told_of_once_and_stops_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with in_manner(Manner(Verbosity.PROBLEM, Full())):
        say("one")
        say("two", level=Verbosity.PROBLEM)
    lost, two = capsys.readouterr().err.splitlines()
    assert (lost.partition(":")[0], two) == ("warning", "two")
    assert "No space left" in lost


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let nothing tick by itself."""
    by_hand = Clock()
    monkeypatch.setattr(speech, "EVERY_S", 3_600.0)
    monkeypatch.setattr(speech._speech, "now", by_hand)
    return by_hand


def test_elsewhere_than_in_a_terminal_a_line_is_said_after_a_minute_of_silence(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with watched(lambda: f"at {clock.now:g}"):
        for clock.now in (30, 59, 60, 90, 121):
            speech._speech.tick()
        say("something else")
        for clock.now in (150, 180, 182):
            speech._speech.tick()
        with in_manner(Manner(Verbosity.PROBLEM)):
            clock.now = 999
            speech._speech.tick()
    said = ["  … at 60", "  … at 121", "something else", "  … at 182"]
    assert capsys.readouterr().err.splitlines() == said


class Pty:
    """A real terminal, and all that was written to it."""

    def __init__(self, width: int) -> None:
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        os.set_blocking(self._ours, False)

    @contextmanager
    def stderr(self) -> Iterator[None]:
        """Stand in the place of stderr; not in a fixture, after which pytest puts its own there."""
        with os.fdopen(os.dup(self.theirs), "w", encoding="utf-8") as file, redirect_stderr(file):
            yield

    def written(self) -> str:
        parts = []
        while True:
            try:
                parts.append(os.read(self._ours, 65_536))
            except BlockingIOError:
                return b"".join(parts).decode().replace("\r\n", "\n")

    def close(self) -> None:
        for handle in (self._ours, self.theirs):
            os.close(handle)


@pytest.fixture(params=[60, 80, 120])
def real(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a real terminal, and its width."""
    terminal = Pty(request.param)
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setenv("NO_COLOR", "1")
    yield terminal, request.param
    terminal.close()


def action(name: str, region: str, summary: str) -> Action:
    return Action(id=f"{name} {region}", summary=summary, call="wait:image", region=region)


WAIT = action("wait", "us-east-1", f"wait until the image {AMI} is available")
COPY = action("copy", "eu-west-1", f"copy {AMI}")
PLAN = Plan(title="t", actions=(WAIT, COPY))


def test_a_terminal_has_a_line_that_is_refreshed_below_what_is_said(
    real: tuple[Pty, int], clock: Clock
) -> None:
    terminal, width = real
    progress = plans.PlanProgress(PLAN, now=clock)
    with terminal.stderr():
        progress(Happened("started", WAIT))
        progress(Happened("started", COPY))
        clock.now = 3_725
        progress(Happened("progress", WAIT, "pending, snapshots 43 %"))
        speech._speech.tick()
        progress(Happened("progress", WAIT, "pending, snapshots 44 %"))
        speech._speech.tick()
    shown = terminal.written()
    frames = [frame.partition("\n") for frame in shown.split("\r\x1b[2K") if frame]
    assert frames[0][0].startswith("0/2 0 s, us-east-1, wait until the image")
    last, below, _ = frames[-1]
    assert last.startswith("0/2 1 h 02 min, 2 under way, us-east-1: pending,")
    assert not below
    assert ("snapshots 44 %, wait until" in last) is (width >= 80)
    assert shown.count("pending, snapshots 43 %\n") == 1  # said once; then only the line has it
    assert "snapshots 44 %\n" not in shown
    with terminal.stderr():
        say("beside it")
        progress(Happened("done", WAIT, "snap-0123456789abcdef0"))
        progress(Happened("ended", COPY))
        speech._speech.tick()
    after = terminal.written()
    assert "\r\x1b[2Kbeside it\n0/2 1 h" in after.replace("\n\r\x1b[2K", "\n")
    assert after.endswith("\r\x1b[2K")  # nothing of it stays
    for text in (shown, after):
        plain = re.sub(r"\r?\x1b\[2K", "\n", text)
        assert all(len(line) <= width for line in plain.splitlines())
        assert set(re.findall(r"\bami-\w*", plain)) <= {AMI}  # no piece of an id
        assert set(re.findall(r"\bsnap-\w*", plain)) <= {"snap-0123456789abcdef0"}


def test_a_terminal_that_cannot_move_is_none(
    real: tuple[Pty, int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, _ = real
    monkeypatch.setenv("TERM", "dumb")
    with terminal.stderr(), watched(lambda: "far"):
        clock.now = 61
        speech._speech.tick()
    assert terminal.written() == "  … far\n"


def test_what_goes_on_in_the_next_line_is_set_in_below_its_own(
    real: tuple[Pty, int],
) -> None:
    terminal, width = real
    with terminal.stderr():
        say(f"  - {'word ' * 40}{AMI}")
    lines = terminal.written().splitlines()
    assert len(lines) > 1
    assert lines[0].startswith("  - word")
    assert all(line.startswith("    ") and len(line) <= width for line in lines[1:])
    assert AMI in lines[-1]


def test_times_are_said_as_people_do() -> None:
    assert [*map(speech.elapsed, (0.9, 59.9, 60, 185, 3_599, 3_600, 7_500))] == [
        "0 s", "59 s", "1 min 00 s", "3 min 05 s", "59 min 59 s", "1 h 00 min", "2 h 05 min",
    ]  # fmt: skip
