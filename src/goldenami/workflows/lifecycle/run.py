"""Carrying a change of a version's life out: with the image's lease, and with a journal.

Nothing has to be remembered: the same command again begins with a look at what there is, and does
what is left. The journal tells afterwards what was called, by whom, and why.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from msgspec import Struct

from goldenami import journal
from goldenami.aws import (
    calls,
    deprecations,
    manifests,
    parameters,
    pointers,
    records,
    returning,
    sbom_exports,
    sharing,
    statuses,
)
from goldenami.aws.action import Handler
from goldenami.aws.lease import PERMISSIONS as LEASE_PERMISSIONS
from goldenami.aws.lease import Lease
from goldenami.aws.session import Aws
from goldenami.bake.publish import WRITE_STATUS
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Plan, Results, Tell, silent
from goldenami.errors import InterruptedRunError, RefusedError
from goldenami.workflows.enforce.snapshots import EXTEND, extend
from goldenami.workflows.execution import Execution, RunOutcome, unguarded
from goldenami.workflows.lifecycle.releases import Version

HANDLERS: Mapping[str, Handler] = {
    WRITE_STATUS: statuses.write,
    records.WRITE: records.write,
    manifests.CHANGE: manifests.change,
    manifests.NOTE_BIN: manifests.note_bin,
    deprecations.DEPRECATE: deprecations.deprecate,
    manifests.SHARES: manifests.shares,
    manifests.NOTE_SBOM: manifests.note_sbom,
    sbom_exports.EXPORT: sbom_exports.export,
    sharing.LOOK: sharing.look,
    returning.AWAIT: returning.wait,
    EXTEND: extend,
    "ssm:PutParameter": parameters.publish,
    pointers.MOVE: pointers.move,
    "wait:parameter": parameters.read_back,
    "ec2:DeregisterImage": calls.deregister,
}
"""What performs the actions of a change that are no plain AWS calls."""


class LifecycleRun(Struct, frozen=True, kw_only=True):
    """Whose life changes, and where the right to do so lies.

    Args:
        aws: the caller.
        image: the golden image.
        version: the version.
        command: the command, as the user would give it again.
        place: the region of the caller's account that has the lease.
    """

    aws: Aws
    image: str
    version: str
    command: str
    place: AccountRegion

    @classmethod
    def of(cls, aws: Aws, version: Version, command: str) -> "LifecycleRun":
        """Return the run for a version: its lease lies where its bakes have theirs."""
        return cls(
            aws=aws,
            image=version.image,
            version=version.version,
            command=command,
            place=home_of(aws, version),
        )

    def carry_out(self, plan: Plan, *, tell: Tell = silent) -> Results:
        """Carry a plan out; a plan without actions changes nothing, and needs no lease.

        Raises:
            RefusedError: a bake of the image, or another change of it, is under way.
            GoldenamiError: an action failed; the notes say what was undone, and what stands.
            InterruptedRunError: Ctrl-C; the same command goes on.
        """
        if not plan.actions:
            return {}
        with self.leased() as carry:
            return carry(plan, tell)

    @contextmanager
    def leased(self, *, anyway: bool = False) -> "Iterator[Carrying]":
        """Hold the image's lease while several plans are carried out, one after the other.

        Args:
            anyway: whether it goes on while somebody else has it, and without asking before each
                action whether it is still one's own: for what looks itself right before it writes,
                and must not wait.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%SZ}-{self.image}-{self.version}"
        written = journal.Journal.open(
            journal.Start(build=name, version=self.version, spec="", release=self.command)
        )
        with ExitStack() as stack:
            guard, notes = unguarded, tuple[str, ...]()
            try:
                lease = stack.enter_context(Lease(self.aws.at(self.place), self.image, name))
            except RefusedError as error:
                if not anyway:
                    raise
                notes = (f"it goes on all the same: {error.message}",)
            else:
                guard = unguarded if anyway else lease.check
            yield Carrying(self, written, guard, notes)


class Carrying:
    """Carries plans out, one after the other, into one journal.

    ``notes`` are what there is to know before.
    """

    def __init__(
        self,
        run: LifecycleRun,
        written: journal.Journal,
        guard: Callable[[], None],
        notes: tuple[str, ...],
    ) -> None:
        self._run = run
        self._journal = written
        self._guard = guard
        self.notes = notes

    def __call__(self, plan: Plan, tell: Tell = silent) -> Results:
        """Carry a plan out of which all has to be done.

        Raises:
            GoldenamiError: an action failed.
            InterruptedRunError: Ctrl-C; the same command goes on.
        """
        outcome = self.attempt(plan, tell)
        if outcome.error:
            raise outcome.error
        return outcome.results

    def attempt(
        self, plan: Plan, tell: Tell = silent, *, done: Results | None = None
    ) -> RunOutcome:
        """Carry a plan out as far as it can be; ``done`` is what earlier plans have brought.

        Raises:
            InterruptedRunError: Ctrl-C; the same command goes on.
        """
        execution = Execution(
            self._run.aws,
            handlers=HANDLERS,
            journal=self._journal,
            tell=tell,
            guard=self._guard,
            done=done,
        )
        try:
            return execution.attempt(plan)
        except InterruptedRunError as error:
            error.fix = f"run `{self._run.command}` again: it goes on where this stopped"
            raise


def home_of(aws: Aws, version: Version) -> AccountRegion:
    """Return the build region of a version: where its record is, else its first image."""
    for build in version.builds.values():
        return build.place
    for kept in version.manifests:
        return kept.place
    for each in version.images:
        if each.place.is_home:
            return AccountRegion(aws.account, each.image.source_region or each.place.region)
    return AccountRegion(aws.account, aws.region)


CHECKS = LEASE_PERMISSIONS
"""The IAM actions of a run beside those of its actions."""
