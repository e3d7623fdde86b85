"""`goldenami revoke`: a bad version is out of use everywhere, and so is what was made from it.

First the brake (`brake.py`): pointers, status, deprecation, for the version and its descendants.
Then, as far as it was asked for, what launches it is moved, and its images are disabled. In the end
it is looked who still uses it.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from goldenami.aws import images, regions
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.life import WHY_LENGTH
from goldenami.domain.plan import Plan, Tell, silent
from goldenami.errors import FindingsError, GoldenamiError, IncompleteError, RefusedError
from goldenami.workflows.lifecycle import launch_proof, refreshing, releases, uses
from goldenami.workflows.lifecycle.disabling import disabling
from goldenami.workflows.lifecycle.launch_proof import LaunchProof
from goldenami.workflows.lifecycle.refreshing import Refresh, Refreshed
from goldenami.workflows.lifecycle.releases import ListedImage, Version
from goldenami.workflows.lifecycle.revoke import brake
from goldenami.workflows.lifecycle.revoke.brake import Brake, RevocationOrder
from goldenami.workflows.lifecycle.run import CHECKS
from goldenami.workflows.lifecycle.uses import Use, UseKind, Uses

__all__ = ["Revocation", "RevocationOrder", "Revoked", "carry_out", "look", "prepare"]

LAUNCHING = frozenset(
    (UseKind.AUTO_SCALING_GROUP, UseKind.FLEET, UseKind.SPOT_FLEET, UseKind.NODE_GROUP)
)
"""What loses its capacity if its image is disabled."""
_NO_USE = frozenset((UseKind.CONSUMER, UseKind.DESCENDANT))
"""What nothing runs by: who may launch it, and what was made from it."""
_SHOWN = 20


class Revocation(Struct, frozen=True, kw_only=True):
    """A revocation that was checked and can start.

    Args:
        aws: the caller.
        order: what is asked for.
        brakes: the version itself, and then what was made from it.
        notes: what there is to know before.
        unread: what could not be read, each with the reason.
    """

    aws: Aws
    order: RevocationOrder
    brakes: tuple[Brake, ...]
    notes: tuple[str, ...] = ()
    unread: Mapping[str, str] = {}

    @property
    def version(self) -> Version:
        """The version that is revoked."""
        return self.brakes[0].version

    @property
    def versions(self) -> list[Version]:
        """The version, and those that were made from it."""
        return [each.version for each in self.brakes]

    @property
    def plan(self) -> Plan:
        """The brakes of all, and the disabling."""
        actions = [action for each in self.brakes for action in each.actions]
        if self.order.hard:
            after = tuple(action.id for action in actions)
            for version in self.versions:
                actions += disabling(version, after=after)
        return Plan(
            title=f"revoke {', '.join(version.name for version in self.versions)}",
            actions=tuple(actions),
            notes=(*self.notes, *(note for each in self.brakes for note in each.notes)),
            checks=(
                *releases.PERMISSIONS, *CHECKS, *launch_proof.PERMISSIONS, *uses.PERMISSIONS,
                *(refreshing.PERMISSIONS if self.order.refresh else ()),
            ),
        )  # fmt: skip


class Revoked(Struct, frozen=True, kw_only=True):
    """What a revocation has done.

    Args:
        images: the images with their status now.
        proof: who may still launch them.
        refreshed: what was moved to the successor.
        uses: who still uses them.
        failures: what could not be done.
        unread: what could not be read, each with the reason.
        notes: what there is to know.
        command: the command, as the user would give it again.
    """

    images: tuple[ListedImage, ...]
    proof: LaunchProof
    refreshed: Refreshed
    uses: tuple[Use, ...]
    failures: tuple[GoldenamiError, ...]
    unread: Mapping[str, str]
    notes: tuple[str, ...]
    command: str

    def refuse(self) -> None:
        """See to it that everything was done, everywhere, and that nothing uses it any more.

        Raises:
            GoldenamiError: something failed; the notes say what else did.
            IncompleteError: something could not be read, so that it may be in use there.
            FindingsError: something still uses it.
        """
        fix = f"mend the cause, and run `{self.command}` again: it does what is left"
        if self.failures:
            first, *others = self.failures
            further = [f"also failed: {error.with_fix}" for error in others]
            kind = RefusedError if isinstance(first, RefusedError) else GoldenamiError
            raise kind(first.message, fix=fix, notes=(*first.notes, *further)) from first
        if self.unread:
            raise IncompleteError(
                f"it is revoked where it could be reached, and {len(self.unread)} things could not "
                "be read",
                notes=[f"{what}: {why}" for what, why in self.unread.items()],
                fix=fix,
            )
        if self.uses:
            more = len(self.uses) - _SHOWN
            raise FindingsError(
                f"it is revoked, and {len(self.uses)} things still use it",
                notes=[
                    *(use.words for use in self.uses[:_SHOWN]),
                    *([f"{more} more, which --format json lists"] if more > 0 else []),
                ],
                fix="--refresh moves templates and groups; replace the others, and run "
                f"`{self.command}` again to see",
            )


def prepare(aws: Aws, image: str, version: str, order: RevocationOrder) -> Revocation:
    """Look at a version everywhere, and plan its revocation and that of what was made from it.

    A place that cannot be read stops nothing: what can be reached is revoked.

    Raises:
        UsageError: there is no such version, or no such successor.
        RefusedError: it may not be revoked, or nothing can take its place where something has to.
        AwsError: the regions could not be read.
    """
    first = brake.prepare(aws, image, version, order)
    if order.only or not first.at_once:
        return Revocation(aws=aws, order=order, brakes=(first,), unread=first.unread)
    born = uses.descendants(aws, first.version.images, _places(aws, first.version))
    brakes, notes = [first], list[str]()
    unread = {**first.unread, **born.unread}
    made, strangers = _releases(aws, first.version, born)
    notes += (
        f"{use.words} was made from it by no release: guardrails deny it, and the audit tells it"
        for use in strangers
    )
    for name, number in made:
        try:
            inherited = brake.prepare(aws, name, number, _inherited(order, first.version))
        except GoldenamiError as error:
            unread[f"{name} {number}, which was made from it"] = error.with_fix
            continue
        brakes.append(inherited)
        unread |= inherited.unread
        notes.append(f"{name} {number} was made from it, and is revoked, too (--only leaves it)")
    return Revocation(
        aws=aws, order=order, brakes=tuple(brakes), notes=tuple(notes), unread=unread
    )


def look(prepared: Revocation) -> Uses:
    """Return who uses the images that are to be revoked, right now.

    What was made from them and who may launch them is among it.
    """
    aws, every = prepared.aws, [each for version in prepared.versions for each in version.images]
    return uses.read(
        aws, every, _places(aws, prepared.version),
        published=uses.parameters_of(prepared.versions),
    )  # fmt: skip


def carry_out(prepared: Revocation, *, tell: Tell = silent) -> Revoked:
    """Revoke; what fails is told at the end, and stops nothing else.

    Raises:
        InterruptedRunError: Ctrl-C; the same command goes on.
    """
    aws, order = prepared.aws, prepared.order
    failures, notes = list[GoldenamiError](), list[str]()
    marked = list[ListedImage]()
    for each in prepared.brakes:
        braked = brake.carry_out(each, tell=tell)
        failures += braked.failures
        notes += braked.notes
        marked += braked.images
    proof = launch_proof.prove(aws, _own(prepared), _written(prepared))
    refreshed = Refreshed()
    if prepared.brakes[0].at_once:
        using = look(prepared)
        if order.refresh:
            refreshed = _refresh(prepared, using, tell)
            failures += refreshed.failures
            using = look(prepared)
        if order.hard:
            failures += _disable(prepared, using, tell)
    else:
        using = Uses()
    return Revoked(
        images=tuple(marked),
        proof=proof,
        refreshed=refreshed,
        uses=tuple(use for use in using.uses if use.kind not in _NO_USE),
        failures=tuple(failures),
        unread={**prepared.unread, **using.unread},
        notes=tuple(notes),
        command=order.command,
    )
