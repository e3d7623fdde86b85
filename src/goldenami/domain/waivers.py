"""Waivers: findings that somebody accepted, for a reason, until a day."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from msgspec import Struct

from goldenami import yamlfile
from goldenami.domain.verdict import Finding
from goldenami.errors import SpecError


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One waiver. It covers what all its given conditions match, through the day it expires.

    ``tag`` is ``Key=Value`` of the instance; ``rule`` limits it to one rule.
    """

    owner: str
    reason: str
    expires: date
    instance: str | None = None
    image: str | None = None
    account: str | None = None
    tag: str | None = None
    rule: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Tell whether it matches a finding, whatever its date."""
        instance = finding.instance
        conditions = (
            (self.instance, instance.id),
            (self.image, instance.image_id),
            (self.account, instance.account),
            (self.rule, finding.rule),
        )
        if any(wanted is not None and wanted != has for wanted, has in conditions):
            return False
        if self.tag is None:
            return True
        key, _, value = self.tag.partition("=")
        return instance.tags.get(key) == value

    @property
    def says(self) -> str:
        """What it covers, for people: ``instance i-…``."""
        kinds = ("instance", "image", "account", "tag", "rule")
        return ", ".join(f"{kind} {one}" for kind in kinds if (one := getattr(self, kind)))


class WaiverFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file ``waivers.yaml``."""

    schema: Literal["goldenami.waivers/v1"]
    waivers: tuple[Waiver, ...] = ()


class Waived(Struct, frozen=True, kw_only=True):
    """A finding and the waiver that covers it."""

    finding: Finding
    waiver: Waiver


class Sorted(Struct, frozen=True, kw_only=True):
    """Findings after the waivers: what counts, what is waived, and which waivers need a look."""

    open: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    expired: tuple[Waiver, ...]
    unused: tuple[Waiver, ...]


def load(path: Path) -> tuple[Waiver, ...]:
    """Read a waiver file.

    Raises:
        SpecError: it cannot be read, or a waiver would cover everything.
    """
    file, places = yamlfile.load(path, WaiverFile)
    found = []
    for index, waiver in enumerate(file.waivers):
        where = yamlfile.place(path, places, f"$.waivers[{index}]")
        if not (waiver.instance or waiver.image or waiver.account or waiver.tag):
            found.append(f"{where}: names no instance, image, account or tag")
        if waiver.tag is not None and "=" not in waiver.tag:
            found.append(f"{where}: `{waiver.tag}` is no tag of the form Key=Value")
        if not waiver.reason.strip() or not waiver.owner.strip():
            found.append(f"{where}: needs an owner and a reason")
    if found:
        raise SpecError(found[0], notes=found[1:])
    return file.waivers


def apply(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> Sorted:
    """Sort findings into open and waived. An expired waiver no longer covers anything."""
    still_open, waived = [], []
    used: set[Waiver] = set()
    for finding in findings:
        matching = [one for one in waivers if one.covers(finding)]
        used.update(matching)
        valid = [one for one in matching if one.expires >= today]
        if valid:
            waived.append(Waived(finding=finding, waiver=valid[0]))
        else:
            still_open.append(finding)
    return Sorted(
        open=tuple(still_open),
        waived=tuple(waived),
        expired=tuple(one for one in waivers if one.expires < today),
        unused=tuple(one for one in waivers if one not in used),
    )
