"""When something had an image, as far as inventories tell: they look now and then."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from goldenami.domain.audit.subject import Kind, Subject

Place = tuple[str, str]
"""An account and a region."""


class Stay(Struct, frozen=True, kw_only=True):
    """A time in which a thing had an image.

    Args:
        account: whose it is.
        region: where it is.
        kind: what it is.
        id: its id.
        name: its name.
        launched: when it was launched, if that is known; an instance that was stopped tells its
            last start.
        absent_before: the last look before it in which it was not there, None if nobody had looked.
        first: the first look in which it was there.
        last: the last one.
        absent_after: the first look after it in which it was not there, None if it still is, as far
            as anybody has looked.
    """

    account: str
    region: str
    kind: Kind
    id: str
    name: str = ""
    launched: datetime | None = None
    absent_before: datetime | None = None
    first: datetime
    last: datetime
    absent_after: datetime | None = None

    @property
    def began(self) -> str:
        """When it began, in words: a moment, or two of which nothing between is known."""
        before, launched = self.absent_before, self.launched
        if launched and launched <= self.first and (before is None or launched > before):
            return words(launched)
        return f"{words(before)} … {words(self.first)}" if before else f"before {words(self.first)}"

    @property
    def ended(self) -> str:
        """When it ended, in words."""
        after = self.absent_after
        return f"{words(self.last)} … {words(after)}" if after else f"still at {words(self.last)}"


class Look(Struct, frozen=True, kw_only=True):
    """What one inventory tells of an image.

    Args:
        at: when it was saved.
        there: everything that had the image.
        looked: the kinds of things that were looked at, by place; a place that was not read wholly
            is not among them.
    """

    at: datetime
    there: tuple[Subject, ...]
    looked: Mapping[Place, frozenset[Kind]]


class Gap(Struct, frozen=True):
    """The time between two looks: what came and went within is not known."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin


class Stays:
    """The stays that looks tell of, which are added from the oldest on."""

    def __init__(self) -> None:
        self.ended: list[Stay] = []
        self._open: dict[str, Stay] = {}
        self._looked: dict[tuple[Place, Kind], datetime] = {}
        self._at: datetime | None = None
        self.longest: Gap | None = None

    def add(self, look: Look) -> None:
        """Take in one more look."""
        there = {subject.resource: subject for subject in look.there}
        for resource, stay in list(self._open.items()):
            if resource in there:
                self._open[resource] = replace(stay, last=look.at)
            elif stay.kind in look.looked.get((stay.account, stay.region), ()):
                self.ended.append(replace(self._open.pop(resource), absent_after=look.at))
        for resource, subject in there.items():
            if resource not in self._open:
                self._open[resource] = self._begun(subject, look.at)
        for place, kinds in look.looked.items():
            self._looked |= {(place, kind): look.at for kind in kinds}
        if self._at and (self.longest is None or look.at - self._at > self.longest.length):
            self.longest = Gap(self._at, look.at)
        self._at = look.at

    @property
    def all(self) -> list[Stay]:
        """All of them, by place and thing, the oldest first."""
        every = [*self.ended, *self._open.values()]
        return sorted(every, key=lambda stay: (stay.account, stay.region, stay.first, stay.id))

    def _begun(self, subject: Subject, at: datetime) -> Stay:
        return Stay(
            account=subject.account,
            region=subject.region,
            kind=subject.kind,
            id=subject.id,
            name=subject.name,
            launched=subject.launched,
            absent_before=self._looked.get(((subject.account, subject.region), subject.kind)),
            first=at,
            last=at,
        )


def words(at: datetime) -> str:
    """Return a moment as it is written here."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
