"""An inventory in a file: what an audit saw, to be judged again without AWS.

Lines of JSON: the head (where, and what releases made there), then a line for each subject.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal, TextIO

import msgspec
from msgspec import Struct

from goldenami import __version__, files, jsonfile
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.subject import Subject
from goldenami.errors import GoldenamiError, SpecError
from goldenami.workflows.audit.account_regions import ALL_REGIONS, AuditedPlaces, UnreadPlace
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


class SavedInventory(Struct, frozen=True):
    """What an audit saw."""

    head: InventoryHead
    subjects: Iterable[Subject]


def write(inventory: SavedInventory, out: TextIO) -> None:
    """Write the lines; the subjects stand by place."""
    out.write(_encode(inventory.head).decode() + "\n")
    out.writelines(_encode(subject).decode() + "\n" for subject in inventory.subjects)


def _unread(why: str) -> Batches:
    yield Batch()
    raise GoldenamiError(why)


class _Where(Struct, frozen=True):
    account: str
    region: str


class SavedSource:
    """An inventory file as the source of an audit.

    Raises:
        SpecError: it cannot be read, or is no inventory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts: dict[_Where, list[tuple[int, int]]] = {}
        try:
            self._head = self._read()
        except jsonfile.WRONG as error:
            raise self._wrong(jsonfile.why(error)) from error
        self.name = f"file of {self._head.at:%Y-%m-%dT%H:%M:%SZ}"
        self.account = self._head.account
        self.scope = self._head.scope
        self._refuse_cut()

    def places(self) -> AuditedPlaces:
        """Return the places of the file."""
        read = [place for place in self._head.places if place.region != ALL_REGIONS]
        places = [AccountRegion(place.account, place.region) for place in read]
        return AuditedPlaces(
            home=tuple(place for place in places if place.account == self.account),
            others=tuple(place for place in places if place.account != self.account),
            unreadable=tuple(
                UnreadPlace(AccountRegion(place.account, ALL_REGIONS), why)
                for place in self._head.places
                if place.region == ALL_REGIONS
                for why in place.unread
            ),
        )

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases had made in these places."""
        produced = {place: self._saved(place).produced for place in places}
        return GoldenImages(
            {place: {image.id: image for image in images} for place, images in produced.items()}
        )

    def listed(self, region: str) -> Mapping[str, str]:
        """Return what the listed parameters held in a region."""
        return self._head.parameters.get(region, {})

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield what there was in a place."""
        yield "inventory", self._subjects(_Where(place.account, place.region))
        for why in self._saved(place).unread:
            yield "when it was saved", _unread(why)

    def _saved(self, place: AccountRegion) -> SavedPlace:
        return next(
            saved
            for saved in self._head.places
            if (saved.account, saved.region) == (place.account, place.region)
        )

    def _subjects(self, where: _Where) -> Batches:
        decode = _decode_subject
        with files.reading(self._path) as file:
            for start, count in self._starts.get(where, ()):
                file.seek(start)
                remaining = count
                while remaining:
                    some = list(islice(files.lines(file, self._path), min(AT_ONCE, remaining)))
                    if not some:
                        raise self._wrong("it has become shorter while it was read")
                    remaining -= len(some)
                    try:
                        subjects = [decode(line) for line in some]
                    except jsonfile.WRONG as error:
                        raise self._wrong(jsonfile.why(error)) from error
                    yield Batch(subjects=subjects)

    def _read(self) -> InventoryHead:
        """Read the head, and where in the file the subjects of each place stand."""
        decode = msgspec.json.Decoder(_Where).decode
        with files.reading(self._path) as file:
            first = next(files.lines(file, self._path, files.HEAD_BYTES), b"")
            head = msgspec.json.decode(first, type=InventoryHead)
            at, last, start, count = file.tell(), None, 0, 0
            for line in files.lines(file, self._path):
                where = decode(line)
                if where != last:
                    self._note(last, start, count)
                    last, start, count = where, at, 0
                count += 1
                at += len(line)
            self._note(last, start, count)
        return head

    def _refuse_cut(self) -> None:
        for place in self._head.places:
            parts = self._starts.get(_Where(place.account, place.region), ())
            lines = sum(count for _, count in parts)
            if lines != place.subjects:
                raise self._wrong(
                    f"it has {lines} lines of {place.account}/{place.region} instead of "
                    f"{place.subjects}"
                )

    def _wrong(self, why: object) -> SpecError:
        return SpecError(
            f"{self._path}: is no whole inventory: {why}",
            fix="give a file of `goldenami audit --save-inventory FILE`",
        )

    def _note(self, where: _Where | None, start: int, count: int) -> None:
        if where is not None:
            self._starts.setdefault(where, []).append((start, count))
