"""Lists, for people and for programs."""

import msgspec
import pytest
from msgspec import Struct

from goldenami.report import listing


class Thing(Struct, frozen=True):
    id: str
    size_gib: int
    snapshots: tuple[str, ...] = ()


THINGS = (Thing("ami-1", 8, ("snap-1", "snap-2")), Thing("[red]", 30))


def test_a_table_has_the_columns_that_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    listing.write("goldenami.things/v1", THINGS, "table", columns=("snapshots", "id"))
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [
        "snapshots       id",
        "snap-1, snap-2  ami-1",
        "                [red]",
    ]
    assert err == ""


def test_an_empty_table_says_so_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    listing.write("goldenami.things/v1", (), "table", columns=("id",))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "none found\n")


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    items: tuple[Thing, ...]


@pytest.mark.parametrize("things", [THINGS, ()], ids=["some things", "nothing"])
def test_the_document_has_its_schema_and_everything(
    things: tuple[Thing, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    listing.write("goldenami.things/v1", things, "json", columns=("id",))
    out, err = capsys.readouterr()
    assert msgspec.json.decode(out, type=Document) == Document("goldenami.things/v1", things)
    assert err == ""
