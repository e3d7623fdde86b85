"""Who holds a lease: what proves that a process has ended, and what does not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import lease_holder
from goldenami.aws.lease_holder import Process


def here() -> Process:
    process = lease_holder.this_process()
    assert process
    return process


def dead() -> Process:
    """Return a process of this machine that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return structs.replace(here(), pid=ended.pid)


def test_a_process_of_this_boot_and_namespace_that_is_not_there_any_more_has_ended() -> None:
    assert dead().ended
    assert structs.replace(here(), started=1).ended  # its pid is another process's by now
    assert not here().ended


@pytest.mark.parametrize("elsewhere", [{"boot": "another"}, {"namespace": "pid:[1]"}])
def test_of_another_boot_or_container_nothing_is_known(elsewhere: dict[str, Any]) -> None:
    assert not structs.replace(dead(), **elsewhere).ended


def test_a_process_that_may_not_be_signalled_is_known_by_its_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not here().ended
    assert structs.replace(here(), started=1).ended


def test_what_hides_processes_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    started = lease_holder._started
    mine = here()
    monkeypatch.setattr(
        lease_holder, "_started", lambda pid: started(pid) if pid == mine.pid else None
    )
    assert not structs.replace(mine, pid=os.getppid()).ended


@pytest.mark.parametrize("there", [(), ("stat",), ("stat", "boot_id")])
def test_where_the_system_does_not_tell_there_is_no_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: tuple[str, ...]
) -> None:
    proc = {"stat": f"{os.getpid()}/stat", "boot_id": "sys/kernel/random/boot_id"}
    for name in there:
        (tmp_path / proc[name]).parent.mkdir(parents=True)
        (tmp_path / proc[name]).write_text(f"1 (a) b) {'7 ' * 20}" if name == "stat" else "x")
    process = here()
    monkeypatch.setattr(lease_holder, "_PROC", tmp_path)
    assert lease_holder.this_process() is None
    assert not process.ended


def test_a_boot_without_an_id_is_not_told_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[1]")
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("\n")
    (tmp_path / str(os.getpid())).mkdir()
    (tmp_path / str(os.getpid()) / "stat").write_text(f"1 (a) b) S {'7 ' * 20}")
    monkeypatch.setattr(lease_holder, "_PROC", tmp_path)
    assert lease_holder.this_process() is None
    (tmp_path / "sys/kernel/random/boot_id").write_text("boot\n")
    assert here() == Process(boot="boot", namespace="pid:[1]", pid=os.getpid(), started=7)
