"""What became of an event: judged, and how, or why not."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.waivers import Waived


class EventOutcome(StrEnum):
    """What became of an event, what needs somebody first."""

    BROKEN = "broken"
    UNREAD = "unread"
    FINDINGS = "findings"
    WAIVED = "waived"
    COMPLIANT = "compliant"
    BAKING = "baking"
    GONE = "gone"
    FAILED = "failed-call"
    OTHER = "other"
    REPEATED = "repeated"
    ELSEWHERE = "elsewhere"

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be done with the event: it need not come again."""
        return self not in (EventOutcome.BROKEN, EventOutcome.UNREAD)


class EventVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event.

    Args:
        outcome: what became of it.
        origin: where it was read: a file, a line, a message.
        id: the event's id.
        call: the operation, such as ``ec2:RunInstances``, or what EventBridge calls it.
        at: when it happened.
        account: where.
        region: where.
        by: who did it.
        resources: what was judged: `Subject.resource`.
        images: the images of that.
        findings: what the rules hold against it.
        waived: findings that somebody has accepted.
        why: why it was not judged.
    """

    outcome: EventOutcome
    origin: str
    id: str = ""
    call: str = ""
    at: datetime | None = None
    account: str = ""
    region: str = ""
    by: str = ""
    resources: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    why: str = ""

    @property
    def where(self) -> str:
        """The place, as reports name it."""
        return f"{self.account}/{self.region}" if self.account else ""


class VerdictCounts:
    """How many events there were of each outcome, and what the others were about."""

    def __init__(self) -> None:
        self.outcomes: Counter[EventOutcome] = Counter()
        self.others: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()

    def add(self, verdict: EventVerdict) -> None:
        """Count one more."""
        self.outcomes[verdict.outcome] += 1
        if verdict.outcome is EventOutcome.OTHER:
            self.others[verdict.call] += 1
        self.severities.update(finding.severity for finding in verdict.findings)

    @property
    def incomplete(self) -> int:
        """How many could not be judged."""
        return self.outcomes[EventOutcome.BROKEN] + self.outcomes[EventOutcome.UNREAD]

    def failing(self, least: Severity) -> int:
        """Return how many findings are as bad as this, or worse."""
        return sum(count for level, count in self.severities.items() if level.reaches(least))


def worst(outcomes: Iterable[EventOutcome]) -> EventOutcome:
    """Return the outcome of several things of one event: the one that needs somebody first."""
    order = list(EventOutcome)
    return min(outcomes, key=order.index)
