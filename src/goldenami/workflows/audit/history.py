"""When an image was in use, and where: from saved inventories."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from goldenami import files, jsonfile
from goldenami.domain.audit.stay import Gap, Look, Place, Stay, Stays
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.errors import SpecError
from goldenami.workflows.audit import inventories
from goldenami.workflows.audit.account_regions import ALL_REGIONS
from goldenami.workflows.audit.inventories import SavedInventory
from goldenami.workflows.audit.saved import InventoryHead

_decode_head = msgspec.json.Decoder(InventoryHead).decode
_decode_subject = msgspec.json.Decoder(Subject).decode


class ImageHistory(Struct, frozen=True, kw_only=True):
    """When an image was in use.

    Args:
        image: the image.
        inventories: how many tell of it.
        first: when the oldest was saved, None if none could be read.
        last: when the newest was.
        longest_gap: the longest time between two of them, None if there are not two.
        stays: what had the image, and when.
        unread: what could not be read: files, and places of single inventories.
    """

    image: str
    inventories: int
    first: datetime | None
    last: datetime | None
    longest_gap: Gap | None
    stays: tuple[Stay, ...]
    unread: tuple[str, ...]


def when(folder: Path, image: str) -> ImageHistory:
    """Return when an image was in use, as the inventories of a folder tell.

    Raises:
        UsageError: there are none.
    """
    several, unread = inventories.every(folder)
    stays, read = Stays(), list[SavedInventory]()
    for inventory in several:
        try:
            look, problems = _look(inventory, image)
        except SpecError as error:
            unread.append(error.message)
            continue
        unread += problems
        stays.add(look)
        read.append(inventory)
    return ImageHistory(
        image=image,
        inventories=len(read),
        first=read[0].at if read else None,
        last=read[-1].at if read else None,
        longest_gap=stays.longest,
        stays=tuple(stays.all),
        unread=tuple(unread),
    )


def _look(inventory: SavedInventory, image: str) -> tuple[Look, list[str]]:
    """Return what an inventory tells of an image, and which places of it were not read.

    Raises:
        SpecError: it is no whole inventory.
    """
    path, needle = inventory.path, f'"{image}"'.encode()
    there, count = list[Subject](), 0
    try:
        with files.reading_plain(path) as file:
            head = _decode_head(next(files.lines(file, path, files.HEAD_BYTES), b""))
            for line in files.lines(file, path):
                count += 1
                if needle in line:
                    subject = _decode_subject(line)
                    there += [subject] if subject.image.id == image else []
    except jsonfile.WRONG as error:
        raise SpecError(f"{path}: is no whole inventory: {jsonfile.why(error)}") from error
    if count != (lines := sum(place.subjects for place in head.places)):
        raise SpecError(f"{path}: is no whole inventory: it has {count} lines instead of {lines}")
    unread = [
        f"{path}: {place.account}/{place.region}: {why}"
        for place in head.places
        for why in place.unread
    ]
    return Look(at=inventory.at, there=tuple(there), looked=_looked(head)), unread


def _looked(head: InventoryHead) -> Mapping[Place, frozenset[Kind]]:
    kinds = frozenset(kind for kind in Kind if head.scope.covers(kind.value, ""))
    return {
        (place.account, place.region): kinds
        for place in head.places
        if not place.unread and place.region != ALL_REGIONS
    }
