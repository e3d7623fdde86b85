"""Paths in a few lines: those who go the same way together."""

from collections.abc import Iterable

from goldenami.iam.reach.search import Kind, ReachPath, ReachStep

_NAMED = 5


def lines(paths: Iterable[ReachPath]) -> tuple[str, ...]:
    """Return each way once, with everybody who goes it.

    Args:
        paths: in the order in which they are told.
    """
    together: dict[tuple[bool, tuple[ReachStep, ...]], list[ReachPath]] = {}
    for path in paths:
        together.setdefault((path.becomes, path.steps), []).append(path)
    return tuple(
        " -> ".join([_starts(group), *map(str, steps)]) for (_, steps), group in together.items()
    )


def _starts(paths: list[ReachPath]) -> str:
    kinds: dict[Kind, list[str]] = {}
    for path in paths:
        kinds.setdefault(path.kind, []).append(path.name)
    return ", ".join(f"{_kind(kind, len(names))}{_names(names)}" for kind, names in kinds.items())


def _kind(kind: Kind, count: int) -> str:
    if kind not in ("user", "group", "role"):
        return ""
    return f"{kind}s " if count > 1 else f"{kind} "


def _names(names: list[str]) -> str:
    shown = names[:_NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
