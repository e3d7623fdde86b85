"""What a remediation asks for, and what it comes to for one thing."""

from enum import StrEnum

from msgspec import Struct

from goldenami.domain.audit.finding import Severity
from goldenami.domain.place import Place
from goldenami.domain.plan import Action


class What(StrEnum):
    """What is done with what the audit named."""

    TAG = "tag"
    STOP = "stop"
    QUARANTINE = "quarantine"
    TERMINATE = "terminate"
    REFRESH = "refresh"


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        what: what to do.
        rules: only findings of these rules; all if empty.
        severity: only findings at least as bad.
        regions: only findings in these regions; all if empty.
        security_group: the group that quarantined instances get, and no other.
        image: the golden image that launch templates get.
        role: the name of the role in other accounts.
        per_minute: how many calls may begin in a minute.
    """

    what: What
    rules: frozenset[str] = frozenset()
    severity: Severity = Severity.LOW
    regions: frozenset[str] = frozenset()
    security_group: str = ""
    image: str = ""
    role: str = ""
    per_minute: float = 60.0


class Step(Struct, frozen=True, kw_only=True):
    """What is done with one thing; ``left`` is why nothing is."""

    place: Place
    id: str
    actions: tuple[Action, ...] = ()
    left: str = ""
