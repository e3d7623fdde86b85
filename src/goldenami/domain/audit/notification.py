"""What people are told of an audit, in one message (``goldenami.notification/v1``)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from goldenami.domain.audit.finding import Change, Severity


class ToldFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the worst findings."""

    severity: Severity
    rule: str
    resource: str
    name: str = ""
    image: str = ""
    reason: str
    change: Change = ""


class AuditTold(Struct, frozen=True, kw_only=True):
    """An audit in short, for programs.

    ``new`` and ``fixed`` compare it with an earlier one, and are None without it; ``findings`` are
    the worst, of those that are new where it was compared. ``error`` is why there is no audit.
    """

    schema: Literal["goldenami.notification/v1"] = "goldenami.notification/v1"
    at: datetime
    account: str = ""
    release: str = ""
    complete: bool = False
    open: int = 0
    by_severity: Mapping[Severity, int] = {}
    new: int | None = None
    fixed: int | None = None
    findings: tuple[ToldFinding, ...] = ()
    unread: tuple[str, ...] = ()
    report: str = ""
    error: str = ""


class Notification(Struct, frozen=True, kw_only=True):
    """One message: a subject of one line, a text of several, and the same as data."""

    subject: str
    text: str
    audit: AuditTold
