"""Where events come from: lines as they arrive, documents to their end, a queue within bounds."""

import gzip
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from goldenami import files
from goldenami.aws.answers.queues import DeletedEntry, DeleteMessageBatch, MessageAnswer
from goldenami.aws.answers.queues import ReceiveMessage as Received
from goldenami.aws.session import RegionalAws
from goldenami.errors import SpecError
from goldenami.workflows.judge import feeds
from goldenami.workflows.judge.feeds import Delivery, FileFeed, PipeFeed, QueueFeed

URL = "https://sqs.us-east-1.amazonaws.com/111122223333/events"


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end, os.fdopen(writer, "wb", buffering=0) as begin:
        yield end, cast(BinaryIO, begin)


def contents(several: Sequence[Delivery]) -> list[tuple[str, bytes]]:
    return [(each.origin, each.content) for each in several]


def test_a_line_is_there_as_soon_as_it_has_arrived(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    end, begin = pipe
    batches = PipeFeed(end).batches()
    begin.write(b'{"a":1}\n\n{"b"')
    assert contents(next(batches)) == [("stdin:1", b'{"a":1}')]
    begin.write(b":2}\n{c}\n")
    assert contents(next(batches)) == [("stdin:3", b'{"b":2}'), ("stdin:4", b"{c}")]
    begin.write(b"{}")
    begin.close()
    assert contents(next(batches)) == [("stdin:5", b"{}")]
    assert list(batches) == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_document_is_read_to_its_end(pipe: tuple[BinaryIO, BinaryIO], packed: bool) -> None:
    end, begin = pipe
    document = json.dumps({"Records": [{}]}, indent=2).encode()
    begin.write(gzip.compress(document) if packed else document)
    begin.close()
    assert [contents(each) for each in PipeFeed(end).batches()] == [[("stdin", document)]]


def test_lines_of_which_one_is_broken_are_still_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"{\n{}\n")
    [several] = FileFeed([path]).batches()
    assert contents(several) == [(f"{path}:1", b"{"), (f"{path}:2", b"{}")]


def test_what_is_packed_has_a_limit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "AUDIT_BYTES", 1_000)
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(b"0" * 1_001))
    with pytest.raises(SpecError, match="too large"):
        list(FileFeed([path]).batches())


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    with pytest.raises(SpecError, match="has no files of events"):
        list(FileFeed([tmp_path]).batches())


class Queue:
    """A queue that gives its messages again and again until they are deleted."""

    def __init__(self, *ids: str) -> None:
        self.waiting = list(ids)
        self.received: list[tuple[int, int]] = []
        self.region = "us-east-1"

    def ask(self, kind: Any, _: str, **parameters: Any) -> Any:
        if kind is DeleteMessageBatch:
            entries = parameters["Entries"]
            for entry in entries:
                self.waiting.remove(entry["ReceiptHandle"])
            return DeleteMessageBatch(
                successful=tuple(DeletedEntry(id=entry["Id"]) for entry in entries)
            )
        most = parameters["MaxNumberOfMessages"]
        self.received.append((most, parameters["WaitTimeSeconds"]))
        return Received(
            messages=tuple(
                MessageAnswer(message_id=name, receipt_handle=name, body="{}")
                for name in self.waiting[:most]
            )
        )

    def feed(self, most: int | None = None, seconds: float | None = None) -> QueueFeed:
        return QueueFeed(cast(RegionalAws, self), URL, most, seconds)


def test_a_queue_is_read_until_it_is_empty_and_what_is_done_with_is_deleted() -> None:
    queue = Queue(*(f"m{number}" for number in range(25)))
    feed = queue.feed()
    count = 0
    for several in feed.batches():
        count += len(several)
        feed.confirm(several)
    assert (count, queue.waiting) == (25, [])
    assert queue.received[-1] == (10, feeds.ENOUGH_S)


def test_what_was_not_confirmed_is_left_to_its_queue() -> None:
    queue = Queue("bad", "good")
    feed = queue.feed()
    taken: list[str] = []
    for several in feed.batches():
        taken += [each.receipt for each in several]
        feed.confirm([each for each in several if each.receipt != "bad"])
    assert taken == ["bad", "good"]
    assert queue.waiting == ["bad"]


def test_no_more_is_received_than_is_asked_for() -> None:
    queue = Queue(*(f"m{number}" for number in range(25)))
    assert [len(each) for each in queue.feed(most=3).batches()] == [3]
    assert queue.received == [(3, feeds.ENOUGH_S)]


def test_for_some_time_an_empty_queue_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    queue = Queue()

    def wait(kind: Any, purpose: str, **parameters: Any) -> Any:
        now[0] += parameters["WaitTimeSeconds"]
        return Queue.ask(queue, kind, purpose, **parameters)

    monkeypatch.setattr(queue, "ask", wait)
    assert list(queue.feed(seconds=45).batches()) == []
    assert [wait_s for _, wait_s in queue.received] == [20, 20, 6]
