"""`goldenami rollback`: a channel names again what it named before; that is made launchable first.

What is restored to that end was approved once: the record of its build says by whom.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import dropwhile, takewhile

from msgspec import Struct

from goldenami.aws import regions
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.check_result import CheckResult
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.domain.status import Status
from goldenami.errors import RefusedError, UsageError
from goldenami.workflows.lifecycle import launchable, pointers, refreshing, releases, uses
from goldenami.workflows.lifecycle.channels import Versions
from goldenami.workflows.lifecycle.disabling import DISABLED
from goldenami.workflows.lifecycle.launchable import Launchable
from goldenami.workflows.lifecycle.pointers import Pointer, Pointers
from goldenami.workflows.lifecycle.promotion import (
    ELSEWHERE,
    PERMISSIONS,
    Moving,
    checked,
    fitting,
    of_channel,
    present,
)
from goldenami.workflows.lifecycle.refreshing import Refreshed
from goldenami.workflows.lifecycle.releases import Releases, Version
from goldenami.workflows.lifecycle.run import LifecycleRun
from goldenami.workflows.lifecycle.transition import refuse_illegal, restored

RESTORABLE = (Status.APPROVED, Status.DEPRECATED, Status.DISABLED)
"""What can be made launchable; a revoked version never is by a rollback."""
REFRESHING = (*refreshing.PERMISSIONS, *uses.PERMISSIONS)
"""What moving what launches the versions that are left may take."""
_BY_OTHERS = ("", pointers.TAKEN_BACK)
"""The descriptions of versions that no move has written, or one that failed."""
LAUNCHED = ("available", DISABLED)
"""The states of an image that can be launched, or made so."""


class RollbackOrder(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        image: the golden image.
        channel: the channel, empty where there are none.
        to: the version; the newest good one that the channel named before, if empty.
        role: the name of the role in other accounts.
        refresh: whether what launches the versions that are left is moved, too.
        again: returns the command for a version, as the user would give it again.
    """

    image: str
    channel: str = ""
    to: str = ""
    role: str = ""
    refresh: bool = False
    again: Callable[[str], str]


def prepare(aws: Aws, order: RollbackOrder) -> Moving:
    """Look at a channel and its history everywhere, and plan its rollback.

    Raises:
        UsageError: there is no such version, or no such channel.
        RefusedError: nothing good was there before, or the version is not good.
        IncompleteError: a place could not be read.
        GoldenamiError: a parameter cannot be written.
    """
    every = releases.read(aws, order.image, role=order.role)
    every.complete(f"rolling {order.image} back")
    there = pointers.read(aws, every, role=order.role)
    there.complete(f"rolling {order.image} back")
    chosen, versions = _channel(there, order), Versions(every)
    target = _to(every, there, chosen, versions, order) if order.to else None
    target = target or _before(every, chosen, versions)
    moves = fitting(chosen, target)
    opening = launchable.launchable(aws, target)
    behind = {
        name
        for each in chosen
        for name in left_behind(
            [versions.of(each, entry.value).version for entry in each.history], target.version
        )
    }
    leaving = tuple(each for each in every.versions.values() if each.version in behind)
    preparing = (*opening.actions, *_restored(aws, target, leaving, opening))
    actions = pointers.moving(target, moves, after=[each.id for each in preparing])
    refreshes = REFRESHING if order.refresh else ()
    plan = Plan(
        title=f"roll {order.channel or order.image} back to {target.name}",
        actions=(*preparing, *actions),
        notes=(
            *present(every, moves),
            *(() if order.refresh else (_staying(each) for each in leaving)),
        ),
        checks=(*PERMISSIONS, *launchable.PERMISSIONS, *refreshes),
        elsewhere=(*ELSEWHERE, *launchable.ELSEWHERE, *refreshes),
        checked=checked(aws, moves) + CheckResult(unknown=opening.unknown),
    )
    run = LifecycleRun.of(aws, target, order.again(target.version))
    return Moving(run=run, version=target, moves=moves, plan=plan, leaving=leaving)


def left_behind(names: Sequence[str], target: str) -> list[str]:
    """Return the versions that a parameter has named since it named the target.

    Args:
        names: what it has named, the newest first; a rollback that is done begins with the target.
        target: what it goes back to, or has gone back to.
    """
    later = dropwhile(lambda name: name == target, names)
    return [name for name in takewhile(lambda name: name != target, later) if name]


def refresh(aws: Aws, moving: Moving, *, role: str = "", tell: Tell = silent) -> Refreshed:
    """Move what launches the versions that a rollback leaves, and wait until it is replaced.

    What could not be read is a failure, for something may launch them there.

    Raises:
        InterruptedRunError: Ctrl-C; the same command goes on.
    """
    refreshed = Refreshed()
    for version in moving.leaving:
        places = uses.places_of(aws, regions.enabled(aws), version.images)
        using = uses.read(aws, version.images, places)
        refreshed = refreshed.also(
            refreshing.whole(aws, version, moving.version.version, using, role=role, tell=tell)
        )
        if using.unread:
            error = releases.incomplete(using.unread, f"looking for what launches {version.name}")
            refreshed = refreshed.also(Refreshed(failures=(error,)))
    return refreshed


def _staying(version: Version) -> str:
    return (
        f"what runs {version.name} goes on, and what names its images itself: --refresh moves "
        f"templates and groups, and `goldenami revoke {version.image} {version.version}` takes it "
        "out of use"
    )


def _channel(there: Pointers, order: RollbackOrder) -> tuple[Pointer, ...]:
    """Return the parameters of the channel.

    Raises:
        UsageError: there is none of that name, or it has to be named.
        RefusedError: they name nothing.
    """
    channels = there.publication.channels if there.publication else ()
    if order.channel:
        of_channel(there, order.image, order.channel)
    elif len(channels) > 1:
        raise UsageError(
            f"{order.image} has several channels", fix=f"--channel: one of {', '.join(channels)}"
        )
    chosen = there.of_channel(order.channel or next(iter(channels), ""))
    if not any(each.value for each in chosen):
        raise RefusedError(
            f"{order.channel or order.image} names nothing that could be rolled back",
            fix=f"`goldenami channels {order.image}` lists what there is",
        )
    return chosen


def _to(
    every: Releases,
    there: Pointers,
    chosen: Sequence[Pointer],
    versions: Versions,
    order: RollbackOrder,
) -> Version:
    """Return the version that was chosen.

    Raises:
        UsageError: there is no such version.
        RefusedError: it is not good, or a restricted channel has never named it.
    """
    target = every.version(order.to)
    if fault := unusable(every, target):
        raise RefusedError(
            f"{target.name} is not what {order.channel or order.image} can be rolled back to: "
            f"{fault}",
            fix="another version may do; `goldenami restore` brings back what is to be used again",
        )
    restricted = there.publication.restricted if there.publication else ()
    had = {versions.of(each, entry.value).version for each in chosen for entry in each.history}
    if order.channel in restricted and target.version not in had:
        raise RefusedError(
            f"{order.channel} is restricted, and has never named {target.name}",
            fix="`goldenami promote` takes it there from the channel before",
        )
    return target


def _before(every: Releases, chosen: Sequence[Pointer], versions: Versions) -> Version:
    """Return the newest good version that a channel named before the present one.

    A rollback that was interrupted comes to its end first.

    Raises:
        RefusedError: there is none; the notes say why each is not.
    """
    if begun := next((each for each in chosen if unfinished(each, versions)), None):
        return every.version(versions.of(begun, begun.value).version)
    histories = [
        [(each.last_modified_date, versions.of(pointer, each.value).version)
         for each in pointer.history]
        for pointer in chosen
    ]  # fmt: skip
    earlier = [
        every.versions[name]
        for name in before(histories, list(every.versions))
        if name in every.versions
    ]
    faults = {each.version: _fault_of_all(every, each, chosen) for each in earlier}
    usable = [each for each in earlier if not faults[each.version]]
    if best := next((each for each in usable if each in every.good()), next(iter(usable), None)):
        return best
    raise RefusedError(
        f"nothing that {chosen[0].channel or every.image} named before can be launched everywhere, "
        "and nothing was changed",
        notes=[f"{name}: {fault}" for name, fault in faults.items()],
        fix="--to names another version; or bake a good one",
    )


def unfinished(pointer: Pointer, versions: Versions) -> bool:
    """Tell whether a parameter was moved back, and has not got its label yet, which is the end."""
    version = versions.of(pointer, pointer.value).version
    if not version or pointer.history[0].labels or pointer.history[0].description in _BY_OTHERS:
        return False
    return version in [versions.of(pointer, each.value).version for each in pointer.history[1:]]


def before(histories: Iterable[Sequence[tuple[datetime, str]]], order: Sequence[str]) -> list[str]:
    """Return the versions that a channel named before the present one, the last ones first.

    The present version is the newest that one of the places names. A version that came back by a
    rollback was there before what it came back from: so the next rollback goes further back.

    Args:
        histories: what each place named, the newest first: when from, and the version, empty if it
            is not known.
        order: all versions, the newest first.
    """
    several = [list(history) for history in histories]
    heads = {history[0][1] for history in several if history}
    current = next((name for name in order if name in heads), "")
    last_named: dict[str, datetime] = {}
    for history in several:
        names = [name for _, name in history]
        first = len(names) - names[::-1].index(current) if current and current in names else 0
        for when, name in history[first:]:
            if name and name != current:
                last_named[name] = max(when, last_named.get(name, when))
    return sorted(last_named, key=lambda name: last_named[name], reverse=True)


def _fault_of_all(every: Releases, version: Version, chosen: Sequence[Pointer]) -> str:
    """Say why a version cannot be what parameters name, empty if it can."""
    without = pointers.choose(chosen, version).without
    if without:
        return f"it has no image for {', '.join(each.title for each in without)}"
    return unusable(every, version)


def unusable(every: Releases, version: Version) -> str:
    """Say why a version can neither be launched nor be made launchable, empty if it can.

    Args:
        every: the releases of its golden image.
        version: the version.
    """
    if not version.images:
        return "it has no image any more"
    if version.status not in RESTORABLE:
        changes = [each.produced.change for each in version.images if each.produced.change]
        return changes[0].words if changes else f"it is {version.status or 'of no status'}"
    lost = [each.image for each in version.images if each.image.state not in LAUNCHED]
    if lost:
        return ", ".join(f"{image.id} is {image.state}" for image in lost)
    if version in every.good():
        return ""
    if wrong := [
        each.image.id for each in version.images if not _approved_once(version, each.image.tags)
    ]:
        return f"nothing proves that {', '.join(wrong)} was approved"
    return ""


def _approved_once(version: Version, written: Mapping[str, str]) -> bool:
    """Tell whether the record of an image's build knows who has approved it."""
    build = version.builds.get(written.get(tags.BUILD, ""))
    return build is not None and bool(build.recorded.record.approver)


def _restored(
    aws: Aws, target: Version, leaving: Iterable[Version], opening: Launchable
) -> Iterator[Action]:
    """Yield what approves a version again that is not, and what lists its snapshots then.

    Raises:
        RefusedError: it cannot be approved again.
    """
    refuse_illegal(target, Status.APPROVED, restoring=True)
    names = ", ".join(each.version for each in leaving)
    change = Change(
        status=Status.APPROVED,
        by=aws.caller,
        at=moment(datetime.now(UTC)),
        why=f"rolled back to{f' from {names}' if names else ''}"[: tags.VALUE_LENGTH],
    )
    after = [each.id for each in opening.actions]
    approved = restored(target, change, after=after)
    yield from approved
    ids = (*after, *(each.id for each in approved))
    yield from (each.following(*ids) for each in opening.listing)
