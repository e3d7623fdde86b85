"""Three values: what holds, what does not, and what nobody can know.

Kleene's logic: an unknown part leaves the whole certain wherever the rest decides it alone.
"""

from collections.abc import Iterable

from msgspec import Struct


class Unknown(Struct, frozen=True):
    """Neither true nor false: AWS does not say, or nobody has told. ``why`` is half a sentence."""

    why: str

    def __bool__(self) -> bool:
        """Refuse to be taken for one of the two."""
        raise TypeError(f"unknown, and neither true nor false: {self.why}")


Truth = bool | Unknown


def opposite(truth: Truth) -> Truth:
    """Return the negation; that of the unknown is unknown."""
    return truth if isinstance(truth, Unknown) else not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """Tell whether at least one holds."""
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if result is False:
            result = truth
    return result


def all_of(truths: Iterable[Truth]) -> Truth:
    """Tell whether every one holds."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if result is True:
            result = truth
    return result
