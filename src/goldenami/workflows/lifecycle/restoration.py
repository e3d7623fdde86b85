"""`goldenami restore`: a version comes back, a step at a time, with a reason.

What is in the Recycle Bin comes out of it, its snapshots first. What was retired is then what it
was before: disabled, or revoked, which does not become approved by the way. What is deprecated,
disabled or revoked is made launchable, shared as its manifest says, and approved again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from goldenami.aws import recycle_bin, returning
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.domain.status import STATES, Status
from goldenami.errors import GoldenamiError, IncompleteError, RefusedError
from goldenami.workflows.lifecycle import launchable, releases, transition
from goldenami.workflows.lifecycle.releases import ListedImage, Releases, Version
from goldenami.workflows.lifecycle.run import CHECKS, LifecycleRun
from goldenami.workflows.lifecycle.transition import decided, refuse_illegal, restored
from goldenami.workflows.release import guardrail

PERMISSIONS = (*releases.PERMISSIONS, *CHECKS, *launchable.PERMISSIONS)
ELSEWHERE = (*releases.ELSEWHERE, *launchable.ELSEWHERE)
"""What looking takes of a role of another account."""
FURTHER = (*transition.PERMISSIONS, *launchable.CHANGES)
"""What the steps after the first one may take, which cannot be planned before it."""


class RestorationOrder(Struct, frozen=True, kw_only=True):
    """What is asked for: the version, the reason, the role in other accounts, the command."""

    image: str
    version: str
    why: str
    role: str = ""
    command: str


class Restoration(Struct, frozen=True, kw_only=True):
    """A step of a restoration that was checked and can start.

    Args:
        run: whose life changes.
        version: the version, as it is before.
        plan: the step.
        status: what it is after the step; None after one that only takes it out of the bin.
        further: whether more steps follow.
    """

    run: LifecycleRun
    version: Version
    plan: Plan
    status: Status | None = None
    further: bool = False


class _InBin(Struct, frozen=True, kw_only=True):
    """An image of a version that is gone from its place, with what of it is in the bin there."""

    place: AccountRegion
    image: str
    snapshots: tuple[str, ...]
    has_image: bool


def prepare(aws: Aws, order: RestorationOrder) -> Restoration:
    """Look at a version everywhere, and plan the next step of its restoration.

    Raises:
        UsageError: there is no such version.
        RefusedError: there is nothing to restore, or it is gone for good.
        IncompleteError: a place could not be read.
    """
    every = releases.read(aws, order.image, role=order.role)
    every.complete(f"restoring {order.image} {order.version}")
    version = every.version(order.version)
    if gone := [*_gone(aws, version, order.role)]:
        return _from_bin(aws, order, version, gone)
    return _back(aws, order, every, version)


def carry_out(
    aws: Aws, order: RestorationOrder, first: Restoration, *, tell: Tell = silent
) -> list[ListedImage]:
    """Carry a restoration out, step by step, and read back what came of it.

    Raises:
        GoldenamiError: a step failed, or it is not as it should be; the same command goes on.
        InterruptedRunError: Ctrl-C; the same command goes on.
    """
    step = first
    step.run.carry_out(step.plan, tell=tell)
    while step.further:
        step = prepare(aws, order)
        step.run.carry_out(step.plan, tell=tell)
    every = releases.read(aws, order.image, role=order.role)
    every.complete("reading back what was restored")
    version = every.version(order.version)
    if wrong := [*_wrong(version, step.status)]:
        raise GoldenamiError(
            f"{version.name} was restored, and is not as it should be",
            notes=wrong,
            fix=f"run `{order.command}` again",
        )
    return version.listed()


def _wrong(version: Version, status: Status | None) -> Iterator[str]:
    for each in version.images:
        if each.status != status:
            yield f"{each.image.id} in {each.place.name} is {each.status}, not {status}"
        elif status is Status.APPROVED and each.image.state != "available":
            yield f"{each.image.id} in {each.place.name} is {each.image.state}"


def _gone(aws: Aws, version: Version, role: str) -> Iterator[_InBin]:
    """Yield the images that manifests list and that are not there, with what the bin has of them.

    Raises:
        IncompleteError: a bin could not be read.
    """
    there = {each.image.id for each in version.images}
    missing: dict[AccountRegion, dict[str, tuple[str, ...]]] = {}
    for kept in version.manifests:
        for placed in kept.manifest.images:
            if placed.image_id not in there:
                place = releases.place_of(aws, placed, role)
                missing.setdefault(place, {})[placed.image_id] = placed.snapshots
    if version.status is not Status.RETIRED:
        return
    bins, errors = concurrently(
        missing,
        lambda place: (recycle_bin.images(aws.at(place)), recycle_bin.snapshots(aws.at(place))),
    )
    if errors:
        raise IncompleteError(
            f"what the Recycle Bin has of {version.name} could not be read everywhere",
            notes=[f"{place}: {error.message}" for place, error in errors.items()],
        )
    for place, (images, snapshots) in bins.items():
        for image, of_image in missing[place].items():
            yield _InBin(
                place=place,
                image=image,
                snapshots=tuple(each for each in of_image if each in snapshots),
                has_image=image in images,
            )


def _from_bin(
    aws: Aws, order: RestorationOrder, version: Version, gone: Sequence[_InBin]
) -> Restoration:
    """Plan what takes a version out of the bin.

    Raises:
        RefusedError: an image of it is not there.
    """
    if lost := [f"{each.image} in {each.place}" for each in gone if not each.has_image]:
        raise RefusedError(
            f"{version.name} is gone for good: {', '.join(lost)} is not in the Recycle Bin",
            fix="bake it anew; a retention rule of the Recycle Bin keeps what is deregistered",
        )
    return Restoration(
        run=LifecycleRun.of(aws, version, order.command),
        version=version,
        plan=Plan(
            title=f"take {version.name} out of the Recycle Bin",
            actions=tuple(action for each in gone for action in _taken_out(each)),
            notes=("its status follows, by the same command",),
            checks=(*PERMISSIONS, *recycle_bin.PERMISSIONS, *FURTHER, *guardrail.EXTENDING),
            elsewhere=(*ELSEWHERE, *recycle_bin.PERMISSIONS, *FURTHER),
        ),
        further=True,
    )


def _taken_out(each: _InBin) -> Iterator[Action]:
    """Yield what restores an image: an image whose snapshots are not there cannot be restored."""
    snapshots = [
        Action.at(
            each.place, f"unbin:{each.place.name}:{snapshot}", "ec2:RestoreSnapshotFromRecycleBin",
            f"take {snapshot} out of the Recycle Bin", {"SnapshotId": snapshot},
        )
        for snapshot in each.snapshots
    ]  # fmt: skip
    image = Action.at(
        each.place, f"unbin:{each.place.name}:{each.image}", "ec2:RestoreImageFromRecycleBin",
        f"take {each.image} out of the Recycle Bin", {"ImageId": each.image},
        after=tuple(action.id for action in snapshots),
    )  # fmt: skip
    yield from (*snapshots, image)
    yield Action.at(
        each.place, f"restored:{each.place.name}:{each.image}", returning.AWAIT,
        f"wait until {each.image} is there",
        {"ImageId": each.image, "States": returning.THERE, "timeout_s": returning.TIMEOUT_S},
        permissions=("ec2:DescribeImages",), after=(image.id,),
    )  # fmt: skip


def _back(aws: Aws, order: RestorationOrder, every: Releases, version: Version) -> Restoration:
    """Plan what makes a version what it was before.

    Raises:
        RefusedError: it is nothing that could be restored.
    """
    status = version.status
    if status is None or not (STATES[status].back or status is Status.APPROVED):
        raise RefusedError(
            f"{version.name} is {status or 'of no status'}: there is nothing to restore",
            fix=f"`goldenami history {version.image}` shows what became of each version",
        )
    earlier = _earlier(version)
    refuse_illegal(version, earlier, restoring=True)
    change = decided(
        version,
        Change(status=earlier, by=aws.caller, at=moment(datetime.now(UTC)), why=order.why),
    )
    opening = launchable.Launchable()
    if earlier is not Status.REVOKED and earlier is not Status.DISABLED:
        opening = launchable.launchable(aws, version)
    approved = restored(version, change, after=[action.id for action in opening.actions])
    further = FURTHER if earlier is Status.DISABLED else ()
    listed = tuple(action.following(*(each.id for each in approved)) for action in opening.listing)
    return Restoration(
        run=LifecycleRun.of(aws, version, order.command),
        version=version,
        plan=Plan(
            title=f"restore {version.name}: {earlier}",
            actions=(*opening.actions, *approved, *listed),
            notes=(
                *opening.unknown,
                *(f"left alone: {each}" for each in every.left_alone),
                *_afterwards(version, earlier),
            ),
            checks=(*PERMISSIONS, *further, *(guardrail.EXTENDING if further else ())),
            elsewhere=(*ELSEWHERE, *further),
        ),
        status=earlier,
        further=bool(further),
    )


def _afterwards(version: Version, earlier: Status) -> Iterator[str]:
    if earlier is Status.REVOKED:
        yield f"{version.name} stays revoked: restore it once more, if it is to be used again"
    elif earlier is Status.APPROVED and version.status is Status.REVOKED:
        yield (
            f"no parameter names it: `goldenami promote {version.image} {version.version}` takes "
            f"it to a channel, and without channels `goldenami rollback {version.image} --to "
            f"{version.version}` to the parameter"
        )


def _earlier(version: Version) -> Status:
    """Return what a version becomes: what it was before it was retired, else what it was once."""
    lives: Mapping[str, Sequence[Change]] = {
        build: each.recorded.record.life or () for build, each in version.builds.items()
    }
    if version.status is Status.RETIRED:
        revoked = any(change.status is Status.REVOKED for life in lives.values() for change in life)
        return Status.REVOKED if revoked else Status.DISABLED
    records = [each.recorded.record for each in version.builds.values()]
    if records and not any(record.approver for record in records):
        return Status.CANDIDATE
    return Status.APPROVED
