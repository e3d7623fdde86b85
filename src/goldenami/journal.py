"""An append-only record of a run: an intent before each mutating call, its result after it.

One JSON line an event, in ``$GOLDENAMI_STATE`` (default ``~/.local/state/goldenami``), readable
by the user alone. It makes an interrupted run resumable; it never holds a secret.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import msgspec

from goldenami import files, jsonfile
from goldenami.domain import plan
from goldenami.errors import GoldenamiError, SpecError


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: which build this is, and of which release file."""

    build: str
    version: str
    spec: str
    release: str


class Journal:
    """Writes one run's events, each on disk before the call goes out."""

    def __init__(self, path: Path, start: Start) -> None:
        self.path = path
        self.start = start
        self._lock = Lock()
        self._syncing = Lock()
        self._written = self._on_disk = 0

    @classmethod
    def create(cls, start: Start) -> "Journal":
        """Open the journal of a new build.

        Raises:
            GoldenamiError: the state folder cannot be written.
        """
        journal = cls(path_of(start.build), start)
        try:
            journal.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            journal.path.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise GoldenamiError(
                f"the journal {journal.path} cannot be written: {error.strerror}",
                fix="set GOLDENAMI_STATE to a folder that can be written",
            ) from error
        journal._append({"event": "start", **msgspec.to_builtins(start)})
        return journal

    def intent(self, action: plan.Action) -> None:
        """Record that a call is about to go out."""
        self._append(
            {
                "event": "intent",
                "action": action.id,
                "call": action.call,
                "region": action.region,
                "parameters": plan.shown(action.parameters),
            }
        )

    def result(self, action: plan.Action, outputs: Mapping[str, Any]) -> None:
        """Record what came back."""
        self._append({"event": "result", "action": action.id, "outputs": dict(outputs)})

    def failed(self, action: plan.Action, error: Exception) -> None:
        """Record that a call failed, and why."""
        self._append({"event": "failed", "action": action.id, "error": str(error)})

    def undone(self, action: plan.Action) -> None:
        """Record that an action was taken back."""
        self._append({"event": "undone", "action": action.id})

    def _append(self, event: dict[str, Any]) -> None:
        line = msgspec.json.encode({"at": datetime.now(UTC).isoformat(), **event}) + b"\n"
        with self.path.open("ab", buffering=0) as file:
            with self._lock:
                file.write(line)
                self._written += 1
                mine = self._written
            with self._syncing:
                if self._on_disk < mine:  # else it went with that of another thread
                    upto = self._written
                    os.fsync(file.fileno())
                    self._on_disk = upto


class _Event(msgspec.Struct, frozen=True):
    """What counts of a later line."""

    event: Literal["intent", "result", "failed", "undone"]
    action: str
    parameters: dict[str, Any] = {}


class Past(msgspec.Struct, frozen=True):
    """What a journal tells of an earlier run that the account cannot.

    ``tokens`` are the client tokens of the calls that went out and were not taken back, by action:
    AWS answers them with what they made, however the first answer was lost.
    """

    start: Start
    tokens: dict[str, str]


def path_of(build: str) -> Path:
    """Return where the journal of a build lies."""
    home = os.environ.get("GOLDENAMI_STATE") or Path.home() / ".local" / "state" / "goldenami"
    return Path(home) / f"{build}.jsonl"


def read(build: str) -> tuple[Journal, Past] | None:
    """Open the journal of an earlier build to go on with it; None if it is not on this machine.

    A last line without its end is the write the machine died in, and is cut off.

    Raises:
        SpecError: the file is no journal, or cannot be read.
    """
    path = path_of(build)
    content = files.read_if_there(path, files.JOURNAL_BYTES)
    if content is None:
        return None
    whole = content[: content.rfind(b"\n") + 1]
    first, *later = whole.splitlines() or [b""]
    try:
        start = msgspec.json.decode(first, type=Start)
        past = Past(start, _tokens(later))
    except jsonfile.WRONG as error:
        why = jsonfile.why(error)
        raise SpecError(f"{path}: not a journal of goldenami: {why}") from error
    if whole != content:
        os.truncate(path, len(whole))
    return Journal(path, start), past


def _tokens(lines: list[bytes]) -> dict[str, str]:
    tokens: dict[str, str] = {}
    for line in lines:
        event = msgspec.json.decode(line, type=_Event)
        if event.event == "intent" and "ClientToken" in event.parameters:
            tokens[event.action] = event.parameters["ClientToken"]
        elif event.event == "undone":
            tokens.pop(event.action, None)
    return tokens
