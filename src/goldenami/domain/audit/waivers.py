"""Waivers: findings that somebody accepted, for a reason, until a day."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct

from goldenami.constraints import filled, form, needs
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind

_NEEDED = ("instance", "resource", "image", "account", "tag")
_Filled = Annotated[str, filled("needs an owner and a reason")]


_TAG = re.compile(r"[\s\S]*=[\s\S]*")


def _is_tag(text: str) -> bool:
    return "=" in text


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One waiver. It covers what all its given conditions match, through the day it expires.

    Args:
        owner: who answers for it.
        reason: why the findings are accepted.
        expires: the last day on which it holds.
        instance: the id of an instance.
        resource: the id of anything, such as a launch template.
        image: the id of an image.
        account: the id of an account.
        tag: a tag of the resource, `Key=Value`.
        region: limits it to a region.
        rule: limits it to a rule of the audit.
    """

    owner: _Filled
    reason: _Filled
    expires: date
    instance: str | None = None
    resource: str | None = None
    image: str | None = None
    account: str | None = None
    tag: Annotated[str, form(_is_tag, "tag of the form Key=Value", _TAG)] | None = None
    region: str | None = None
    rule: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Tell whether it matches a finding, whatever its date."""
        subject = finding.subject
        instance = subject.id if subject.kind is Kind.INSTANCE else ""
        conditions = (
            (self.instance, instance),
            (self.resource, subject.id),
            (self.image, subject.image.id),
            (self.account, subject.account),
            (self.region, subject.region),
            (self.rule, finding.rule),
        )
        if any(condition not in (None, value) for condition, value in conditions):
            return False
        if self.tag is None:
            return True
        key, _, value = self.tag.partition("=")
        return subject.tags.get(key) == value

    @property
    def coverage(self) -> str:
        """What it covers, for people: ``instance i-…``."""
        kinds = ("instance", "resource", "image", "account", "tag", "region", "rule")
        return ", ".join(f"{kind} {value}" for kind in kinds if (value := getattr(self, kind)))


_names_something = needs(
    lambda waiver: any(getattr(waiver, kind) for kind in _NEEDED),
    lambda _: f"names no {', '.join(_NEEDED[:-1])} or {_NEEDED[-1]}",
    anyOf=[
        {"required": [kind], "properties": {kind: {"not": {"enum": [None, ""]}}}}
        for kind in _NEEDED
    ],
)


class WaiverFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file ``waivers.yaml``.

    Args:
        schema: which form of the file this is.
        waivers: the findings that are accepted; each names an instance, resource, image, account
            or tag.
    """

    schema: Literal["goldenami.waivers/v1"]
    waivers: tuple[Annotated[Waiver, _names_something], ...] = ()


class Waived(Struct, frozen=True, kw_only=True):
    """A finding and the waiver that covers it."""

    finding: Finding
    waiver: Waiver


def load(path: Path) -> tuple[Waiver, ...]:
    """Read a waiver file.

    Raises:
        SpecError: it cannot be read, or a waiver would cover everything.
    """
    from goldenami import yamlfile  # yaml takes a while, and most runs have no waivers

    return yamlfile.load(path, WaiverFile).waivers


class Waivers:
    """All waivers on a day; it keeps count of which of them matched something."""

    def __init__(self, waivers: Iterable[Waiver], today: date) -> None:
        self._all = tuple(waivers)
        self._today = today
        self._used: set[Waiver] = set()
        self._by_id: dict[str, list[Waiver]] = {}
        self._others: list[Waiver] = []
        for waiver in self._all:
            named = waiver.instance or waiver.resource or waiver.image
            (self._by_id.setdefault(named, []) if named else self._others).append(waiver)

    def waiver_of(self, finding: Finding) -> Waiver | None:
        """Return the waiver that covers a finding; an expired one no longer covers anything."""
        if not self._all:
            return None
        subject = finding.subject
        near = (*self._by_id.get(subject.id, ()), *self._by_id.get(subject.image.id, ()))
        matching = [waiver for waiver in (*near, *self._others) if waiver.covers(finding)]
        self._used.update(matching)
        return next((waiver for waiver in matching if waiver.expires >= self._today), None)

    @property
    def used(self) -> frozenset[Waiver]:
        """Those that matched something."""
        return frozenset(self._used)

    def use(self, waivers: Iterable[Waiver]) -> None:
        """Note that these matched something elsewhere."""
        self._used.update(waivers)

    @property
    def expired(self) -> tuple[Waiver, ...]:
        """Those whose day has passed."""
        return tuple(waiver for waiver in self._all if waiver.expires < self._today)

    @property
    def unused(self) -> tuple[Waiver, ...]:
        """Those that matched nothing: mistyped, or done with."""
        return tuple(waiver for waiver in self._all if waiver not in self._used)
