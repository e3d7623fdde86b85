"""`goldenami retire`: a version goes step by step, if nothing uses it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, structs

from goldenami.aws import recycle_bin, regions
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan
from goldenami.domain.retention import RUNGS, Rung
from goldenami.domain.status import Status
from goldenami.errors import RefusedError
from goldenami.workflows.lifecycle import guard, pointers, releases, uses
from goldenami.workflows.lifecycle.deprecation import next_good
from goldenami.workflows.lifecycle.guard import Guarded, Watch
from goldenami.workflows.lifecycle.ladder import STATUS, Climber, recorded
from goldenami.workflows.lifecycle.pointers import Pointers
from goldenami.workflows.lifecycle.releases import Version
from goldenami.workflows.lifecycle.run import CHECKS, LifecycleRun
from goldenami.workflows.lifecycle.transition import refuse_illegal

PERMISSIONS = (
    *releases.PERMISSIONS, *CHECKS, *pointers.PERMISSIONS, *guard.PERMISSIONS,
    *recycle_bin.PERMISSIONS,
)  # fmt: skip
"""What looking takes."""
ELSEWHERE = (
    *releases.ELSEWHERE, *pointers.PERMISSIONS, *guard.ELSEWHERE, *recycle_bin.PERMISSIONS,
)  # fmt: skip
"""What that takes of a role of another account."""
GOING = (Status.APPROVED, Status.DEPRECATED, Status.DISABLED, Status.REVOKED, Status.RETIRED)
"""The statuses from which a version can go."""


class RetirementOrder(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        command: the command, as the user would give it again.
        at_once: whether all steps are taken now.
        grace: how long a version waits between two steps.
        idle: how long its images may not have been launched.
        why: the reason.
        role: the name of the role in other accounts.
    """

    command: str
    at_once: bool = False
    grace: timedelta = timedelta(days=14)
    idle: timedelta = timedelta(days=14)
    why: str = ""
    role: str = ""


class Retirement(Struct, frozen=True, kw_only=True):
    """A retirement that was checked and can start.

    ``status`` is what the version is afterwards; its own if nothing is to be done.
    """

    run: LifecycleRun
    version: Version
    plan: Plan
    status: Status


def prepare(aws: Aws, image: str, version: str, order: RetirementOrder) -> Retirement:
    """Look at a version and at all that could use it, and plan its next step.

    Raises:
        UsageError: there is no such version.
        RefusedError: something uses it, or it cannot go from its status.
        IncompleteError: something could not be read.
    """
    every = releases.read(aws, image, role=order.role)
    every.complete(f"retiring {image} {version}")
    chosen = every.version(version)
    there = recorded(chosen)
    if there not in GOING:
        raise RefusedError(
            f"{chosen.name} is {there or 'of no status'}: it was never released",
            fix=f"take it back with `goldenami revoke {image} {version}`, then retire it",
        )
    seen = pointers.read(aws, every, role=order.role)
    seen.complete(f"retiring {chosen.name}")
    now = datetime.now(UTC)
    good = next_good(every, chosen)
    climber = Climber(
        version=chosen,
        change=Change(status=there, by=aws.caller, at=moment(now), why=order.why, successor=good),
        now=now,
        naming=() if good else seen.naming(chosen),
    )
    rungs, waits = _rungs(climber, order)
    for rung in rungs[:1]:
        refuse_illegal(chosen, STATUS[rung])
    planned = {version: steps(climber, rungs)}
    guarded = watch(aws, [chosen], seen, order, planned, now, climber.naming)[version]
    guarded.refuse(chosen.name)
    refuse_lost_shares(chosen, guarded, rungs)
    climber, notes = binning(aws, climber, rungs)
    return Retirement(
        run=LifecycleRun.of(aws, chosen, order.command),
        version=chosen,
        plan=Plan(
            title=f"retire {chosen.name}" + (f": {', '.join(rungs)}" if rungs else ""),
            actions=steps(climber, rungs),
            notes=(*waits, *notes, *(f"left alone: {each}" for each in every.left_alone)),
            checks=PERMISSIONS,
            elsewhere=ELSEWHERE,
        ),
        status=STATUS[rungs[-1]] if rungs and not climber.cooling else there,
    )


def _rungs(climber: Climber, order: RetirementOrder) -> tuple[list[Rung], list[str]]:
    """Return the steps that are taken now, and what the next one waits for."""
    remaining = [rung for rung in RUNGS if climber.step(rung)]
    if order.at_once or not remaining:
        return remaining, []
    first = remaining[0]
    if first is Rung.DEPRECATE or recorded(climber.version) is STATUS[first]:
        return [first], []
    since = climber.since(first)
    if since is None:
        why = f"since when it is {recorded(climber.version)} is not recorded: --now goes on"
        return [], [why]
    if climber.now < since + order.grace:
        return [], [f"{first}: not before {since + order.grace:%Y-%m-%d %H:%M} UTC (--now: now)"]
    return [first], []


def steps(climber: Climber, rungs: Iterable[Rung]) -> tuple[Action, ...]:
    """Return the actions of several steps, one after the other."""
    actions: list[Action] = []
    for rung in rungs:
        actions += climber.step(rung, after=[action.id for action in actions])
    return tuple(actions)


def watch(
    aws: Aws,
    versions: Sequence[Version],
    seen: Pointers,
    order: RetirementOrder,
    planned: Mapping[str, Sequence[Action]],
    now: datetime,
    unpublished: Sequence[pointers.Pointer] = (),
) -> Mapping[str, Guarded]:
    """Let the guard look at versions before the steps that they are to take."""
    names = [*uses.parameters_of(versions), *(each.name for each in seen.every)]
    watched = Watch(
        regions=regions.enabled(aws),
        published=tuple(dict.fromkeys(names)),
        unpublished={(str(each.place), each.name) for each in unpublished},
        idle=order.idle,
        steps=planned,
    )
    return guard.look(aws, versions, watched, now)


def refuse_lost_shares(version: Version, guarded: Guarded, rungs: Iterable[Rung]) -> None:
    """See to it that whom an image is shared with is kept somewhere before it is disabled.

    Raises:
        RefusedError: no manifest has the image.
    """
    listed = {placed.image_id for kept in version.manifests for placed in kept.manifest.images}
    lost = {use.image for use in guarded.consumers} - listed
    if lost and Rung.DISABLE in rungs:
        raise RefusedError(
            f"{', '.join(sorted(lost))} of {version.name} is shared, and no manifest has it, so "
            "that its shares would be lost",
            fix="note them (`aws ec2 describe-image-attribute --attribute launchPermission`), and "
            "take them off",
        )


def binning(aws: Aws, climber: Climber, rungs: Iterable[Rung]) -> tuple[Climber, list[str]]:
    """Return who goes with what the Recycle Bin will keep of it, and say it."""
    if Rung.DEREGISTER not in rungs:
        return climber, []
    if cooling := climber.cooling:
        return climber, [
            f"the protection of {', '.join(cooling)} has a cooldown: it is taken off now, and the "
            "image can be deregistered 24 hours later, by the same command"
        ]
    places = dict.fromkeys(each.place for each in climber.version.images)
    kinds = (recycle_bin.IMAGES, recycle_bin.SNAPSHOTS)
    rules, errors = concurrently(
        places, lambda place: [recycle_bin.rules(aws.at(place), kind) for kind in kinds]
    )
    notes = [
        f"what the Recycle Bin in {place} keeps is not known: {error.message}"
        for place, error in errors.items()
    ]
    binned = []
    for each in climber.version.images:
        if each.place not in rules:
            continue
        image, snapshot = (recycle_bin.days(some, each.image.tags) for some in rules[each.place])
        binned += [each.image.id] if image else []
        notes.append(_kept(each.image.id, str(each.place), image, snapshot, climber.now))
    return structs.replace(climber, binned=tuple(binned)), notes


def _kept(image: str, place: str, days: int, snapshot_days: int, now: datetime) -> str:
    """Say how long an image can be restored: no longer than its snapshots."""
    usable = min(days, snapshot_days)
    if usable:
        last = now + timedelta(days=usable)
        return f"the Recycle Bin in {place} keeps {image} until {last:%Y-%m-%d}"
    if days or snapshot_days:
        part = "its snapshots" if days else "the image itself"
        return f"{image} in {place} is gone for good: the Recycle Bin keeps all but {part}"
    return f"{image} in {place} is gone for good: no rule of the Recycle Bin keeps it"
