"""An inventory in a file: what an audit saw, to be judged again without AWS.

Lines of JSON: the head (where, and what releases made there), then a line for each subject.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Literal, TextIO
from weakref import finalize

import msgspec
from msgspec import Struct

from goldenami import __version__, files, jsonfile
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.subject import Subject
from goldenami.errors import GoldenamiError, SpecError
from goldenami.workflows.audit.account_regions import ALL_REGIONS, AuditedPlaces
from goldenami.workflows.audit.question import AuditScope
from goldenami.workflows.audit.sources import Batch, Batches, GoldenImages

AT_ONCE = 500
_encode = msgspec.json.Encoder().encode
_decode_subject = msgspec.json.Decoder(Subject).decode  # made before several threads use it


class SavedPlace(Struct, frozen=True, kw_only=True):
    """A region of an account: what releases made there, and what could not be read.

    ``subjects`` is how many lines of the file it has.
    """

    account: str
    region: str
    subjects: int
    produced: tuple[Produced, ...] = ()
    unread: tuple[str, ...] = ()


class InventoryHead(Struct, frozen=True, kw_only=True):
    """The first line of the file. ``parameters`` are the approved list's, by region and name."""

    schema: Literal["goldenami.inventory/v1"] = "goldenami.inventory/v1"
    tool: str = f"goldenami {__version__}"
    at: datetime
    account: str
    scope: AuditScope
    places: tuple[SavedPlace, ...]
    parameters: Mapping[str, Mapping[str, str]] = {}


def write(head: InventoryHead, subjects: Iterable[Subject], out: TextIO) -> None:
    """Write the lines of what an audit saw; the subjects stand by place."""
    out.write(_encode(head).decode() + "\n")
    out.writelines(_encode(subject).decode() + "\n" for subject in subjects)


def _unread(why: str) -> Batches:
    yield Batch()
    raise GoldenamiError(why)


class SavedSource:
    """An inventory file as the source of an audit.

    Raises:
        SpecError: it cannot be read, or is no inventory.
    """

    def __init__(self, path: Path) -> None:
        self._file = path
        folder = Path(mkdtemp(prefix="inventory-"))  # of what was gzipped
        finalize(self, rmtree, folder, ignore_errors=True)
        self._path = files.unpacked(path, folder)
        self._starts: dict[AccountRegion, list[tuple[int, int]]] = {}
        try:
            self._head = self._read()
        except jsonfile.WRONG as error:
            raise self._wrong(jsonfile.why(error)) from error
        self.name = f"file of {self._head.at:%Y-%m-%dT%H:%M:%SZ}"
        self.account = self._head.account
        self.scope = self._head.scope
        self._places = {
            AccountRegion(place.account, place.region): place for place in self._head.places
        }
        self._refuse_cut()

    def places(self) -> AuditedPlaces:
        """Return the places of the file."""
        read = [place for place in self._places if place.region != ALL_REGIONS]
        read.sort(key=lambda place: place.account != self.account)
        unreadable = {
            place: why
            for place, saved in self._places.items()
            if place.region == ALL_REGIONS
            for why in saved.unread
        }
        return AuditedPlaces(tuple(read), unreadable)

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases had made in these places."""
        return GoldenImages(
            {place: {image.id: image for image in self._places[place].produced} for place in places}
        )

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters held in a region."""
        return self._head.parameters.get(region, {})

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield what there was in a place."""
        yield "inventory", self._subjects(place)
        for why in self._places[place].unread:
            yield "when it was saved", _unread(why)

    def _subjects(self, place: AccountRegion) -> Batches:
        with files.reading(self._path) as file:
            for start, count in self._starts.get(place, ()):
                file.seek(start)
                remaining = count
                while remaining:
                    some = list(islice(files.lines(file, self._path), min(AT_ONCE, remaining)))
                    if not some:
                        raise self._wrong("it has become shorter while it was read")
                    remaining -= len(some)
                    try:
                        subjects = [_decode_subject(line) for line in some]
                    except jsonfile.WRONG as error:
                        raise self._wrong(jsonfile.why(error)) from error
                    yield Batch(subjects=subjects)

    def _read(self) -> InventoryHead:
        """Read the head, and where in the file the subjects of each place stand."""
        where = msgspec.json.Decoder(AccountRegion).decode
        with files.reading(self._path) as file:
            first = next(files.lines(file, self._path, files.HEAD_BYTES), b"")
            head = msgspec.json.decode(first, type=InventoryHead)
            at = file.tell()
            for place, lines in groupby(files.lines(file, self._path), where):
                start, count = at, 0
                for line in lines:
                    at += len(line)
                    count += 1
                self._starts.setdefault(place, []).append((start, count))
        return head

    def _refuse_cut(self) -> None:
        for place, saved in self._places.items():
            lines = sum(count for _, count in self._starts.get(place, ()))
            if lines != saved.subjects:
                raise self._wrong(f"it has {lines} lines of {place} instead of {saved.subjects}")

    def _wrong(self, why: object) -> SpecError:
        return SpecError(
            f"{self._file}: is no whole inventory: {why}",
            fix="give a file of `goldenami audit --save-inventory FILE`",
        )
