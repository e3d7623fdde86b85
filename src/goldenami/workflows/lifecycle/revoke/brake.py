"""What takes one version out of use: its pointers, its status, its deprecation.

The order matters. Whatever follows a pointer gets the successor first, or Auto Scaling would lose
what it can launch; then the status, which guardrails deny by; then the deprecation, which binds
consumers whose Allowed AMIs take no deprecated image. What fails stops nothing that comes after it:
a version that is half in use is better than one that is wholly so.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from goldenami.aws import lease
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws
from goldenami.bake import pointing
from goldenami.domain.image import bake_of
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan, Results, Tell, silent
from goldenami.domain.status import Status
from goldenami.errors import GoldenamiError, RefusedError
from goldenami.workflows.lifecycle import pointers, releases
from goldenami.workflows.lifecycle.deprecation import deprecating, next_good
from goldenami.workflows.lifecycle.pointers import Pointer, Pointers
from goldenami.workflows.lifecycle.releases import ListedImage, ReleaseImage, Releases, Version
from goldenami.workflows.lifecycle.run import LifecycleRun
from goldenami.workflows.lifecycle.transition import (
    changing,
    decided,
    refuse_illegal,
    status_action,
)


class RevocationOrder(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        why: the reason, such as the name of a vulnerability.
        at: when; at once if None. Until it comes EC2 alone knows of it.
        hard: whether the images are disabled, too: nobody can launch them then.
        refresh: whether what launches them is moved to the successor, and its instances replaced.
        only: whether what was made from them is left alone.
        successor: the version that takes its place; the newest good one if empty.
        no_successor: whether parameters that name it are deleted where nothing can take its place.
        role: the name of the role in other accounts.
        command: the command, as the user would give it again.
    """

    why: str
    at: datetime | None = None
    hard: bool = False
    refresh: bool = False
    only: bool = False
    successor: str = ""
    no_successor: bool = False
    role: str = ""
    command: str


class Brake(Struct, frozen=True, kw_only=True):
    """What takes a version out of use, checked, so that it can start.

    Args:
        run: whose life changes.
        version: the version.
        change: what is recorded.
        moving: what brings the pointers to the successor.
        marking: the status everywhere, and the deprecation.
        at_once: False if it is to be later, so that EC2 alone knows of it.
        notes: what the user should know before.
        unread: the places that could not be read, each with the reason.
    """

    run: LifecycleRun
    version: Version
    change: Change
    moving: tuple[Action, ...] = ()
    marking: tuple[Action, ...]
    at_once: bool = True
    notes: tuple[str, ...] = ()
    unread: Mapping[str, str] = {}

    @property
    def actions(self) -> tuple[Action, ...]:
        """All of it, in order."""
        return (*self.moving, *self.marking)

    @property
    def written(self) -> dict[str, str]:
        """The tags that the images have then, empty if they are gone."""
        if not self.at_once:
            return {}
        return {self.version.approval_tag.key: "", **self.change.tags}


class Braked(Struct, frozen=True, kw_only=True):
    """How far it came: the images with their status, those that are marked, what failed."""

    images: tuple[ListedImage, ...]
    marked: tuple[ReleaseImage, ...]
    failures: tuple[GoldenamiError, ...] = ()
    notes: tuple[str, ...] = ()


def prepare(aws: Aws, image: str, version: str, order: RevocationOrder) -> Brake:
    """Look at a version everywhere, and plan its revocation.

    A place that cannot be read stops nothing: what can be reached is revoked.

    Raises:
        UsageError: there is no such version, or no such successor.
        RefusedError: it may not be revoked, or nothing can take its place where something has to.
        AwsError: the regions could not be read.
    """
    every = releases.read(aws, image, role=order.role)
    chosen = every.version(version)
    refuse_illegal(chosen, Status.REVOKED)
    now = datetime.now(UTC)
    later = order.at if order.at and order.at > now else None
    refusing = ahead(partial(_refuse_baking, aws, chosen))
    seen = Pointers(every=()) if later else pointers.read(aws, every, role=order.role)
    refusing()
    change = decided(
        chosen,
        Change(
            status=Status.REVOKED,
            by=aws.caller,
            at=moment(now),
            why=order.why,
            successor=_successor(every, chosen, order),
        ),
    )
    run = LifecycleRun.of(aws, chosen, order.command)
    notes = tuple(f"left alone: {each}" for each in every.left_alone)
    if later:
        actions = deprecating(chosen, later, now)
        notes = (*notes, f"until {moment(later)} EC2 alone knows of it; revoke it again then")
        return Brake(
            run=run, version=chosen, change=change, marking=actions, at_once=False, notes=notes,
            unread=every.unread,
        )  # fmt: skip
    pointing = _pointing(seen, every, chosen, change, order)
    marking = (*changing(chosen, change), *deprecating(chosen, now, now))
    return Brake(
        run=run,
        version=chosen,
        change=change,
        moving=pointing.actions,
        marking=marking,
        notes=(*notes, *pointing.notes),
        unread={**every.unread, **seen.unread},
    )


def carry_out(prepared: Brake, *, tell: Tell = silent) -> Braked:
    """Take it out of use; what fails stops nothing else.

    Raises:
        InterruptedRunError: Ctrl-C; the same command goes on.
    """
    failures: list[GoldenamiError] = []
    notes: tuple[str, ...] = ()
    done: set[str] = set()
    if prepared.actions:
        with prepared.run.leased(anyway=True) as carry:
            notes = carry.notes
            labels = tuple(each for each in prepared.moving if each.call == pointing.LABEL)
            moves = tuple(each for each in prepared.moving if each not in labels)
            results: Results = {}
            for actions in (moves, (*prepared.marking, *labels)):  # nobody waits for a label
                outcome = carry.attempt(Plan(title="", actions=actions), tell, done=results)
                results = outcome.results
                failures += [outcome.error] if outcome.error else []
            done |= results.keys()
    undone = {action.id for action in prepared.marking} - done
    images = prepared.version.images
    marked = [each for each in images if prepared.at_once and status_action(each) not in undone]
    status = prepared.change.status.value
    return Braked(
        images=tuple(each.listed(status if each in marked else "") for each in images),
        marked=tuple(marked),
        failures=tuple(failures),
        notes=notes,
    )


def _successor(every: Releases, version: Version, order: RevocationOrder) -> str:
    """Return the version that takes its place.

    Raises:
        UsageError: there is no such version.
        RefusedError: the one that was chosen is not good itself.
    """
    if not order.successor:
        return next_good(every, version)
    successor = every.version(order.successor)
    if successor not in every.good() or successor.version == version.version:
        raise RefusedError(
            f"{successor.name} cannot take the place of {version.name}: it is {successor.status}",
            fix="name an approved version, or leave --successor out for the newest",
        )
    return successor.version


def _refuse_baking(aws: Aws, version: Version) -> None:
    """See to it that the version itself is not being baked: what is published then would stay.

    Raises:
        RefusedError: it is.
    """
    bakes = {bake_of(build) for build in version.builds}
    for place in {each.place for each in version.builds.values()}:
        current = lease.of_image(aws.at(place), version.image)
        if current and not current.lapsed and current.holder.build in bakes:
            raise RefusedError(
                f"{version.name} is being baked or published: {current.holder}, {current.seen}",
                fix="interrupt that run (Ctrl-C), and revoke it then",
            )


class _Pointing(Struct, frozen=True):
    """What brings the pointers to the successor, and what there is to know of them."""

    actions: tuple[Action, ...]
    notes: tuple[str, ...]


def _pointing(
    seen: Pointers, every: Releases, version: Version, change: Change, order: RevocationOrder
) -> _Pointing:
    """Move every parameter that names a version to the newest good one of its own history.

    It goes back to what it had before. One that has had no other good version goes to the newest,
    but for a restricted channel, which takes nothing that it has not had.

    Raises:
        RefusedError: nothing can take the place somewhere, and that was not said to be fine.
    """
    good = [each for each in every.good() if each.version != version.version]
    actions, notes, without = list[Action](), list[str](), list[Pointer]()
    for other in good:  # whose pointers were moved, and not labelled before a run was cut off
        moves = pointers.choose(seen.naming(other), other).moves
        actions += pointers.moving(other, moves, lasting=True)
    restricted = seen.publication.restricted if seen.publication else ()
    for pointer in seen.naming(version):
        candidates = [] if pointer.channel in restricted else good
        chosen = change.successor if order.successor else ""
        successor = _successor_at(pointer, good, candidates, chosen)
        choice = successor and pointers.choose([pointer], successor)
        if not (successor and choice and choice.moves):
            without.append(pointer)
            continue
        actions += pointers.moving(successor, choice.moves, lasting=True)
        notes.append(f"{pointer.title} goes to {successor.name}")
    if without and not order.no_successor:
        titles = ", ".join(pointer.title for pointer in without)
        raise RefusedError(
            f"{version.name} is what {titles} names, and there is no other approved version there",
            fix="bake a good version first, or pass --no-successor: these parameters are deleted, "
            "so that nobody can follow them",
        )
    actions += [_deletion(pointer) for pointer in without]
    notes += [f"{pointer.title} is deleted: nothing can take its place" for pointer in without]
    return _Pointing(tuple(actions), tuple(notes))


def _successor_at(
    pointer: Pointer, good: Sequence[Version], otherwise: Sequence[Version], chosen: str
) -> Version | None:
    """Return the version that a parameter goes to: the chosen one, one that it had, another one."""
    if chosen:
        return next((each for each in good if each.version == chosen), None)
    by_image = {
        each.image.id: version
        for version in good
        for each in version.images
        if str(each.place) == str(pointer.place)
    }
    had = (by_image.get(entry.value) for entry in pointer.history)
    before = next((version for version in had if version), None)
    return before or next(iter(otherwise), None)


def _deletion(pointer: Pointer) -> Action:
    return Action.at(
        pointer.place, f"delete:{pointer.place.name}:{pointer.name}", "ssm:DeleteParameter",
        f"delete {pointer.name}", {"Name": pointer.name},
    )  # fmt: skip
