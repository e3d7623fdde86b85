"""What older versions of a golden image are due for, by the rules of its release file.

Versions age from the moment at which a newer one was approved; a revoked one, from its revocation.
Each is due for one step of the ladder at a time, so that nothing goes in one night that was in use
the day before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from goldenami.domain.status import Status

STEP = timedelta(days=1)
"""The least time between two steps: EC2 tells of a launch a day later."""


class Rung(StrEnum):
    """The steps by which a version goes, in their order."""

    DEPRECATE = "deprecate"
    DISABLE = "disable"
    DEREGISTER = "deregister"


RUNGS = tuple(Rung)
_STEPS: dict[Status, tuple[Rung, ...]] = {
    Status.APPROVED: RUNGS,
    Status.DEPRECATED: RUNGS[1:],
    Status.DISABLED: RUNGS[2:],
    Status.REVOKED: RUNGS[2:],
}
"""What is left of the ladder, by status; nothing for all others."""


class RetentionRules(Struct, frozen=True, kw_only=True):
    """What stays, and when the rest goes.

    Args:
        keep: how many of the newest approved versions stay, whatever their age; one always does.
        keep_for: how long a version stays at least.
        deprecate_after: when it is deprecated, counted from when it was superseded; None if never.
        disable_after: the same, when it is disabled.
        delete_after: the same, when it is deregistered.
        tags: one of these tags, key and value, keeps a version.
        shared_with: being shared with one of these accounts keeps it.
        launched_within: a launch within this time keeps it; what was never launched counts as
            launched when it was made.
    """

    keep: int = 1
    keep_for: timedelta = timedelta()
    deprecate_after: timedelta | None = None
    disable_after: timedelta | None = None
    delete_after: timedelta | None = None
    tags: tuple[tuple[str, str], ...] = ()
    shared_with: frozenset[str] = frozenset()
    launched_within: timedelta = timedelta()

    def after(self, rung: Rung) -> timedelta | None:
        """Return when a step is due, counted from when a version was superseded."""
        match rung:
            case Rung.DEPRECATE:
                return self.deprecate_after
            case Rung.DISABLE:
                return self.disable_after
        return self.delete_after


class AgedVersion(Struct, frozen=True, kw_only=True):
    """A version, as far as rules look at it.

    Args:
        version: its name.
        status: its status; None if it has none.
        superseded: when a newer one was approved, or it was revoked; None if that is not so, or not
            known.
        deprecated: when EC2 deprecates its images, in the past or the future; None if it does not.
        changed: when its status changed last; None if that is not known.
        named_by: the parameters, channels among them, that name one of its images.
        tags: the tags of its images, keys and values.
        shared_with: with whom its images are shared.
        launched: when one of its images was launched last, or made.
    """

    version: str
    status: Status | None
    superseded: datetime | None = None
    deprecated: datetime | None = None
    changed: datetime | None = None
    named_by: tuple[str, ...] = ()
    tags: frozenset[tuple[str, str]] = frozenset()
    shared_with: frozenset[str] = frozenset()
    launched: datetime | None = None


class Due(Struct, frozen=True, kw_only=True):
    """What a version is due for.

    Args:
        version: its name.
        rung: the next step; None if it stays as it is.
        why: why it stays, or is due.
    """

    version: str
    rung: Rung | None
    why: str


def due(rules: RetentionRules, versions: Sequence[AgedVersion], now: datetime) -> list[Due]:
    """Return what each version is due for, or why it stays.

    Args:
        rules: the rules.
        versions: the versions, the newest first.
        now: the time.
    """
    approved = [each.version for each in versions if each.status is Status.APPROVED]
    newest = approved[: max(1, rules.keep)]
    return [_due(rules, each, newest, now) for each in versions]


def _due(rules: RetentionRules, version: AgedVersion, newest: Sequence[str], now: datetime) -> Due:
    steps = _STEPS.get(version.status, ()) if version.status else ()
    if not steps:
        why = f"it is {version.status or 'of no status'}"
        return Due(version=version.version, rung=None, why=why)
    if why := next(_kept(rules, version, newest, now), ""):
        return Due(version=version.version, rung=None, why=why)
    assert version.superseded is not None  # noqa: S101  else it is kept
    ages = {rung: age for rung in steps if (age := rules.after(rung)) is not None}
    times = {rung: version.superseded + age for rung, age in ages.items()}
    if version.deprecated and Rung.DEPRECATE in steps:
        times[Rung.DEPRECATE] = version.deprecated
    if any(time <= now for time in times.values()):
        if version.changed and now < version.changed + STEP:
            why = f"it is {version.status} for less than a day"
            return Due(version=version.version, rung=None, why=why)
        why = f"superseded {version.superseded:%Y-%m-%d}"
        return Due(version=version.version, rung=steps[0], why=why)
    if not times:
        why = f"no rule is for what is {version.status}"
        return Due(version=version.version, rung=None, why=why)
    rung, time = min(times.items(), key=lambda item: item[1])
    return Due(version=version.version, rung=None, why=f"not before {time:%Y-%m-%d}: {rung}")


def _kept(
    rules: RetentionRules, version: AgedVersion, newest: Sequence[str], now: datetime
) -> Iterator[str]:
    """Yield why a version stays, whatever its age."""
    if version.version in newest:
        of = f"of the {len(newest)} newest" if rules.keep > 1 else "the newest"
        yield f"it is {of} approved" + (" ones" if rules.keep > 1 else " one")
    if version.named_by:
        yield f"named by {', '.join(version.named_by)}"
    if version.superseded is None:
        yield "when it was superseded is not known, or no newer one is approved"
    elif now < version.superseded + rules.keep_for:
        yield f"kept until {version.superseded + rules.keep_for:%Y-%m-%d}"
    if on := [f"{key}={value}" for key, value in rules.tags if (key, value) in version.tags]:
        yield f"it is tagged {', '.join(on)}"
    if consumers := sorted(rules.shared_with & version.shared_with):
        yield f"it is shared with {', '.join(consumers)}"
    if rules.launched_within:
        if version.launched is None:
            yield "when it was launched last is not known"
        elif now < version.launched + rules.launched_within:
            yield f"launched, or made, {version.launched:%Y-%m-%d}"
