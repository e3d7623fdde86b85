"""`goldenami prune`: older versions go by the rules of the release file, a step at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from goldenami.aws import sharing
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan
from goldenami.domain.retention import RUNGS, AgedVersion, Due, RetentionRules, Rung, due
from goldenami.domain.status import Status
from goldenami.errors import IncompleteError, RefusedError
from goldenami.spec import ReleaseFile
from goldenami.workflows.lifecycle import pointers, releases
from goldenami.workflows.lifecycle.guard import Guarded
from goldenami.workflows.lifecycle.ladder import STATUS, Climber, recorded
from goldenami.workflows.lifecycle.pointers import Pointers
from goldenami.workflows.lifecycle.releases import Releases, Version
from goldenami.workflows.lifecycle.retirement import (
    ELSEWHERE,
    PERMISSIONS,
    RetirementOrder,
    binning,
    refuse_lost_shares,
    steps,
    watch,
)
from goldenami.workflows.lifecycle.run import LifecycleRun
from goldenami.workflows.lifecycle.transition import refuse_illegal

SUPERSEDING = (Status.APPROVED, Status.DEPRECATED, Status.DISABLED, Status.RETIRED)
"""The statuses of a newer version that takes the place of an older one."""
WATCHED = (Rung.DISABLE, Rung.DEREGISTER)
"""The steps that nothing may stand in the way of."""


class PrunedVersion(Struct, frozen=True, kw_only=True):
    """A version as a prune sees it: its next step, empty if it stays, and why."""

    image: str
    version: str
    status: str
    step: str
    why: str


class Pruning(Struct, frozen=True, kw_only=True):
    """A prune that was checked and can start.

    Args:
        run: whose life changes; None if there is no version.
        plan: the next step of each version that is due.
        versions: every version, the newest first.
        unknown: what could not be checked, by version.
    """

    run: LifecycleRun | None
    plan: Plan
    versions: tuple[PrunedVersion, ...] = ()
    unknown: Mapping[str, Sequence[str]] = {}

    @property
    def due(self) -> list[PrunedVersion]:
        """The versions that go a step."""
        return [each for each in self.versions if each.step]

    def refuse_unknown(self) -> None:
        """See to it that everything could be checked.

        Raises:
            IncompleteError: something could not be; what it may use has stayed.
        """
        if self.unknown:
            raise IncompleteError(
                f"{len(self.unknown)} versions stay, since not everything could be checked",
                notes=[
                    f"{version}: could not check: {what}"
                    for version, several in self.unknown.items()
                    for what in several
                ],
                fix="give the caller access to these, and run the same command again",
            )


class _Look(Struct, frozen=True, kw_only=True):
    """What there is of a golden image, and what its rules say to that."""

    every: Releases
    seen: Pointers
    dues: Sequence[Due]
    now: datetime


def outlook(aws: Aws, file: ReleaseFile, *, role: str = "") -> list[Due]:
    """Return what a prune would look at next, without looking for uses.

    Raises:
        IncompleteError: something could not be read.
    """
    return [each for each in _look(aws, file, role).dues if each.rung]


def prepare(aws: Aws, file: ReleaseFile, *, command: str, role: str = "") -> Pruning:
    """Look which versions are due for a step, and whether something uses them.

    Raises:
        IncompleteError: the releases, their parameters or their shares could not be read.
    """
    look = _look(aws, file, role)
    every, versions = look.every, look.every.versions
    rules = file.release.lifecycle.rules
    climbers = {name: _climber(aws, look, versions[name]) for name in versions}
    rungs = {each.version: _rung(climbers[each.version], each) for each in look.dues}
    order = RetirementOrder(command=command, idle=rules.launched_within, role=role)
    watched = [versions[name] for name, rung in rungs.items() if rung in WATCHED]
    planned = {name: steps(climbers[name], [rung]) for name, rung in rungs.items() if rung}
    guarded = watch(aws, watched, look.seen, order, planned, look.now) if watched else {}
    actions, notes, pruned = list[Action](), list[str](), list[PrunedVersion]()
    for each in look.dues:
        version, rung = versions[each.version], rungs[each.version]
        kept = _kept(version, guarded.get(each.version, Guarded()), rung)
        going = rung if rung and not kept else None
        if going:
            climber, further = binning(aws, climbers[each.version], [going])
            actions += steps(climber, [going])
            notes += further
        pruned.append(
            PrunedVersion(
                image=every.image,
                version=each.version,
                status=version.status.value if version.status else "",
                step=going.value if going else "",
                why="; ".join(kept) or (each.why if each.rung or not rung else "it was begun"),
            )
        )
    first = next(iter(versions.values()), None)
    return Pruning(
        run=LifecycleRun.of(aws, first, command) if first else None,
        plan=Plan(
            title=f"prune {every.image}",
            actions=tuple(actions),
            notes=(*map(_words, pruned), *notes, *(f"left alone: {x}" for x in every.left_alone)),
            checks=PERMISSIONS,
            elsewhere=ELSEWHERE,
        ),
        versions=tuple(pruned),
        unknown={name: each.unknown for name, each in guarded.items() if each.unknown},
    )


def _words(each: PrunedVersion) -> str:
    return f"{each.version}: {each.step or 'stays'}: {each.why}"


def _kept(version: Version, guarded: Guarded, rung: Rung | None) -> list[str]:
    unknown = [f"could not check: {each}" for each in guarded.unknown]
    if not guarded.content or not rung:
        return [*guarded.reasons, *unknown]
    try:
        refuse_illegal(version, STATUS[rung])
        refuse_lost_shares(version, guarded, [rung])
    except RefusedError as error:
        return [error.with_fix]
    return []


def _rung(climber: Climber, each: Due) -> Rung | None:
    """Return the step that a version takes: the one that was begun, else the one it is due for."""
    begun = (rung for rung in RUNGS if STATUS[rung] is recorded(climber.version))
    return next((rung for rung in begun if climber.step(rung)), each.rung)


def _climber(aws: Aws, look: _Look, version: Version) -> Climber:
    successor = next((each.version for each in look.every.good()), "")
    return Climber(
        version=version,
        change=Change(
            status=version.status or Status.APPROVED,
            by=aws.caller,
            at=moment(look.now),
            why="by the rules of the release file",
            successor=successor,
        ),
        now=look.now,
    )


def _look(aws: Aws, file: ReleaseFile, role: str) -> _Look:
    release = file.release
    purpose = f"pruning {release.image}"
    every = releases.read(aws, release.image, role=role, new=True)
    every.complete(purpose)
    seen = pointers.read(aws, every, role=role)
    seen.complete(purpose)
    rules, now = release.lifecycle.rules, datetime.now(UTC)
    shared = _shared(aws, every, rules)
    newest_first = list(every.versions.values())
    aged = [
        _aged(version, newest_first[:number], seen, shared.get(version.version, frozenset()))
        for number, version in enumerate(newest_first)
    ]
    return _Look(every=every, seen=seen, dues=due(rules, aged, now), now=now)


def _shared(aws: Aws, every: Releases, rules: RetentionRules) -> Mapping[str, frozenset[str]]:
    """Return with whom versions are shared, or were before they were disabled, if a rule asks."""
    if not rules.shared_with:
        return {}
    images = {each.image.id: each for version in every.versions.values() for each in version.images}
    consumers, errors = concurrently(
        images, lambda image: sharing.consumers(aws.at(images[image].place), image)
    )
    releases.refuse_unread({image: error.message for image, error in errors.items()}, "shares")
    return {
        name: frozenset(
            [value for each in version.images for _, value in consumers[each.image.id]]
            + [
                consumer
                for kept in version.manifests
                for placed in kept.manifest.images
                for consumer in placed.shared_with
            ]
        )
        for name, version in every.versions.items()
    }


def _aged(
    version: Version, newer: Sequence[Version], seen: Pointers, shared: frozenset[str]
) -> AgedVersion:
    changes = [datetime.fromisoformat(change.at) for change in version.changes]
    superseding = [
        time for each in newer if recorded(each) in SUPERSEDING and (time := approved_at(each))
    ]
    there = recorded(version)
    revoked = there is Status.REVOKED
    images = [each.image for each in version.images]
    ec2 = [image.deprecated_at for image in images]
    launched = [image.launched or image.created for image in images]
    return AgedVersion(
        version=version.version,
        status=there,
        superseded=(max(changes, default=None) if revoked else min(superseding, default=None)),
        deprecated=max((time for time in ec2 if time), default=None) if all(ec2) else None,
        changed=max(changes, default=None),
        named_by=tuple(pointer.title for pointer in seen.naming(version)),
        tags=frozenset(tag for image in images for tag in image.tags.items()),
        shared_with=shared,
        launched=max((time for time in launched if time), default=None) if all(launched) else None,
    )


def approved_at(version: Version) -> datetime | None:
    """Return when a version was approved, as its records say, or else its manifests."""
    moments = [each.recorded.record.approved_at for each in version.builds.values()]
    moments += [kept.manifest.approval.at for kept in version.manifests if not any(moments)]
    return min((datetime.fromisoformat(each) for each in moments if each), default=None)
