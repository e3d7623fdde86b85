"""The audit's document: everything the reports say comes from here (``goldenami.audit/v1``).

``Audit`` is all but the findings, which may be too many for memory; `Document` brings both.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.subject import ImageSeen
from goldenami.domain.audit.waivers import Waived, Waiver

UNREAD = "unread"
"""What stands in the place of a rule in the id of "could not be read"."""


class PlaceRead(Struct, frozen=True, kw_only=True):
    """What was seen in a region of an account.

    ``subjects`` counts what was looked at by kind: each is compliant, has a finding (be it a waived
    one), or is a launch template ``without_image``, of which nothing can be said. ``baking`` are
    the instances of bakes under way, which are not judged; ``unread`` says what could not be read,
    and why: empty if everything was.
    """

    account: str
    region: str
    subjects: Mapping[str, int] = {}
    compliant: int = 0
    instances_compliant: int = 0
    without_image: int = 0
    findings: int = 0
    approved_images: tuple[str, ...] = ()
    baking: int = 0
    unread: tuple[str, ...] = ()

    @property
    def instances(self) -> int:
        """How many instances were judged."""
        return self.subjects.get("instance", 0)

    @property
    def where(self) -> str:
        """The place, as reports name it."""
        return f"{self.account}/{self.region}"


class ImageUse(Struct, frozen=True, kw_only=True):
    """An image that something runs or will launch, and how it was judged.

    ``golden`` is which golden image and version it is, as far as it is one.
    """

    region: str
    image: ImageSeen
    golden: str = ""
    subjects: int = 0
    instances: int = 0
    compliant: int = 0
    findings: Mapping[str, int] = {}
    worst: Severity | None = None


class RuleBroken(Struct, frozen=True, kw_only=True):
    """A rule that found something: what it means, what to do, and how often it was broken."""

    id: str
    title: str
    severity: Severity
    explanation: str
    fix: str
    controls: tuple[str, ...]
    findings: int


class Since(Struct, frozen=True, kw_only=True):
    """The comparison with an earlier audit: how many findings are new, still open and fixed.

    ``fixed_findings`` are named as ``account/region/kind/id/rule``; ``unknown`` of the earlier
    findings lie where this audit could not look. ``read_again`` are places that could not be read
    then, and were now.
    """

    at: datetime
    new: int
    open: int
    fixed: int
    unknown: int
    fixed_findings: tuple[str, ...] = ()
    read_again: tuple[str, ...] = ()


class ReleaseRead(Struct, frozen=True, kw_only=True):
    """The release file that said what counts as golden and what is waived: its name and SHA-256."""

    name: str
    sha256: str


class Audit(Struct, frozen=True, kw_only=True):
    """One audit, but for its findings. ``complete`` is false if anything could not be read.

    ``rules_asked`` are the rules that could have found something; the others say nothing.
    ``release`` is None if no release file was given.
    """

    schema: Literal["goldenami.audit/v1"] = "goldenami.audit/v1"
    tool: str
    at: datetime
    account: str
    source: str
    complete: bool
    places: tuple[PlaceRead, ...]
    images: tuple[ImageUse, ...] = ()
    rules: tuple[RuleBroken, ...] = ()
    rules_asked: tuple[str, ...] = ()
    approved_by_list: tuple[str, ...] = ()
    release: ReleaseRead | None = None
    open_findings: int = 0
    waived_findings: int = 0
    waivers_expired: tuple[Waiver, ...] = ()
    waivers_unused: tuple[Waiver, ...] = ()
    since: Since | None = None

    @property
    def instances(self) -> int:
        """How many instances were judged."""
        return sum(place.instances for place in self.places)

    @property
    def subjects(self) -> int:
        """How much was judged in all."""
        return sum(sum(place.subjects.values()) for place in self.places)

    @property
    def compliant(self) -> int:
        """How many instances have no finding at all."""
        return sum(place.instances_compliant for place in self.places)

    @property
    def without_image(self) -> int:
        """How many launch templates name no image: neither compliant nor a finding."""
        return sum(place.without_image for place in self.places)

    @property
    def baking(self) -> int:
        """How many instances belong to bakes under way, and were not judged."""
        return sum(place.baking for place in self.places)

    @property
    def unread(self) -> tuple[PlaceRead, ...]:
        """The places that could not be read, wholly or in part."""
        return tuple(place for place in self.places if place.unread)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that were looked at."""
        return tuple(dict.fromkeys(place.account for place in self.places))

    @property
    def resolved(self) -> tuple[str, ...]:
        """What an earlier audit reported and is resolved: by the ids that reports give it."""
        if self.since is None:
            return ()
        again = (f"{resource}/{UNREAD}" for resource in self.since.read_again)
        return (*self.since.fixed_findings, *again)

    @property
    def by_severity(self) -> dict[Severity, int]:
        """How many open findings there are of each severity, the worst first."""
        counts = dict.fromkeys(Severity, 0)
        for rule in self.rules:
            counts[rule.severity] += rule.findings
        return {severity: count for severity, count in counts.items() if count}


FindingLine = Callable[[Finding], str]
"""What a finding is in a report that has a line for each."""


class Document(Struct, frozen=True):
    """An audit with its findings, which are read from where they are kept each time.

    Where they are kept as ``lines``, several in a text, they cannot be read.
    """

    audit: Audit
    findings: Iterable[Finding]
    waived: Iterable[Waived]
    lines: Callable[[], Iterable[str]] | None = None


class Saved(Audit, frozen=True, kw_only=True):
    """A document as it is read back from a file; ``digest`` ends it, and is empty in old ones."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...] = ()
    digest: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its findings."""
        return frozenset(finding.key for finding in self.findings)
