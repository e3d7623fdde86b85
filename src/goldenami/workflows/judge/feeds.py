"""Where events come from: files, what is piped in, a queue of SQS."""

import gzip
import io
import time
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
from msgspec import Struct

from goldenami import files, jsonfile
from goldenami.aws import queues
from goldenami.aws.queues import Message
from goldenami.aws.session import RegionalAws
from goldenami.errors import SpecError

EVENT_FILES = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
"""What is read of a folder, such as one that CloudTrail's bucket was copied to."""
AT_ONCE = 100
_PIECE = 64 * 1024
_GZIPPED = b"\x1f\x8b"
_AGAIN_S = 1.0
ENOUGH_S = 2
"""How long to wait for a queue that may be empty: any time asks all of its servers."""


class Delivery(Struct, frozen=True, kw_only=True):
    """Something that holds events.

    Args:
        origin: where it comes from, for people.
        content: its JSON.
        receipt: what confirms it where it comes from.
    """

    origin: str
    content: bytes
    receipt: str


class EventFeed(Protocol):
    """Brings deliveries, and is told which of them are done with."""

    def batches(self) -> Iterator[Sequence[Delivery]]:
        """Yield deliveries, as many as there are at a time.

        Raises:
            GoldenamiError: they could not be read.
        """

    def confirm(self, deliveries: Sequence[Delivery]) -> None:
        """Let deliveries not come again.

        Raises:
            GoldenamiError: some will come again.
        """


class FileFeed:
    """Files of events, and folders of them: log files of CloudTrail, events, lines of either.

    Args:
        paths: the files and folders.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def batches(self) -> Iterator[Sequence[Delivery]]:
        """Yield what each file holds.

        Raises:
            SpecError: a file cannot be read, or a folder has none.
        """
        for path in self._paths:
            for file in _below(path) if files.is_folder(path) else [path]:
                content = unpacked(files.read_bytes(file, files.AUDIT_BYTES), str(file))
                yield from _some(deliveries(content, str(file)))

    def confirm(self, deliveries: Sequence[Delivery]) -> None:
        """Leave the files as they are."""


class PipeFeed:
    """What is piped in: lines of JSON, judged as they come, or one document to its end.

    Args:
        stream: what is read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def batches(self) -> Iterator[Sequence[Delivery]]:
        """Yield the lines that have arrived.

        Raises:
            SpecError: a line, or the document, is too long.
        """
        waiting, number, by_line = bytearray(), 0, None
        for piece in iter(self._piece, b""):
            waiting += piece
            _refuse_long(waiting, "stdin")
            if b"\n" not in piece:
                continue
            if by_line is None:  # else it is a document of several lines
                by_line = _begins_with_a_line(bytes(waiting))
            if by_line:
                *lines, rest = bytes(waiting).split(b"\n")
                yield from _some(_lines(lines, "stdin", number))
                waiting, number = bytearray(rest), number + len(lines)
        if number == 0:
            yield from _some(deliveries(unpacked(bytes(waiting), "stdin"), "stdin"))
        else:
            yield from _some(_lines([bytes(waiting)], "stdin", number))

    def _piece(self) -> bytes:
        """Return what has arrived, as soon as anything has."""
        read = getattr(self._stream, "read1", self._stream.read)
        return bytes(read(_PIECE))

    def confirm(self, deliveries: Sequence[Delivery]) -> None:
        """Leave the pipe as it is."""


class QueueFeed:
    """A queue of SQS: until it is empty, or for some time.

    Args:
        regional: who reads it, in its region.
        url: its URL.
        most: how many messages are received at most, None for any number.
        seconds: for how long it is waited, None for until it is empty.
    """

    def __init__(
        self, regional: RegionalAws, url: str, most: int | None, seconds: float | None
    ) -> None:
        self._regional = regional
        self._url = url
        self._most = most
        self._seconds = seconds
        self._kept: set[str] = set()

    def batches(self) -> Iterator[Sequence[Delivery]]:
        """Yield the messages that are there, up to `AT_ONCE` of them.

        What was not confirmed is left to its queue: it is not taken a second time.

        Raises:
            AwsError: the queue could not be read.
        """
        began, taken = time.monotonic(), 0
        while self._most is None or taken < self._most:
            wait_s = ENOUGH_S
            if self._seconds is not None:
                remaining_s = self._seconds - (time.monotonic() - began)
                if remaining_s <= 0:
                    return
                wait_s = min(queues.LONGEST_WAIT_S, int(remaining_s) + 1)
            messages, kept = self._received(
                wait_s, None if self._most is None else self._most - taken
            )
            if messages:
                taken += len(messages)
                self._kept |= {message.id for message in messages}
                yield [_of_message(message) for message in messages]
            elif self._seconds is None:
                return
            elif kept:
                time.sleep(_AGAIN_S)

    def _received(self, wait_s: int, most: int | None) -> tuple[list[Message], bool]:
        """Return new messages, and whether there were others that nobody could judge before."""
        several: dict[str, Message] = {}
        kept = False
        room = AT_ONCE if most is None else min(AT_ONCE, most)
        while len(several) < room:
            size = min(queues.MESSAGES_A_CALL, room - len(several))
            received = queues.receive(self._regional, self._url, 0 if several else wait_s, size)
            known = self._kept | several.keys()
            fresh = {message.id: message for message in received if message.id not in known}
            kept = kept or len(fresh) < len(received)
            several |= fresh
            if not fresh or len(received) < size:
                break
        return list(several.values()), kept

    def confirm(self, deliveries: Sequence[Delivery]) -> None:
        """Delete what is done with; the rest comes again, and then to the dead-letter queue.

        Raises:
            AwsError: some could not be deleted.
        """
        if deliveries:
            queues.delete(self._regional, self._url, [each.receipt for each in deliveries])
            self._kept -= {each.origin.removeprefix(_MESSAGE) for each in deliveries}


_MESSAGE = "message "


def _of_message(message: Message) -> Delivery:
    return Delivery(
        origin=f"{_MESSAGE}{message.id}", content=message.body.encode(), receipt=message.receipt
    )


def deliveries(content: bytes, origin: str) -> Iterator[Delivery]:
    """Yield a whole document, or its lines if it is none and some of them are.

    Args:
        content: of a file, or of what was piped in.
        origin: where it comes from.
    """
    lines = content.split(b"\n")
    if _is_json(content) or not any(line.strip() and _is_json(line) for line in lines):
        yield Delivery(origin=origin, content=content, receipt=origin)
    else:
        yield from _lines(lines, origin)


def unpacked(content: bytes, origin: str) -> bytes:
    """Return what a file holds, which may be gzipped as CloudTrail delivers it.

    Raises:
        SpecError: it is cut or damaged, or too large.
    """
    if not content.startswith(_GZIPPED):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            plain = packed.read(files.AUDIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SpecError(f"{origin}: is no whole gzip file: {error}") from error
    _refuse_long(plain, origin)
    return plain


def _some(every: Iterator[Delivery]) -> Iterator[Sequence[Delivery]]:
    while several := list(islice(every, AT_ONCE)):
        yield several


def _refuse_long(content: bytes | bytearray, origin: str) -> None:
    if len(content) > files.AUDIT_BYTES:
        raise SpecError(f"{origin}: too large: it has more than {files.AUDIT_BYTES:,} bytes")


def _lines(lines: Sequence[bytes], origin: str, before: int = 0) -> Iterator[Delivery]:
    for number, line in enumerate(lines, before + 1):
        if line.strip():
            where = f"{origin}:{number}"
            yield Delivery(origin=where, content=line, receipt=where)


def _below(folder: Path) -> Sequence[Path]:
    """Return the files of events below a folder, in the order of their names.

    Raises:
        SpecError: there are none.
    """
    found_files = sorted(
        path
        for path in folder.rglob("*")
        if path.name.endswith(EVENT_FILES) and files.is_file(path)
    )
    if not found_files:
        raise SpecError(f"{folder}: has no files of events: {', '.join(EVENT_FILES)}")
    return found_files


def _begins_with_a_line(content: bytes) -> bool:
    line, end, _ = content.partition(b"\n")
    return bool(end) and (not line.strip() or _is_json(line))


def _is_json(content: bytes) -> bool:
    try:
        msgspec.json.decode(content)
    except jsonfile.WRONG:
        return False
    return True
