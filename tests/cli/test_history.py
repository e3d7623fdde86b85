"""`goldenami audit --as-of` and `goldenami when`: what was, from saved inventories alone."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Produced
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.choices import AuditPart
from goldenami.workflows.audit.question import AuditScope
from goldenami.workflows.audit.saved import InventoryHead, SavedPlace, write

HERE = AccountRegion("111122223333", "us-east-1")
GOLDEN, OLD = "ami-0123456789abcdef0", "ami-0123456789abcdef1"


def save(
    folder: Path, at: str, images: dict[str, str], *, golden: str = GOLDEN, unread: str = ""
) -> Path:
    """Save an inventory: the images of instances, and which image was golden."""
    time = datetime.fromisoformat(at).astimezone(UTC)
    produced = Produced(
        id=golden, image="web", version="1", created=time, approved=True, candidate=False
    )
    place = SavedPlace(
        account=HERE.account, region=HERE.region, subjects=len(images), produced=(produced,),
        unread=(unread,) if unread else (),
    )  # fmt: skip
    head = InventoryHead(
        at=time, account=HERE.account, scope=AuditScope(frozenset({AuditPart.INSTANCES})),
        places=(place,),
    )  # fmt: skip
    subjects = [
        Subject(
            kind=Kind.INSTANCE, account=HERE.account, region=HERE.region, id=name, state="running",
            image=ImageSeen(id=image, name="web-1", owner=HERE.account, state="available",
                            deprecated_at=datetime(2026, 3, 3, tzinfo=UTC)),
        )
        for name, image in images.items()
    ]  # fmt: skip
    day = folder / f"dt={time:%Y-%m-%d}"
    day.mkdir(parents=True, exist_ok=True)
    path = day / f"{time:%H%M}.jsonl.gz"
    with gzip.open(path, "wt") as out:
        write(head, subjects, out)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three days: an instance stays, one comes, the golden image changes."""
    folder = tmp_path / "inventories"
    save(folder, "2026-03-01T23:00:00Z", {"i-00000001": OLD}, golden=OLD)
    save(folder, "2026-03-02T22:00:00Z", {"i-00000001": OLD, "i-00000002": OLD}, golden=OLD)
    save(folder, "2026-03-02T23:00:00Z", {"i-00000001": OLD, "i-00000002": GOLDEN})
    save(folder, "2026-03-04T23:00:00Z", {"i-00000002": GOLDEN})
    return folder


def audited(cli: Any, folder: Path, at: str, *more: object) -> Any:
    return cli("audit", "--as-of", at, "--inventories", folder, "--format", "json", *more)


def test_the_newest_inventory_that_is_not_later_is_judged_by_what_was_golden_then(
    cli: Any, folder: Path
) -> None:
    first = audited(cli, folder, "2026-03-01")
    assert (first.code, json.loads(first.out)["findings"]) == (0, [])
    assert "as of 2026-03-01T23:59:59Z: the inventory of 2026-03-01T23:00:00Z" in first.err
    assert "0 h 59 min older" in first.err
    assert "what was golden is told by the inventory; rules" in first.err
    moment = audited(cli, folder, "2026-03-02T22:59:59Z")
    assert (moment.code, json.loads(moment.out)["at"]) == (0, "2026-03-02T22:00:00Z")
    changed = audited(cli, folder, "2026-03-03")  # the old image is not golden any more
    assert changed.code == 10
    assert "1 d" not in changed.err
    assert [one["subject"]["id"] for one in json.loads(changed.out)["findings"]] == ["i-00000001"]
    late = audited(cli, folder, "2027-01-01")
    rules = [one["rule"] for one in json.loads(late.out)["findings"]]
    assert rules == ["deprecated-image"]  # by the time of the inventory, not by today's
    assert "303 d 0 h older" in late.err


def test_what_tells_of_no_time_or_of_today_is_refused(cli: Any, folder: Path) -> None:
    for arguments, says in (
        (("2026-02-28",), "not after 2026-02-28T23:59:59Z; the oldest is of 2026-03-01"),
        (("2026-13-01",), "--as-of: `2026-13-01` is no time: write 2026-03-01"),
        (("2026-03-01", "--source", "config:all"), "--as-of and --source do not go together"),
        (("2026-03-01", "--organization"), "--as-of and --organization do not go together"),
    ):
        ran = audited(cli, folder, *arguments)
        assert ran.code == 2
        assert says in ran.err
    nowhere = cli("audit", "--as-of", "2026-03-01", "--inventories", folder / "nowhere")
    assert (nowhere.code, "is no folder" in nowhere.err) == (2, True)
    assert cli("audit", "--inventories", folder).code == 2


def test_an_inventory_that_lacks_something_is_incomplete(cli: Any, folder: Path) -> None:
    save(folder, "2026-03-05T01:00:00Z", {"i-00000002": GOLDEN}, unread="instances: denied")
    ran = audited(cli, folder, "2026-03-05")
    assert ran.code == 3
    assert "denied" in ran.out
    damaged = folder / "dt=2026-03-05" / "0200.jsonl.gz"
    damaged.write_bytes(save(folder, "2026-03-05T02:00:00Z", {}).read_bytes()[:40])
    ran = audited(cli, folder, "2026-03-05")
    assert ran.code == 3
    assert "1 files could not be read, and may tell of a later time" in ran.err
    assert audited(cli, folder, "2026-03-04").code == 10  # what is later is not opened


def test_when_an_image_was_in_use(cli: Any, folder: Path) -> None:
    ran = cli("when", OLD, "--inventories", folder, "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert [
        (stay["id"], stay["absent_before"], stay["first"], stay["last"], stay["absent_after"])
        for stay in document["stays"]
    ] == [
        ("i-00000001", None, "2026-03-01T23:00:00Z", "2026-03-02T23:00:00Z",
         "2026-03-04T23:00:00Z"),
        ("i-00000002", "2026-03-01T23:00:00Z", "2026-03-02T22:00:00Z", "2026-03-02T22:00:00Z",
         "2026-03-02T23:00:00Z"),
    ]  # fmt: skip
    shown = cli("when", OLD, "--inventories", folder)
    assert "2026-03-02T23:00:00Z … 2026-03-04T23:00:00Z" in shown.out
    assert "2 things in 1 regions had it, by 4 inventories from 2026-03-01T23:00:00Z" in shown.err
    assert "the longest time between two is 48.0 h" in shown.err


def test_when_it_was_not_in_use_and_what_could_not_be_read(cli: Any, folder: Path) -> None:
    never = cli("when", "ami-00000000", "--inventories", folder)
    assert (never.code, "nothing had it in 4 inventories" in never.err) == (0, True)
    assert cli("when", "web-base", "--inventories", folder).code == 2
    save(folder, "2026-03-05T01:00:00Z", {}, unread="instances: denied")
    (folder / "cut.jsonl").write_text('{"schema":"goldenami.inventory/v1","at":"2026-03-')
    ran = cli("when", GOLDEN, "--inventories", folder)
    assert ran.code == 3
    assert "111122223333/us-east-1: instances: denied" in ran.err
    assert "cut.jsonl: is no inventory: it ends too soon" in ran.err
    assert "still at 2026-03-04T23:00:00Z" in ran.out  # nobody looked afterwards
