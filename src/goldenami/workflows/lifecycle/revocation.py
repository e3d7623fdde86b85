"""`goldenami revoke`: a bad version is out of use everywhere.

The order matters. Whatever follows a pointer gets the successor first, or Auto Scaling would lose
what it can launch; then the status, which guardrails deny by; then the deprecation, which binds
consumers whose Allowed AMIs take no deprecated image. What fails stops nothing that comes after it:
a version that is half in use is better than one that is wholly so.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from goldenami.aws.session import Aws
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.domain.status import Status
from goldenami.errors import GoldenamiError
from goldenami.workflows.lifecycle import launch_proof, pointers, releases
from goldenami.workflows.lifecycle.deprecation import deprecating
from goldenami.workflows.lifecycle.launch_proof import LaunchProof
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version
from goldenami.workflows.lifecycle.run import CHECKS, LifecycleRun
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


class Revocation(Struct, frozen=True, kw_only=True):
    """A revocation that was checked and can start.

    Args:
        run: whose life changes.
        version: the version.
        change: what is recorded.
        moving: what brings the pointers to the successor.
        marking: the status everywhere, and the deprecation.
        notes: what the user should know before.
        unread: the places that could not be read, each with the reason.
    """

    run: LifecycleRun
    version: Version
    change: Change
    moving: tuple[Action, ...]
    marking: tuple[Action, ...]
    notes: tuple[str, ...] = ()
    unread: Mapping[str, str] = {}

    @property
    def plan(self) -> Plan:
        """All of it, in order."""
        return self._plan(*self.moving, *self.marking)

    def _plan(self, *actions: Action) -> Plan:
        return Plan(
            title=f"revoke {self.version.name}",
            actions=actions,
            notes=self.notes,
            checks=(*releases.PERMISSIONS, *CHECKS, *launch_proof.PERMISSIONS),
        )


class Revoked(Struct, frozen=True, kw_only=True):
    """What a revocation has done: the images that are revoked now, and who may still launch them.

    ``failures`` are what could not be done.
    """

    images: tuple[ReleaseImage, ...]
    proof: LaunchProof
    failures: tuple[GoldenamiError, ...] = ()
    notes: tuple[str, ...] = ()


def prepare(aws: Aws, image: str, version: str, order: RevocationOrder) -> Revocation:
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
    _refuse_baking(aws, chosen)
    now = datetime.now(UTC)
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
    if order.at and order.at > now:
        actions = deprecating(chosen, order.at, now)
        notes = (*notes, f"until {moment(order.at)} EC2 alone knows of it; revoke it again then")
        return Revocation(
            run=run, version=chosen, change=change, moving=(), marking=actions, notes=notes,
            unread=every.unread,
        )  # fmt: skip
    seen = pointers.read(aws, every)
    moving = tuple(_moving(seen.pointers, every, chosen, change, order))
    marking = (*changing(chosen, change), *deprecating(chosen, now, now))
    return Revocation(
        run=run,
        version=chosen,
        change=change,
        moving=moving,
        marking=marking,
        notes=notes,
        unread={**every.unread, **seen.unread},
    )


def carry_out(prepared: Revocation, *, tell: Tell = silent) -> Revoked:
    """Revoke; what fails is told at the end, and stops nothing else.

    Raises:
        InterruptedRunError: Ctrl-C; the same command goes on.
    """
    aws, change = prepared.run.aws, prepared.change
    failures: list[GoldenamiError] = []
    notes: tuple[str, ...] = ()
    done: set[str] = set()
    if prepared.plan.actions:
        with prepared.run.leased(anyway=True) as carry:
            notes = carry.notes
            for actions in (prepared.moving, prepared.marking):
                outcome = carry.attempt(prepared._plan(*actions), tell)
                done |= outcome.results.keys()
                failures += [outcome.error] if outcome.error else []
    planned = {action.id for action in prepared.marking}
    images = tuple(
        each for each in prepared.version.images if status_action(each) not in planned - done
    )
    approval = prepared.version.approval_tag
    written = {approval.key: "", **change.tags}
    own = [(each.place, each.image) for each in images if each.place.is_home]
    return Revoked(
        images=images,
        proof=launch_proof.prove(aws, own, written),
        failures=tuple(failures),
        notes=notes,
    )
