"""The states of a golden image: one table says what each means, and where it may go from there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct


class Status(StrEnum):
    """The states of a golden image (tag ``goldenami:status``).

    A status never goes back by itself: see `reached`, `may_become` and `may_return`.
    """

    BUILDING = "building"
    CANDIDATE = "candidate"
    APPROVED = "approved"
    DEPRECATED = "deprecated"
    DISABLED = "disabled"
    REVOKED = "revoked"
    RETIRED = "retired"


class State(Struct, frozen=True, kw_only=True):
    """What a status means.

    Args:
        rank: how far the image is in its life.
        next: what it may become.
        back: what `goldenami restore` may make of it again, with a reason.
        waits: whether it waits for its approval, so that nothing may be launched from it yet.
        style: how tables show it.
    """

    rank: int
    next: tuple[Status, ...]
    back: tuple[Status, ...] = ()
    waits: bool = False
    style: str = ""


STATES: Final[Mapping[str, State]] = {
    Status.BUILDING.value: State(
        rank=0, next=(Status.CANDIDATE, Status.APPROVED), waits=True, style="cyan"
    ),
    Status.CANDIDATE.value: State(rank=1, next=(Status.APPROVED, Status.REVOKED), waits=True),
    Status.APPROVED.value: State(rank=2, next=(Status.DEPRECATED, Status.REVOKED), style="green"),
    Status.DEPRECATED.value: State(
        rank=3, next=(Status.DISABLED, Status.REVOKED), back=(Status.APPROVED,), style="yellow"
    ),
    Status.DISABLED.value: State(
        rank=4, next=(Status.RETIRED, Status.REVOKED), back=(Status.APPROVED,), style="red"
    ),
    Status.REVOKED.value: State(
        rank=5, next=(Status.RETIRED,), back=(Status.CANDIDATE, Status.APPROVED), style="bold red"
    ),
    Status.RETIRED.value: State(rank=6, next=(), back=(Status.DISABLED, Status.REVOKED)),
}
"""In the order of a life. A new status needs its line here, and whoever writes it."""

_NOT_BEGUN = State(rank=-1, next=(Status.BUILDING, Status.CANDIDATE, Status.APPROVED))
_BEYOND_ALL = State(rank=len(STATES), next=())


def state(status: str) -> State:
    """Return what a status means, as a tag has it.

    No status is the beginning. One that is not known is beyond all that are: whoever wrote it
    knew more.
    """
    return STATES.get(status, _BEYOND_ALL) if status else _NOT_BEGUN


def reached(status: str, least: Status) -> bool:
    """Tell whether an image of this status is so far in its life, or farther."""
    return state(status).rank >= STATES[least].rank


def may_become(status: str, later: Status) -> bool:
    """Tell whether an image of this status may get the later one, or has it."""
    return status == later or later in state(status).next


def may_return(status: str, earlier: Status) -> bool:
    """Tell whether a restoration may give an image of this status the earlier one, or has."""
    return status == earlier or earlier in state(status).back
