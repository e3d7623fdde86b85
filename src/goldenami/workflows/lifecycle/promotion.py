"""`goldenami promote`: a channel names another version from then on, in all places or in none."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from goldenami.aws.session import Aws
from goldenami.domain import lookup, tags
from goldenami.domain.channels import Publication
from goldenami.domain.check_result import CheckResult
from goldenami.domain.plan import Plan
from goldenami.domain.status import Status
from goldenami.errors import GoldenamiError, RefusedError, UsageError
from goldenami.workflows.lifecycle import pointers, releases
from goldenami.workflows.lifecycle.channels import Versions
from goldenami.workflows.lifecycle.pointers import Pointer, PointerMove, Pointers
from goldenami.workflows.lifecycle.releases import Releases, Version
from goldenami.workflows.lifecycle.run import CHECKS, LifecycleRun

PERMISSIONS = (*releases.PERMISSIONS, *pointers.PERMISSIONS, *pointers.CHECKS, *CHECKS)
"""What is needed beside the actions of a plan that moves parameters."""
ELSEWHERE = (*releases.ELSEWHERE, *pointers.PERMISSIONS, *pointers.CHECKS)
"""What is needed of a role of another account."""


class Moving(Struct, frozen=True, kw_only=True):
    """Parameters that were checked, and can be moved to a version.

    ``leaving`` are the versions that a rollback leaves behind.
    """

    run: LifecycleRun
    version: Version
    moves: tuple[PointerMove, ...]
    plan: Plan
    leaving: tuple[Version, ...] = ()


def prepare(
    aws: Aws, image: str, version: str, channel: str, *, command: str, role: str = ""
) -> Moving:
    """Look at a version and a channel everywhere, and plan that the one names the other.

    Args:
        aws: whose account.
        image: the golden image.
        version: the version.
        channel: the channel.
        command: the command, as the user would give it again.
        role: the name of the role in other accounts.

    Raises:
        UsageError: there is no such version, or no such channel.
        RefusedError: the version is not good everywhere, or not where the channel takes it from.
        IncompleteError: a place could not be read.
        GoldenamiError: a parameter cannot be written.
    """
    every = releases.read(aws, image, role=role)
    every.complete(f"promoting {image} {version}")
    there = pointers.read(aws, every, role=role)
    there.complete(f"promoting {image} {version}")
    chosen = every.version(version)
    publication = of_channel(there, image, channel)
    refuse_bad(chosen)
    moves = fitting(there.of_channel(channel), chosen)
    actions = pointers.moving(chosen, moves)
    if actions and (before := publication.before(channel)):
        refuse_unready(there.of_channel(before), chosen, before, channel)
    plan = Plan(
        title=f"promote {chosen.name} to {channel}",
        actions=actions,
        notes=tuple(present(every, moves)),
        checks=PERMISSIONS,
        elsewhere=ELSEWHERE,
        checked=checked(aws, moves),
    )
    run = LifecycleRun.of(aws, chosen, command)
    return Moving(run=run, version=chosen, moves=moves, plan=plan)


def of_channel(there: Pointers, image: str, channel: str) -> Publication:
    """Return the names of a golden image's parameters, which has such a channel.

    Raises:
        UsageError: there is none.
    """
    publication = there.publication
    if publication is None or not publication.channels:
        raise UsageError(
            f"{image} has no channels",
            fix="name them in its release file (`publish.channels`), and release a version",
        )
    if channel not in publication.channels:
        raise lookup.unknown(
            f"channel of {image}", channel, publication.channels,
            fix=f"`goldenami channels {image}` lists them",
        )  # fmt: skip
    return publication


def refuse_bad(version: Version) -> None:
    """See to it that a version is approved and golden wherever it is to be.

    Raises:
        RefusedError: it is not; the notes say where, and why.
    """
    if wrong := [*_faults(version)]:
        raise RefusedError(
            f"{version.name} is not a good version everywhere, and nothing was changed",
            notes=wrong,
            fix=f"`goldenami history {version.image}` tells of its life; another version may do",
        )


def _faults(version: Version) -> Iterator[str]:
    if not version.images:
        yield "it has no image"
    for kept in version.manifests[:1]:
        if missing := kept.manifest.missing:
            yield f"its release is not whole: {', '.join(missing)} missing"
    for each in version.images:
        where, change = f"{each.image.id} in {each.place.name}", each.produced.change
        if change:
            yield f"{where}: {change.words}"
        elif not each.produced.golden:
            yield f"{where} is {each.status or 'of no status'}, and not approved"
        elif each.status != Status.APPROVED:
            yield f"{where} is {each.status}"
        if each.image.state != "available":
            yield f"{where} is {each.image.state}, and cannot be launched"
        if unpublished := each.image.tags.get(tags.UNPUBLISHED):
            yield f"{where}: its release is not published in {unpublished}"


def refuse_unready(
    before: Iterable[Pointer], version: Version, channel: str, restricted: str
) -> None:
    """See to it that the channel before a restricted one names a version everywhere.

    Args:
        before: the parameters of the channel before.
        version: the version.
        channel: the channel before.
        restricted: the channel that takes its versions from it.

    Raises:
        RefusedError: it does not.
    """
    choice = pointers.choose(before, version)
    behind = [move.pointer for move in choice.moves if move.pointer.value != move.image.image.id]
    if wrong := [*choice.without, *behind]:
        raise RefusedError(
            f"{restricted} is restricted: it takes a version from {channel} alone, which does not "
            f"name {version.name} everywhere",
            notes=[f"{each.title} names {each.value or 'nothing'}" for each in wrong],
            fix=f"`goldenami promote {version.image} {version.version} --channel {channel}` first",
        )


def fitting(chosen: Sequence[Pointer], version: Version) -> tuple[PointerMove, ...]:
    """Return which image of a version each of these parameters has to name.

    Raises:
        RefusedError: there is none for one of them, or there is no parameter.
    """
    choice = pointers.choose(chosen, version)
    if choice.without or not chosen:
        raise RefusedError(
            f"{version.name} has not an image wherever it would be published, and nothing was "
            "changed",
            notes=[f"none for {each.title}" for each in choice.without],
            fix="choose a version that was released there",
        )
    return choice.moves


def checked(aws: Aws, moves: Sequence[PointerMove]) -> CheckResult:
    """Look whether parameters can be written.

    Raises:
        GoldenamiError: one cannot be; the notes tell all that stands against it.
    """
    result = pointers.checked(aws, moves)
    if result.wrong:
        raise GoldenamiError(
            "the parameters cannot all be written, and nothing was changed", notes=result.wrong
        )
    return result


def present(every: Releases, moves: Iterable[PointerMove]) -> Iterator[str]:
    """Say what parameters name now, and what was left alone."""
    versions = Versions(every)
    for move in moves:
        pointer = move.pointer
        named = versions.of(pointer, pointer.value).version or pointer.value or "nothing"
        yield f"{pointer.title} names {named} now"
    yield from (f"left alone: {each}" for each in every.left_alone)
