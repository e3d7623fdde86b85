"""A folder of saved inventories: which of them tells how it was at some time.

Each file tells itself when it was saved. A folder on its way there named ``dt=2026-03-01``, as
Athena's partitions are, says of which day (UTC) they are, so that others need not be opened.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

import msgspec
from msgspec import Struct

from goldenami import files, jsonfile
from goldenami.domain.audit.stay import words
from goldenami.errors import SpecError, UsageError

ENDINGS = (".jsonl", ".jsonl.gz")
_DAY = re.compile(r"dt=(\d{4}-\d{2}-\d{2})")


class SavedInventory(Struct, frozen=True, order=True):
    """A file of a folder, and when it was saved."""

    at: datetime
    path: Path


class _Dated(Struct, frozen=True):
    at: datetime
    schema: str


class Selection(Struct, frozen=True):
    """The inventory that tells of a moment; and the files that may have told of it, unread."""

    inventory: SavedInventory
    unread: tuple[str, ...] = ()


def as_of(folder: Path, at: datetime) -> Selection:
    """Return the newest inventory of a folder that is not after a moment.

    Raises:
        UsageError: there is none, or no folder.
    """
    every = _files(folder)
    days = sorted(every, key=_day, reverse=True)
    unread: list[str] = []
    oldest: SavedInventory | None = None
    for day, paths in groupby(days, _day):
        if day > at.date():
            continue
        several = [*_read(paths, unread)]
        oldest = min([*several, *([oldest] if oldest else [])], default=None)
        if earlier := [each for each in several if each.at <= at]:
            undated = [*_read((path for path in every if _day(path) == date.min), unread)]
            newest = max(earlier + [each for each in undated if each.at <= at])
            return Selection(newest, tuple(dict.fromkeys(unread)))
    dated = min((day for path in every if (day := _day(path)) > date.min), default=None)
    first = f"; the oldest is of {words(oldest.at) if oldest else dated}" if oldest or dated else ""
    raise UsageError(
        f"{folder}: has no inventory that is not after {words(at)}{first}",
        fix="name a later time, or the folder that `audit --save-inventory` writes to",
    )


def every(folder: Path) -> tuple[list[SavedInventory], list[str]]:
    """Return all inventories of a folder, the oldest first, and what could not be read.

    Raises:
        UsageError: there are none, or no folder.
    """
    unread: list[str] = []
    return sorted(_read(_files(folder), unread)), unread


def _files(folder: Path) -> Sequence[Path]:
    if not files.is_folder(folder):
        raise UsageError(
            f"{folder}: is no folder",
            fix="name the one that `goldenami audit --save-inventory FOLDER/FILE` writes to with "
            "--inventories; of a bucket, what `aws s3 sync` has copied",
        )
    paths = sorted(path for path in folder.rglob("*") if path.name.endswith(ENDINGS))
    if not paths:
        raise UsageError(f"{folder}: has no inventories: {', '.join(ENDINGS)}")
    return paths


def _day(path: Path) -> date:
    """Return the day that a path names, the first of all if it names none."""
    named = [match[1] for match in map(_DAY.fullmatch, path.parts) if match]
    try:
        return date.fromisoformat(named[-1]) if named else date.min
    except ValueError:
        return date.min


def _read(paths: Iterable[Path], unread: list[str]) -> Iterator[SavedInventory]:
    for path in paths:
        try:
            with files.reading_plain(path) as file:
                first = next(files.lines(file, path, files.HEAD_BYTES), b"")
            head = msgspec.json.decode(first, type=_Dated)
        except SpecError as error:
            unread.append(error.message)
        except jsonfile.WRONG as error:
            unread.append(f"{path}: is no inventory: {jsonfile.why(error)}")
        else:
            yield SavedInventory(head.at.astimezone(UTC), path)
