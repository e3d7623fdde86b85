"""The record of a run: what it holds, what is read back, and what is never in it."""

import base64
import errno
import os
import stat
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldenami import journal
from goldenami.domain.plan import Action, Ref, Secret
from goldenami.errors import GoldenamiError, SpecError
from goldenami.journal import Journal, Start

BUILD = "20261123T140509Z-a1b2c3"
START = Start(build=BUILD, version="1.0", spec="0" * 64, release="release.yaml")


def action(name: str, **parameters: Any) -> Action:
    return Action(id=name, summary=name, call="ec2:X", region="us-east-1", parameters=parameters)


LAUNCH = action("launch", ClientToken="t1")
IMAGE, COPY = action("image"), action("copy")


def reopened() -> Journal:
    found = journal.read(BUILD)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "parent" / "state"
    monkeypatch.setenv("GOLDENAMI_STATE", str(folder))
    return folder


def test_it_lies_in_the_users_state_folder_unless_the_environment_names_another(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal.path_of(BUILD) == state / f"{BUILD}.jsonl"
    monkeypatch.setenv("GOLDENAMI_STATE", "")
    monkeypatch.setenv("HOME", "/home/me")
    assert journal.path_of(BUILD) == Path(f"/home/me/.local/state/goldenami/{BUILD}.jsonl")


def test_the_user_alone_can_read_it() -> None:
    path = Journal.create(START).path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_build_has_one_journal_only() -> None:
    Journal.create(START).intent(LAUNCH)
    with pytest.raises(GoldenamiError, match="cannot be written: File exists"):
        Journal.create(START)
    assert reopened().tokens == {"launch": "t1"}


def test_a_state_folder_that_cannot_be_made_is_an_error_that_says_what_to_set(state: Path) -> None:
    state.parent.write_text("a file where the folder should be")
    with pytest.raises(GoldenamiError, match="cannot be written: ") as caught:
        Journal.create(START)
    assert caught.value.fix.startswith("set GOLDENAMI_STATE to a folder that can be written")


def test_every_line_is_an_event_with_its_time() -> None:
    record = Journal.create(START)
    record.intent(action("image", InstanceId=Ref("launch", "instance_id"), Names=("a", "b")))
    record.result(IMAGE, {"image_id": "ami-1"})
    record.failed(COPY, GoldenamiError("no", fix="ask"))
    record.undone(IMAGE)
    lines = [msgspec.json.decode(line) for line in record.path.read_bytes().splitlines()]
    assert all(line.pop("at").endswith("+00:00") for line in lines)
    assert lines == [
        {"event": "start", **msgspec.to_builtins(START)},
        {
            "event": "intent",
            "action": "image",
            "call": "ec2:X",
            "region": "us-east-1",
            "parameters": {"InstanceId": "<launch instance_id>", "Names": ["a", "b"]},
        },
        {"event": "result", "action": "image", "outputs": {"image_id": "ami-1"}},
        {"event": "failed", "action": "copy", "error": "no\nFix: ask"},
        {"event": "undone", "action": "image"},
    ]


def test_user_data_is_never_in_it() -> None:
    secret = b"#!/bin/sh\nTOKEN=hunter2\n"
    record = Journal.create(START)
    record.intent(action("launch", UserData=Secret(secret), Nested=[{"Deep": Secret(secret)}]))
    written = record.path.read_bytes()
    assert b"(24 bytes, not shown)" in written
    assert b"hunter2" not in written
    assert base64.b64encode(secret) not in written


def test_nothing_happened_yet() -> None:
    Journal.create(START)
    assert reopened().tokens == {}


REPLAYED: dict[str, tuple[list[str], dict[str, str]]] = {
    "the token of a call that was answered stands": (["intent", "result"], {"launch": "t1"}),
    "the token of a call without an answer stands": (["intent"], {"launch": "t1"}),
    "the token of a call that failed stands: its answer may have been lost": (
        ["intent", "failed"],
        {"launch": "t1"},
    ),
    "the token of what was undone is used up": (["intent", "result", "undone"], {}),
    "the token of what was undone and tried again stands": (
        ["intent", "result", "undone", "intent"],
        {"launch": "t1"},
    ),
}


def write(record: Journal, event: str) -> None:
    {
        "intent": lambda: record.intent(LAUNCH),
        "result": lambda: record.result(LAUNCH, {"id": "i-1"}),
        "failed": lambda: record.failed(LAUNCH, GoldenamiError("no")),
        "undone": lambda: record.undone(LAUNCH),
    }[event]()


@pytest.mark.parametrize(("events", "tokens"), REPLAYED.values(), ids=REPLAYED.keys())
def test_replay(events: list[str], tokens: dict[str, str]) -> None:
    record = Journal.create(START)
    for event in events:
        write(record, event)
    opened = reopened()
    assert opened.tokens == tokens
    assert (opened.path, opened.start) == (record.path, START)


def test_a_call_without_a_token_leaves_none() -> None:
    Journal.create(START).intent(IMAGE)
    assert reopened().tokens == {}


def test_the_write_the_machine_died_in_is_skipped_and_the_run_goes_on() -> None:
    record = Journal.create(START)
    record.intent(LAUNCH)
    record.undone(LAUNCH)
    record.path.write_bytes(record.path.read_bytes()[:-20])
    opened = reopened()
    assert opened.tokens == {"launch": "t1"}
    opened.undone(LAUNCH)
    assert reopened().tokens == {}


def test_a_journal_that_is_read_twice_is_the_same_twice() -> None:
    record = Journal.create(START)
    record.intent(LAUNCH)
    with record.path.open("ab") as file:
        file.write(b'{"event": "res')
    assert reopened().tokens == reopened().tokens


FOREIGN = {
    "an empty file": b"",
    "a line that never ended": b'{"build": "x"',
    "another JSON document": b'{"resources": []}\n',
    "a list": b"[1]\n",
    "text": b"hello\n",
    "a start of other types": b'{"build": 1, "version": "1", "spec": "x", "release": "y"}\n',
    "the start of another build": msgspec.json.encode(msgspec.structs.replace(START, build="x")),
    "no UTF-8": b"\xff\xfe\n",
    "JSON too deep to be read": b"[" * 100_000 + b"\n",
}
START_LINE = msgspec.json.encode(START) + b"\n"
INTENT = b'{"event": "intent", "action": "image", "parameters": {"ClientToken": "t2"}}\n'
DAMAGED = {
    "a line that is no JSON": b"hello\n",
    "a line that is no object": b"17\n",
    "an event of no action": b'{"event": "intent"}\n',
    "an event of no kind": b'{"action": "launch"}\n',
    "an event of another kind": b'{"event": "party", "action": "launch"}\n',
    "a line torn in its middle": b'{"event": "intent", "action": "copy", "parameters": {"Cli\n',
    "a token that is none": b'{"event":"intent","action":"copy","parameters":{"ClientToken":7}}\n',
    "no UTF-8": b"\xff\xfe\n",
    "JSON too deep to be read": b'{"parameters": {"x": ' + b"[" * 100_000 + b"\n",
    "two lines in one": b'{"event": "result"' + INTENT,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_is_no_journal(content: bytes) -> None:
    path = Journal.create(START).path
    path.write_bytes(content)
    with pytest.raises(SpecError, match=r"not a journal|of another build"):
        journal.read(BUILD)
    assert path.read_bytes() == content


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_line_that_cannot_be_read_loses_itself_alone(line: bytes) -> None:
    path = Journal.create(START).path
    path.write_bytes(START_LINE + line + INTENT)
    assert reopened().tokens == {"image": "t2"}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_journal_without_its_beginning_is_put_aside_for_a_new_one(content: bytes) -> None:
    path = Journal.create(START).path
    path.write_bytes(content)
    Journal.open(START).intent(LAUNCH)
    assert reopened().tokens == {"launch": "t1"}
    assert path.with_name(f"{path.name}.torn").read_bytes() == content


def test_an_earlier_journal_is_gone_on_with_and_a_missing_one_begun() -> None:
    Journal.open(START).intent(LAUNCH)
    Journal.open(START).intent(action("image", ClientToken="t2"))
    assert reopened().tokens == {"launch": "t1", "image": "t2"}


def test_a_journal_that_cannot_be_put_aside_is_an_error(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal.create(START).path.write_bytes(b"torn")

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(GoldenamiError, match="cannot be written: File exists"):
        Journal.open(START)


class Disk(FileIO):
    """A file that takes so many bytes at once, and then so many in all."""

    at_once = 1_000_000
    room = 1_000_000
    shrinks = True

    def write(self, data: Any) -> int:
        taken = min(len(data), self.at_once, Disk.room)
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        Disk.room -= taken
        return super().write(bytes(data[:taken]))

    def truncate(self, size: int | None = None) -> int:
        if not self.shrinks:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().truncate(size)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> type[Disk]:
    for name, value in (("at_once", 1_000_000), ("room", 1_000_000), ("shrinks", True)):
        monkeypatch.setattr(Disk, name, value)
    monkeypatch.setattr("goldenami.journal.FileIO", Disk)
    return Disk


def test_short_writes_are_carried_on(disk: type[Disk]) -> None:
    disk.at_once = 7
    record = Journal.create(START)
    record.intent(LAUNCH)
    record.result(LAUNCH, {"id": "i-1"})
    assert [msgspec.json.decode(one)["event"] for one in record.path.read_bytes().splitlines()] == [
        "start", "intent", "result",
    ]  # fmt: skip


def test_a_call_whose_intent_cannot_be_written_must_not_go_out(disk: type[Disk]) -> None:
    record = Journal.create(START)
    before = record.path.read_bytes()
    disk.room = 20
    with pytest.raises(GoldenamiError, match="cannot be written: No space left on device") as full:
        record.intent(LAUNCH)
    assert "GOLDENAMI_STATE" in full.value.fix
    assert record.path.read_bytes() == before


@pytest.mark.parametrize("event", ["result", "failed", "undone"])
def test_what_comes_after_a_call_stops_nothing_and_is_told_once(
    disk: type[Disk], event: str
) -> None:
    record = Journal.create(START)
    assert record.trouble == ""
    before = record.path.read_bytes()
    disk.room = 20
    write(record, event)
    write(record, event)
    assert record.trouble == f"the journal {record.path} cannot be written: No space left on device"
    assert record.path.read_bytes() == before


def test_what_cannot_even_be_cut_off_costs_no_other_line(disk: type[Disk]) -> None:
    record = Journal.create(START)
    disk.room, disk.shrinks = 20, False
    record.undone(IMAGE)
    disk.room = 1_000_000
    record.intent(LAUNCH)
    assert reopened().tokens == {"launch": "t1"}


def test_a_disk_that_does_not_sync_is_a_disk_that_does_not_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Journal.create(START)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("goldenami.journal.os.fsync", broken)
    with pytest.raises(GoldenamiError, match="Input/output error"):
        record.intent(LAUNCH)
    record.result(LAUNCH, {})
    assert "Input/output error" in record.trouble


def test_a_journal_that_was_deleted_under_way_begins_anew(state: Path) -> None:
    record = Journal.create(START)
    record.path.unlink()
    state.rmdir()
    record.intent(LAUNCH)
    assert reopened().tokens == {"launch": "t1"}
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600


def test_a_build_of_another_machine_has_no_journal_here(state: Path) -> None:
    assert journal.read("nothing") is None


def test_a_journal_that_cannot_be_read_is_an_error(state: Path) -> None:
    (state / "folder.jsonl").mkdir(parents=True)
    with pytest.raises(SpecError, match="cannot be read: Is a directory"):
        journal.read("folder")
