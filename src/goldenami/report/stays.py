"""When an image was in use: a table for people, a document for programs."""

from collections.abc import Iterator

from msgspec import structs

from goldenami.domain.audit.stay import words
from goldenami.report.listing import write_document
from goldenami.report.terminal import table
from goldenami.workflows.audit.history import ImageHistory

COLUMNS = ("account", "region", "kind", "id", "name", "from", "to")


def write(history: ImageHistory, form: str) -> None:
    """Write each stay with its beginning and end."""
    if form == "json":
        write_document("goldenami.when/v1", **structs.asdict(history))
        return
    if history.stays:
        rows = (
            (stay.account, stay.region, stay.kind.value, stay.id, stay.name, stay.began, stay.ended)
            for stay in history.stays
        )
        table(COLUMNS, rows, sentences=("from", "to"), spare=("name", "kind", "account", "region"))


def summary(history: ImageHistory) -> str:
    """Return what was found, in a sentence."""
    where = {(stay.account, stay.region) for stay in history.stays}
    things = {(stay.account, stay.region, stay.kind, stay.id) for stay in history.stays}
    looked = f"{history.inventories} inventories"
    if history.first and history.last:
        looked = f"{looked} from {words(history.first)} to {words(history.last)}"
    if not things:
        return f"{history.image}: nothing had it in {looked}"
    return f"{history.image}: {len(things)} things in {len(where)} regions had it, by {looked}"


def limits(history: ImageHistory) -> Iterator[str]:
    """Yield what is not known."""
    if gap := history.longest_gap:
        yield (
            "what came and went between two inventories is not known; the longest time between "
            f"two is {gap.length.total_seconds() / 3600:.1f} h, from {words(gap.begin)} to "
            f"{words(gap.end)}"
        )
