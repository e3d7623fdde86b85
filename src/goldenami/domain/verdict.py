"""The rules: what is wrong with an instance, seen from the image it runs.

One function a rule; each says what it holds against the instance, or None. Pure: no AWS here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from goldenami.domain.tags import Tags


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Instance(Struct, frozen=True, kw_only=True):
    """One instance and what is known of its image.

    ``image_state`` is ``deregistered`` if the image is gone; ``image_owner`` is then unknown.
    """

    region: str
    id: str
    state: str
    account: str
    image_id: str
    name: str = ""
    image_name: str = ""
    image_owner: str = ""
    image_state: str = ""
    image_deprecated_at: datetime | None = None
    launched: datetime | None = None
    tags: Tags = {}


class Approved(Struct, frozen=True, kw_only=True):
    """What counts as golden.

    Args:
        produced: the ids of the approved produced images, by region.
        listed: image ids that are approved by a list, wherever they are.
        owners: accounts that own golden images: the audited one, and others it trusts. The images
            of the others count as golden (their tags cannot be seen from here).
        account: the audited account.
        at: the time deprecation is judged at.
    """

    produced: Mapping[str, frozenset[str]]
    listed: frozenset[str]
    owners: frozenset[str]
    account: str
    at: datetime

    @property
    def empty(self) -> bool:
        """Tell whether nothing at all is approved."""
        return not self.listed and not any(self.produced.values()) and self.owners <= {self.account}

    def golden(self, instance: Instance) -> bool:
        """Tell whether the instance's image is one of the approved."""
        image = instance.image_id
        trusted = instance.image_owner in self.owners - {self.account}
        return image in self.listed or image in self.produced.get(instance.region, ()) or trusted


class Rule(Struct, frozen=True, kw_only=True):
    """One rule: its id, how bad a breach is, what to do, and the test."""

    id: str
    severity: Severity
    fix: str
    test: Callable[[Instance, Approved], str | None]


class Finding(Struct, frozen=True, kw_only=True):
    """One breach of one rule by one instance."""

    rule: str
    severity: Severity
    instance: Instance
    reason: str
    fix: str


def judge(instance: Instance, approved: Approved) -> list[Finding]:
    """Return everything the rules hold against an instance; an empty list is compliance."""
    return [
        Finding(
            rule=rule.id, severity=rule.severity, instance=instance, reason=reason, fix=rule.fix
        )
        for rule in RULES
        if (reason := rule.test(instance, approved))
    ]


def _known(instance: Instance) -> bool:
    return instance.image_state != "deregistered" and bool(instance.image_owner)


def _wrong_owner(instance: Instance, approved: Approved) -> str | None:
    if approved.golden(instance) or not _known(instance):
        return None
    if instance.image_owner in approved.owners:
        return None
    return f"the image belongs to {instance.image_owner}, which is no owner of golden images"


def _unapproved(instance: Instance, approved: Approved) -> str | None:
    if approved.golden(instance) or not _known(instance):
        return None
    if instance.image_owner not in approved.owners:
        return None  # the owner is what is wrong with it
    return "the image is the account's own, but no release produced and approved it"


def _gone(instance: Instance, approved: Approved) -> str | None:
    if _known(instance):
        return None
    note = " (its id is on the approved list)" if instance.image_id in approved.listed else ""
    return f"the image no longer exists, so nobody can tell what it held{note}"


def _disabled(instance: Instance, _: Approved) -> str | None:
    if instance.image_state != "disabled":
        return None
    return "the image is disabled: nothing new can be launched from it"


def _deprecated(instance: Instance, approved: Approved) -> str | None:
    at = instance.image_deprecated_at
    if at is None or at > approved.at or not approved.golden(instance):
        return None
    return f"the image is deprecated since {at:%Y-%m-%d}"


RULES = (
    Rule(
        id="wrong-owner",
        severity=Severity.HIGH,
        fix="replace the instance by one launched from a golden image; `goldenami enforce` stops"
        " such launches",
        test=_wrong_owner,
    ),
    Rule(
        id="unapproved-image",
        severity=Severity.HIGH,
        fix="replace the instance by one launched from a golden image, or bake and approve this one"
        " as a release",
        test=_unapproved,
    ),
    Rule(
        id="gone-image",
        severity=Severity.HIGH,
        fix="replace the instance by one launched from a current golden image",
        test=_gone,
    ),
    Rule(
        id="disabled-image",
        severity=Severity.HIGH,
        fix="replace the instance by one launched from the newest version of its image",
        test=_disabled,
    ),
    Rule(
        id="deprecated-image",
        severity=Severity.MEDIUM,
        fix="move the instance to the newest version of its image",
        test=_deprecated,
    ),
)
"""Every rule, in the order findings are listed."""
