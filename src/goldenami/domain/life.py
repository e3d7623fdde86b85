"""What became of a release: each change of its status, by whom, when, why, and what follows it.

The record of its build keeps them (`goldenami.domain.record`), and so decides; the tags of its
images and its manifest say the same for whoever looks there.
"""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.domain import tags
from goldenami.domain.status import Status, state
from goldenami.domain.tags import Tags

KEPT = 8
"""How many changes a record keeps, the newest: an SSM parameter has 4,096 characters."""
WHY_LENGTH = 200


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of a release's status.

    Args:
        status: what it became.
        by: who did it, an ARN.
        at: when.
        why: the reason, in the words of whoever did it.
        successor: the version that takes its place, empty if none does.
    """

    status: Status
    by: str
    at: str
    why: str = ""
    successor: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """How the images are tagged with it."""
        written = {
            tags.STATUS: self.status.value,
            tags.STATUS_BY: self.by[: tags.VALUE_LENGTH],
            tags.STATUS_AT: self.at,
            tags.STATUS_WHY: self.why,
            tags.SUCCESSOR: self.successor,
        }
        return {key: value for key, value in written.items() if value}

    @property
    def ends(self) -> bool:
        """Whether the images are not approved any more from then on."""
        return state(self.status).rank > state(Status.APPROVED).rank

    @property
    def words(self) -> str:
        """Say it: ``revoked by arn:… at 2026-11-26T15:00:00Z: CVE-2026-1``."""
        who, when = f" by {self.by}" * bool(self.by), f" at {self.at}" * bool(self.at)
        why = f": {self.why}" if self.why else ""
        successor = f" (its successor is {self.successor})" if self.successor else ""
        return f"{self.status.value}{who}{when}{why}{successor}"


def of_tags(written: Tags) -> Change | None:
    """Return the last change as the tags of an image have it; None if they tell of none."""
    status = written.get(tags.STATUS, "")
    if status not in set(Status):
        return None
    return Change(
        status=Status(status),
        by=written.get(tags.STATUS_BY, ""),
        at=written.get(tags.STATUS_AT, ""),
        why=written.get(tags.STATUS_WHY, ""),
        successor=written.get(tags.SUCCESSOR, ""),
    )


def later(life: Iterable[Change], change: Change) -> tuple[Change, ...]:
    """Return a life after a change; who made it, and when, stays as it was recorded first."""
    before = tuple(life)
    if before and before[-1].status is change.status:
        return before
    return (*before, change)[-KEPT:]
