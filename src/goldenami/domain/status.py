"""The states of a golden image: one table says what each means, and all else derives from it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct


class Status(StrEnum):
    """The states of a golden image (tag ``goldenami:status``).

    A status never goes down by itself: see `reached` and `may_become`.
    """

    BUILDING = "building"
    CANDIDATE = "candidate"
    APPROVED = "approved"
    DEPRECATED = "deprecated"
    DISABLED = "disabled"
    RETIRED = "retired"


class State(Struct, frozen=True, kw_only=True):
    """What a status means.

    Args:
        rank: how far the image is in its life.
        occurs: whether anything writes it yet; one that nothing writes is known, and not offered.
        waits: whether it waits for its approval, so that nothing may be launched from it yet.
        style: how tables show it.
    """

    rank: int
    occurs: bool = True
    waits: bool = False
    style: str = ""


STATES: Final[Mapping[str, State]] = {
    Status.BUILDING.value: State(rank=0, waits=True, style="cyan"),
    Status.CANDIDATE.value: State(rank=1, waits=True),
    Status.APPROVED.value: State(rank=2, style="green"),
    Status.DEPRECATED.value: State(rank=3, occurs=False, style="yellow"),
    Status.DISABLED.value: State(rank=4, occurs=False, style="red"),
    Status.RETIRED.value: State(rank=5, occurs=False),
}
"""In the order of a life. A new status needs its line here, and whoever writes it."""

OCCURRING: Final = tuple(status for status, each in STATES.items() if each.occurs)
"""The states that something gives to an image."""

_NOT_BEGUN, _BEYOND_ALL = State(rank=-1), State(rank=len(STATES))


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
    """Tell whether an image of this status may get the later one without going back."""
    return state(status).rank <= STATES[later].rank
