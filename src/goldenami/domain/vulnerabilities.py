"""Findings of vulnerable packages, and which of them an image may have."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

SEVERITIES: Final = ("critical", "high", "medium", "low", "informational", "untriaged")
"""Inspector's severities, the worst first; ``untriaged`` is not rated yet and fails nothing."""
LISTED: Final = 20
"""How many findings a message lists."""


class VulnerabilityFinding(Struct, frozen=True, kw_only=True):
    """A vulnerability that a scan has found.

    Args:
        severity: one of `SEVERITIES`.
        id: the vulnerability's, such as a CVE's; empty if the scan does not say it.
        text: what there is to say of it, on one line.
    """

    severity: str
    id: str
    text: str

    @property
    def rank(self) -> int:
        """How bad it is; the worst have 0."""
        return SEVERITIES.index(self.severity)

    def __str__(self) -> str:
        return f"{self.severity} {self.text}"


class ScanVerdict(Struct, frozen=True, kw_only=True):
    """What a scan means: the findings that fail the image, the worst first, and all counted."""

    failing: tuple[VulnerabilityFinding, ...]
    counts: Mapping[str, int]

    @property
    def listed(self) -> list[str]:
        """The findings that fail the image, as the notes of a message list them."""
        rest = len(self.failing) - LISTED
        more = [f"and {rest} more, less or equally severe"] if rest > 0 else []
        return [*map(str, self.failing[:LISTED]), *more]


class ScanLimits(Struct, frozen=True, kw_only=True):
    """What an image may have: nothing from ``severity`` on, but for the ids to ``ignore``."""

    severity: str = "high"
    ignore: tuple[str, ...] = ()

    def judge(self, findings: Iterable[VulnerabilityFinding]) -> ScanVerdict:
        """Return what findings mean; those that are ignored count for nothing."""
        counted = sorted(
            (each for each in findings if each.id not in self.ignore),
            key=lambda finding: (finding.rank, finding.id, finding.text),
        )
        worst = SEVERITIES.index(self.severity)
        counts = Counter(finding.severity for finding in counted)
        return ScanVerdict(
            failing=tuple(finding for finding in counted if finding.rank <= worst),
            counts={severity: counts[severity] for severity in SEVERITIES if counts[severity]},
        )
