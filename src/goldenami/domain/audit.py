"""The audit's document: everything the reports say comes from here (``goldenami.audit/v1``)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from goldenami.domain.verdict import Finding
from goldenami.domain.waivers import Waived, Waiver


class RegionRead(Struct, frozen=True, kw_only=True):
    """What was seen in one region; ``unread`` is why nothing was, empty if all was read."""

    region: str
    instances: int = 0
    compliant: int = 0
    approved_images: tuple[str, ...] = ()
    unread: str = ""


class Audit(Struct, frozen=True, kw_only=True):
    """One audit. ``complete`` is false if any region could not be read."""

    schema: Literal["goldenami.audit/v1"] = "goldenami.audit/v1"
    tool: str
    at: datetime
    account: str
    complete: bool
    regions: tuple[RegionRead, ...]
    approved_by_list: tuple[str, ...]
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...] = ()
    waivers_expired: tuple[Waiver, ...] = ()
    waivers_unused: tuple[Waiver, ...] = ()

    @property
    def instances(self) -> int:
        """How many instances were judged."""
        return sum(one.instances for one in self.regions)

    @property
    def compliant(self) -> int:
        """How many of them have no finding at all."""
        return sum(one.compliant for one in self.regions)

    @property
    def unread(self) -> tuple[RegionRead, ...]:
        """The regions that could not be read."""
        return tuple(one for one in self.regions if one.unread)
