"""`goldenami revoke`: a bad version is out of use everywhere, and so is what was made from it.

First the brake (`brake.py`): pointers, status, deprecation, for the version and its descendants.
Then, as far as it was asked for, what launches it is moved, and its images are disabled. In the end
it is looked who still uses it.
"""

from collections.abc import Mapping
from functools import partial

from msgspec import Struct, structs

from goldenami.aws import regions
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws
from goldenami.domain import lineage
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image
from goldenami.domain.life import WHY_LENGTH
from goldenami.domain.plan import Plan, Tell, silent
from goldenami.domain.tags import Tags
from goldenami.errors import FindingsError, GoldenamiError, RefusedError
from goldenami.workflows.lifecycle import (
    descendants,
    launch_proof,
    pointers,
    refreshing,
    releases,
    uses,
)
from goldenami.workflows.lifecycle.descendants import Descendant, OwnImages
from goldenami.workflows.lifecycle.disabling import disabling
from goldenami.workflows.lifecycle.launch_proof import LaunchProof
from goldenami.workflows.lifecycle.refreshing import Refreshed
from goldenami.workflows.lifecycle.releases import ListedImage, ReleaseImage, Version
from goldenami.workflows.lifecycle.revoke import brake
from goldenami.workflows.lifecycle.revoke.brake import Brake, RevocationOrder
from goldenami.workflows.lifecycle.run import CHECKS
from goldenami.workflows.lifecycle.uses import Use, UseKind, Uses

__all__ = [
    "Revocation",
    "RevocationOrder",
    "Revoked",
    "carry_out",
    "look",
    "prepare",
]

LAUNCHING = frozenset(
    (UseKind.AUTO_SCALING_GROUP, UseKind.FLEET, UseKind.SPOT_FLEET, UseKind.NODE_GROUP)
)
"""What loses its capacity if its image is disabled."""
IN_USE = "looking for what uses it"
"""What is read for that, as an error says it."""
_SHOWN = 20


class Revocation(Struct, frozen=True, kw_only=True):
    """A revocation that was checked and can start.

    Args:
        aws: the caller.
        order: what is asked for.
        brakes: the version itself, and then what was made from it.
        own: where to look for what was made from them; None if that was not read.
        notes: what there is to know before.
        unread: what could not be read, each with the reason.
    """

    aws: Aws
    order: RevocationOrder
    brakes: tuple[Brake, ...]
    own: OwnImages | None = None
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
        refreshes = refreshing.PERMISSIONS if self.order.refresh else ()
        return Plan(
            title=f"revoke {', '.join(version.name for version in self.versions)}",
            actions=tuple(actions),
            notes=(*self.notes, *(note for each in self.brakes for note in each.notes)),
            checks=(
                *releases.PERMISSIONS, *CHECKS, *pointers.PERMISSIONS, *launch_proof.PERMISSIONS,
                *uses.PERMISSIONS, *descendants.PERMISSIONS, *refreshes,
            ),
            elsewhere=(
                *releases.ELSEWHERE, *pointers.PERMISSIONS, *uses.PERMISSIONS,
                *descendants.ELSEWHERE, *refreshes,
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
        if self.failures:
            first, *others = self.failures
            cause = first.fix or "mend the cause"
            fix = f"{cause}; then run `{self.command}` again: it does what is left"
            further = [f"also failed: {error.with_fix}" for error in others]
            kind = RefusedError if isinstance(first, RefusedError) else GoldenamiError
            raise kind(first.message, fix=fix, notes=(*first.notes, *further)) from first
        releases.refuse_unread(self.unread, IN_USE)
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
    if order.only or order.at:
        first = brake.prepare(aws, image, version, order)
        return Revocation(aws=aws, order=order, brakes=(first,), unread=first.unread)
    reading = ahead(partial(_own, aws))
    first = brake.prepare(aws, image, version, order)
    own = reading()
    if elsewhere := [place for place in _places(aws, first.version) if place.role]:
        own = own.also(descendants.read(aws, elsewhere))
    children, strangers = _born(first.version, own)
    unread = {**first.unread, **{str(place): why for place, why in own.unread.items()}}
    brakes = [first]
    notes = [
        f"{each.image.id} in {each.place} was made from it by no release: guardrails deny it, and "
        "the audit tells it"
        for each in strangers
    ]
    braking = [
        ahead(partial(brake.prepare, aws, name, number, _inherited(order, first.version)))
        for name, number in children
    ]
    for (name, number), inheriting in zip(children, braking, strict=True):
        try:
            inherited = inheriting()
        except RefusedError as error:
            raise RefusedError(
                f"{name} {number} was made from {first.version.name}, and cannot be revoked with "
                f"it: {error.message}",
                fix=f"{error.fix}; or leave it with --only",
                notes=error.notes,
            ) from error
        except GoldenamiError as error:
            unread[f"{name} {number}, which was made from it"] = error.with_fix
            continue
        brakes.append(inherited)
        unread |= inherited.unread
        notes.append(f"{name} {number} was made from it, and is revoked, too (--only leaves it)")
    return Revocation(
        aws=aws, order=order, brakes=tuple(brakes), own=own, notes=tuple(notes), unread=unread
    )


def look(prepared: Revocation) -> Uses:
    """Return who uses the images that are to be revoked, right now.

    What was made from them and who may launch them is among it.
    """
    own = prepared.own or descendants.read(prepared.aws, _places(prepared.aws, *prepared.versions))
    return _using(prepared).also(uses.descended(own, _images(prepared)))


def _using(prepared: Revocation) -> Uses:
    """Return who uses the images, without what was made from them."""
    return uses.read(
        prepared.aws, _images(prepared), _places(prepared.aws, *prepared.versions),
        published=uses.parameters_of(prepared.versions),
    )  # fmt: skip


def _images(prepared: Revocation) -> list[ReleaseImage]:
    return [each for version in prepared.versions for each in version.images]


def carry_out(prepared: Revocation, *, tell: Tell = silent) -> Revoked:
    """Revoke; what fails is told at the end, and stops nothing else.

    Raises:
        InterruptedRunError: Ctrl-C; the same command goes on.
    """
    aws, order = prepared.aws, prepared.order
    failures, notes = list[GoldenamiError](), list[str]()
    images, marked = list[ListedImage](), list[tuple[AccountRegion, Image, Tags]]()
    for each in prepared.brakes:
        braked = brake.carry_out(each, tell=tell)
        failures += braked.failures
        notes += braked.notes
        images += braked.images
        marked += ((own.place, own.image, each.written) for own in braked.marked)
    proof = launch_proof.prove(aws, [each for each in marked if each[0].is_home])
    refreshed = Refreshed()
    if prepared.brakes[0].at_once:
        using = _using(prepared)
        if order.refresh:
            refreshed = _refresh(prepared, using, tell)
            failures += refreshed.failures
            using = _using(prepared)
        if order.hard:
            failures += _disable(prepared, using, tell)
    else:
        using = Uses()
    return Revoked(
        images=tuple(images),
        proof=proof,
        refreshed=refreshed,
        uses=tuple(use for use in using.uses if use.kind is not UseKind.CONSUMER),
        failures=tuple(failures),
        unread={**prepared.unread, **using.unread},
        notes=tuple(notes),
        command=order.command,
    )


def _places(aws: Aws, *versions: Version) -> list[AccountRegion]:
    images = [each for version in versions for each in version.images]
    return uses.places_of(aws, regions.enabled(aws), images)


def _own(aws: Aws) -> OwnImages:
    return descendants.read(aws, regions.places(aws))


def _born(version: Version, own: OwnImages) -> tuple[list[tuple[str, str]], list[Descendant]]:
    """Return what was made from a version: versions of golden images, and what no release made."""
    born = own.descendants([lineage.key(each.image) for each in version.images])
    children = {
        (each.image.image, each.image.version): None
        for each in born
        if each.image.image and each.image.version
    }
    children.pop((version.image, version.version), None)
    strangers = [each for each in born if not (each.image.image and each.image.version)]
    return list(children), strangers


def _inherited(order: RevocationOrder, version: Version) -> RevocationOrder:
    """Return what is asked for of what was made from a version."""
    why = f"made from {version.name}: {order.why}"[:WHY_LENGTH]
    return structs.replace(order, why=why, successor="", only=True)


def _refresh(prepared: Revocation, using: Uses, tell: Tell) -> Refreshed:
    """Move what launches each version to what takes its place."""
    refreshed = Refreshed()
    for each in prepared.brakes:
        refreshed = refreshed.also(
            refreshing.whole(
                prepared.aws, each.version, each.change.successor, using,
                role=prepared.order.role, tell=tell,
            )
        )  # fmt: skip
    return refreshed


def _disable(prepared: Revocation, using: Uses, tell: Tell) -> list[GoldenamiError]:
    """Disable the images, unless something that launches them would lose its capacity."""
    depending = [use.words for use in using.uses if use.kind in LAUNCHING]
    if depending or using.unread:
        unread = [f"{what} could not be read" for what in using.unread]
        return [
            RefusedError(
                f"{prepared.version.name} is revoked, and not disabled: {len(depending)} groups "
                "and fleets still launch it, and could launch nothing then",
                notes=[*depending, *unread],
                fix="pass --refresh too, or move them first",
            )
        ]
    failures = list[GoldenamiError]()
    for each in prepared.brakes:
        plan = Plan(title="", actions=disabling(each.version))
        if plan.actions:
            with each.run.leased(anyway=True) as carry:
                outcome = carry.attempt(plan, tell)
            failures += [outcome.error] if outcome.error else []
    return failures
