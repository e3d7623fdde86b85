"""The record of a run: what it holds, what is read back, and what is never in it."""

import base64
import stat
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


def reopened() -> tuple[Journal, journal.Past]:
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
    assert reopened()[1].tokens == {"launch": "t1"}


def test_a_state_folder_that_cannot_be_made_is_an_error_that_says_what_to_set(state: Path) -> None:
    state.parent.write_text("a file where the folder should be")
    with pytest.raises(GoldenamiError, match="cannot be written: ") as caught:
        Journal.create(START)
    assert caught.value.fix == "set GOLDENAMI_STATE to a folder that can be written"


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
    assert reopened()[1] == journal.Past(START, {})


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
    opened, past = reopened()
    assert past == journal.Past(START, tokens)
    assert (opened.path, opened.start) == (record.path, START)


def test_a_call_without_a_token_leaves_none() -> None:
    Journal.create(START).intent(IMAGE)
    assert reopened()[1] == journal.Past(START, {})


@pytest.mark.parametrize("cut_bytes", [1, 20], ids=["its end alone", "some of its text"])
def test_the_write_the_machine_died_in_is_cut_off_and_the_run_goes_on(cut_bytes: int) -> None:
    record = Journal.create(START)
    record.intent(LAUNCH)
    record.undone(LAUNCH)
    record.path.write_bytes(record.path.read_bytes()[:-cut_bytes])
    opened, past = reopened()
    assert past == journal.Past(START, {"launch": "t1"})
    opened.undone(LAUNCH)
    assert reopened()[1] == journal.Past(START, {})


def test_a_journal_that_is_read_twice_is_the_same_twice() -> None:
    record = Journal.create(START)
    record.intent(LAUNCH)
    with record.path.open("ab") as file:
        file.write(b'{"event": "res')
    assert reopened()[1] == reopened()[1]


FOREIGN = {
    "an empty file": b"",
    "a line that never ended": b'{"build": "x"',
    "another JSON document": b'{"resources": []}\n',
    "a list": b"[1]\n",
    "text": b"hello\n",
    "a start of other types": b'{"build": 1, "version": "1", "spec": "x", "release": "y"}\n',
}
START_LINE = msgspec.json.encode(START) + b"\n"
DAMAGED = {
    "a line that is no JSON": START_LINE + b"hello\n",
    "a line that is no object": START_LINE + b"17\n",
    "an event of no action": START_LINE + b'{"event": "intent"}\n',
    "an event of no kind": START_LINE + b'{"action": "launch"}\n',
    "an event of another kind": START_LINE + b'{"event": "party", "action": "launch"}\n',
}
REFUSED = {**FOREIGN, **DAMAGED}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_is_no_journal(content: bytes) -> None:
    path = Journal.create(START).path
    path.write_bytes(content)
    with pytest.raises(SpecError, match="not a journal of goldenami"):
        journal.read(BUILD)
    assert path.read_bytes() == content


def test_a_build_of_another_machine_has_no_journal_here(state: Path) -> None:
    assert journal.read("nothing") is None


def test_a_journal_that_cannot_be_read_is_an_error(state: Path) -> None:
    (state / "folder.jsonl").mkdir(parents=True)
    with pytest.raises(SpecError, match="cannot be read: Is a directory"):
        journal.read("folder")
