"""Saved inventories: lines of any number, each within a limit."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.subject import Subject
from goldenami.errors import SpecError
from goldenami.workflows.audit import saved
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.audit.saved import InventoryHead, SavedPlace, SavedSource

SEED = Path(__file__).parents[2] / "cli" / "fuzz" / "seeds" / "inventory.jsonl"
HOME = AccountRegion("123456789012", "us-east-1")


def inventory(path: Path, *, count: int, unread: tuple[str, ...] = ()) -> SavedSource:
    line = SEED.read_bytes().splitlines()[1]
    place = SavedPlace(account=HOME.account, region=HOME.region, subjects=count, unread=unread)
    head = InventoryHead(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        account=HOME.account,
        scope=AuditQuestion().scope,
        places=(place,),
    )
    with path.open("w") as file:
        saved.write(head, [msgspec.json.decode(line, type=Subject)] * count, file)
    return SavedSource(path)


def read(source: SavedSource) -> int:
    approved = Approved(produced={}, account=HOME.account, at=datetime(2026, 1, 1, tzinfo=UTC))
    _, batches = next(iter(source.parts(HOME, approved)))
    return sum(len(batch.subjects) for batch in batches)


def test_the_first_line_may_be_long_and_there_may_be_many(tmp_path: Path) -> None:
    source = inventory(tmp_path / "file", count=1_201, unread=("x" * 2**21,))
    assert read(source) == 1_201


def test_a_later_line_may_not_be_long(tmp_path: Path) -> None:
    inventory(tmp_path / "file", count=1)
    with (tmp_path / "file").open("a") as file:
        file.write(" " * 2**20 + "{}\n")
    with pytest.raises(SpecError, match="file: too large: a line has more than 1,048,576 bytes"):
        SavedSource(tmp_path / "file")


def test_a_file_that_becomes_shorter_is_noticed(tmp_path: Path) -> None:
    source = inventory(tmp_path / "file", count=10)
    lines = (tmp_path / "file").read_bytes().splitlines(keepends=True)
    (tmp_path / "file").write_bytes(b"".join(lines[:4]))
    with pytest.raises(SpecError, match="it has become shorter while it was read"):
        read(source)
