"""What an audit finds."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Literal, TypeVar

from msgspec import Struct

from goldenami.domain.audit.subject import Subject

T = TypeVar("T")
K = TypeVar("K")


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Its place in the order, 0 for the worst."""
        return _RANK[self]

    def reaches(self, other: "Severity") -> bool:
        """Tell whether it is as bad as another one, or worse."""
        return self.rank <= other.rank


_RANK: Mapping[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}

Change = Literal["", "new", "open"]


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One breach of one rule by one subject.

    ``change`` compares it with an earlier audit: ``new``, or ``open`` since then.
    """

    rule: str
    severity: Severity
    subject: Subject
    reason: str
    change: Change = ""

    @property
    def key(self) -> str:
        """What makes it the same finding in two audits."""
        return f"{self.subject.resource}/{self.rule}"


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return findings, or what has one, by something that several have in common."""
    several: dict[K, list[T]] = {}
    for item in items:
        several.setdefault(key(item), []).append(item)
    return several
