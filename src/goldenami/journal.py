"""An append-only record of a run: an intent before each mutating call, its result after it.

One JSON line an event, in ``$GOLDENAMI_STATE`` (default ``~/.local/state/goldenami``), readable
by the user alone. It makes an interrupted run resumable; it never holds a secret.

Without its intent no call goes out; what is written after a call never stops anything, for the
account knows it too. A line that cannot be read is skipped.
"""

import contextlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import msgspec

from goldenami import files, jsonfile
from goldenami.domain import plan
from goldenami.errors import GoldenamiError, SpecError

_FIX = "set GOLDENAMI_STATE to a folder that can be written and has room"


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: which build this is, and of which release file."""

    build: str
    version: str
    spec: str
    release: str


class Journal:
    """Writes one run's events, each on disk before the call goes out.

    ``trouble`` is the first error of a write that nothing had to stop for, empty if there was none.

    Args:
        path: where it lies.
        start: its first line.
        tokens: the client tokens of the calls that went out before and were not taken back, by
            action: AWS answers them with what they made, however the first answer was lost.
    """

    def __init__(self, path: Path, start: Start, tokens: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.start = start
        self.tokens = tokens or {}
        self.trouble = ""
        self._lock = Lock()
        self._syncing = Lock()
        self._written = self._on_disk = 0

    @classmethod
    def create(cls, start: Start) -> "Journal":
        """Open the journal of a new build.

        Raises:
            GoldenamiError: there is one, or the state folder cannot be written.
        """
        journal = cls(path_of(start.build), start)
        try:
            _folder(journal.path)
            journal.path.touch(mode=0o600, exist_ok=False)
            journal._append([_head(start)])
        except OSError as error:
            raise journal._unwritable(error) from error
        return journal

    @classmethod
    def open(cls, start: Start) -> "Journal":
        """Go on with the journal of a build, or begin one.

        One whose beginning cannot be read is put aside as ``BUILD.jsonl.torn``.

        Raises:
            GoldenamiError: it cannot be written.
        """
        try:
            earlier = read(start.build)
        except SpecError:
            path = path_of(start.build)
            with contextlib.suppress(OSError):  # then it cannot be created, which is told
                path.replace(path.with_name(f"{path.name}.torn"))
            earlier = None
        return earlier or cls.create(start)

    def intent(self, action: plan.Action) -> None:
        """Record that a call is about to go out.

        Raises:
            GoldenamiError: it cannot be written, so the call must not go out.
        """
        event = {
            "event": "intent",
            "action": action.id,
            "call": action.call,
            "region": action.region,
            "parameters": plan.shown(action.parameters),
        }
        try:
            self._append([event])
        except OSError as error:
            raise self._unwritable(error) from error

    def result(self, action: plan.Action, outputs: Mapping[str, Any]) -> None:
        """Record what came back."""
        self._note({"event": "result", "action": action.id, "outputs": dict(outputs)})

    def failed(self, action: plan.Action, error: Exception) -> None:
        """Record that a call failed, and why."""
        self._note({"event": "failed", "action": action.id, "error": str(error)})

    def undone(self, action: plan.Action) -> None:
        """Record that an action was taken back."""
        self._note({"event": "undone", "action": action.id})

    def _note(self, event: dict[str, Any]) -> None:
        try:
            self._append([event])
        except OSError as error:
            self.trouble = self.trouble or self._unwritable(error).message

    def _unwritable(self, error: OSError) -> GoldenamiError:
        why = error.strerror or str(error)
        return GoldenamiError(f"the journal {self.path} cannot be written: {why}", fix=_FIX)

    def _append(self, events: list[dict[str, Any]]) -> None:
        with self._file() as file:
            with self._lock:
                size = os.fstat(file.fileno()).st_size
                if not size and events[0]["event"] != "start":  # it was deleted under way
                    events = [_head(self.start), *events]
                torn = bool(size) and os.pread(file.fileno(), 1, size - 1) != b"\n"
                _write(file, b"\n" * torn + b"".join(map(_line, events)), size)
                self._written += 1
                mine = self._written
            with self._syncing:
                if self._on_disk < mine:  # else it went with that of another thread
                    upto = self._written
                    os.fsync(file.fileno())
                    self._on_disk = upto

    def _file(self) -> FileIO:
        _folder(self.path)
        return FileIO(self.path, "a+", opener=_opened)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _folder(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _head(start: Start) -> dict[str, Any]:
    return {"event": "start", **msgspec.to_builtins(start)}


def _line(event: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"at": datetime.now(UTC).isoformat(), **event}) + b"\n"


def _write(file: FileIO, data: bytes, size: int) -> None:
    """Write all of it, or leave the file of that size as it was."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        with contextlib.suppress(OSError):  # the next line begins on a line of its own
            file.truncate(size)
        raise


class _Event(msgspec.Struct, frozen=True):
    """What counts of a later line."""

    event: Literal["intent", "result", "failed", "undone"]
    action: str
    parameters: dict[str, Any] = {}


def path_of(build: str) -> Path:
    """Return where the journal of a build lies."""
    home = os.environ.get("GOLDENAMI_STATE") or Path.home() / ".local" / "state" / "goldenami"
    return Path(home) / f"{build}.jsonl"


def read(build: str) -> Journal | None:
    """Return the journal of an earlier build to go on with it; None if it is not on this machine.

    Lines that were torn, as by the write the machine died in, are skipped: their tokens are lost,
    and the tags of the account know the rest.

    Raises:
        SpecError: it cannot be read, or does not begin as a journal does.
    """
    path = path_of(build)
    content = files.read_if_there(path, files.JOURNAL_BYTES)
    if content is None:
        return None
    first, *later = content.splitlines() or [b""]
    try:
        start = msgspec.json.decode(first, type=Start)
    except jsonfile.WRONG as error:
        why = jsonfile.why(error)
        raise SpecError(f"{path}: not a journal of goldenami: {why}") from error
    if start.build != build:
        raise SpecError(f"{path}: it is the journal of another build, {start.build}")
    return Journal(path, start, _tokens(later))


def _tokens(lines: Iterable[bytes]) -> dict[str, str]:
    tokens: dict[str, str] = {}
    for line in lines:
        try:
            event = msgspec.json.decode(line, type=_Event)
        except jsonfile.WRONG:
            continue
        token = event.parameters.get("ClientToken")
        if event.event == "intent" and isinstance(token, str):
            tokens[event.action] = token
        elif event.event == "undone":
            tokens.pop(event.action, None)
    return tokens
