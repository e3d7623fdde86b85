"""The lists of golden snapshots in policy documents: read, extended, and compared without them."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

Document = Mapping[str, Any]

_ARN = re.compile(r"(arn:[^:]+:ec2:[^:]*:[^:]*:snapshot/)(snap-[0-9a-f]+)")


class Difference(Struct, frozen=True):
    """How the lists of two documents differ that are the same but for them.

    Args:
        lacks: the snapshots that are only in the expected one.
        extra: those that are only in the present one.
    """

    lacks: frozenset[str]
    extra: frozenset[str]


def listed(document: Document) -> frozenset[str]:
    """Return the ids of all snapshots that a document names."""
    ids: set[str] = set()

    def note(arns: list[re.Match[str]]) -> list[str]:
        ids.update(arn[2] for arn in arns)
        return []

    _changed(document, note)
    return frozenset(ids)


def extended(document: Document, snapshots: Iterable[str]) -> dict[str, Any]:
    """Return a document whose lists of snapshots have further ones, in the form of their ARNs."""
    further = tuple(snapshots)

    def extend(arns: list[re.Match[str]]) -> list[str]:
        there = {arn[2]: arn[0] for arn in arns}
        new = {snapshot: f"{arns[0][1]}{snapshot}" for snapshot in further}
        return [arn for _, arn in sorted((new | there).items())]

    changed: dict[str, Any] = _changed(document, extend)
    return changed


def difference(present: Document, expected: Document) -> Difference | None:
    """Compare the lists of two documents; None if they differ in anything else."""
    rest, expected_rest = (_changed(document, lambda _: []) for document in (present, expected))
    if rest != expected_rest:
        return None
    now, then = listed(present), listed(expected)
    return Difference(then - now, now - then)


def _changed(value: Any, change: Callable[[list[re.Match[str]]], list[str]]) -> Any:
    """Return a part of a document with every list of snapshots changed; others stay as they are."""
    if isinstance(value, Mapping):
        return {key: _changed(inner, change) for key, inner in value.items()}
    if not isinstance(value, list | str):
        return value
    values = value if isinstance(value, list) else [value]
    arns = [_ARN.fullmatch(text) if isinstance(text, str) else None for text in values]
    whole = [arn for arn in arns if arn]
    if not whole:
        return [_changed(inner, change) for inner in value] if isinstance(value, list) else value
    rest = [text for text, arn in zip(values, arns, strict=True) if not arn]
    changed = [*rest, *change(whole)]
    return changed[0] if isinstance(value, str) and len(changed) == 1 else changed
