"""The order of things that need one another: what is needed comes first."""

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct


class Ordering(Struct, frozen=True):
    """Names in an order in which each follows what it needs, and the cycles that prevent one.

    A cycle begins and ends with the same name; each needs the one before it.
    """

    names: tuple[str, ...]
    cycles: tuple[tuple[str, ...], ...] = ()


def needed_first(needs: Mapping[str, Collection[str]]) -> Ordering:
    """Return the names in their order: of what could come next, what stands first in ``needs``.

    Args:
        needs: what each name needs; what is no key itself is there already.
    """
    inside = {
        name: [each for each in dict.fromkeys(needed) if each in needs]
        for name, needed in needs.items()
    }
    cycles: list[tuple[str, ...]] = []
    while True:
        sorter = TopologicalSorter(inside)
        try:
            sorter.prepare()
        except CycleError as error:
            cycle = tuple(error.args[1])
            cycles.append(cycle)
            inside[cycle[1]].remove(cycle[0])  # which is told; there may be more of them
        else:
            return Ordering(tuple(_taken(sorter, [*needs])), tuple(cycles))


def _taken(sorter: "TopologicalSorter[str]", order: list[str]) -> list[str]:
    names: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=order.index)
        names.append(ready.pop(0))
        sorter.done(names[-1])
    return names
