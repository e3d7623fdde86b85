"""`goldenami deprecate`: an image is to be used for nothing new, and what runs goes on."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from goldenami.aws import deprecations
from goldenami.aws.session import Aws
from goldenami.domain.life import Change
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan
from goldenami.domain.status import Status
from goldenami.workflows.lifecycle import pointers, releases
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version
from goldenami.workflows.lifecycle.run import CHECKS, LifecycleRun
from goldenami.workflows.lifecycle.transition import changing, decided, refuse_illegal

BLOCKED = (
    "blocked from then on: whoever is bound by a guardrail on the approval tag in the images' own "
    "accounts, and in the accounts that they are shared with everybody, services too, where "
    "Allowed AMIs ask for `deprecated_within_days: 0`",
    "not blocked: what runs already; Auto Scaling, EC2 Fleet and EKS in the images' own accounts; "
    "consumers without such Allowed AMIs, who only do not find the images any more",
)
"""Whom a deprecation binds.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
"""


class Deprecation(Struct, frozen=True, kw_only=True):
    """A deprecation that was checked and can start."""

    run: LifecycleRun
    version: Version
    plan: Plan


def prepare(
    aws: Aws,
    image: str,
    version: str,
    *,
    command: str,
    at: datetime | None = None,
    why: str = "",
    successor: str = "",
    role: str = "",
) -> Deprecation:
    """Look at a version everywhere, and plan its deprecation.

    Args:
        aws: whose account.
        image: the golden image.
        version: the version.
        command: the command, as the user would give it again.
        at: when; now if None. Before it comes, only EC2 knows of it.
        why: the reason.
        successor: the version to use in its place; the newest good one if empty.
        role: the name of the role in other accounts.

    Raises:
        UsageError: there is no such version, or no such successor.
        RefusedError: it may not become deprecated.
        IncompleteError: a place could not be read.
    """
    every = releases.read(aws, image, role=role)
    every.complete(f"deprecating {image} {version}")
    chosen = every.version(version)
    refuse_illegal(chosen, Status.DEPRECATED)
    now = datetime.now(UTC)
    change = decided(
        chosen,
        Change(
            status=Status.DEPRECATED,
            by=aws.caller,
            at=moment(now),
            why=why,
            successor=every.version(successor).version if successor else next_good(every, chosen),
        ),
    )
    when = at or now
    actions = deprecating(chosen, when, now)
    seen = pointers.read(aws, every, role=role)
    if when <= now:
        actions = (*changing(chosen, change), *actions)
    title = f"deprecate {chosen.name}" + (f" at {moment(when)}" if when > now else "")
    return Deprecation(
        run=LifecycleRun.of(aws, chosen, command),
        version=chosen,
        plan=Plan(
            title=title,
            actions=actions,
            notes=(
                *BLOCKED,
                *(f"{each.title} names it still: move it first" for each in seen.naming(chosen)),
                *(f"left alone: {each}" for each in every.left_alone),
            ),
            checks=(*releases.PERMISSIONS, *pointers.PERMISSIONS, *CHECKS),
            elsewhere=(*releases.ELSEWHERE, *pointers.PERMISSIONS),
        ),
    )


def next_good(every: releases.Releases, version: Version) -> str:
    """Return the newest good version other than this one, empty if there is none."""
    return next((each.version for each in every.good() if each.version != version.version), "")


def deprecating(version: Version, when: datetime, now: datetime) -> tuple[Action, ...]:
    """Return what lets EC2 deprecate the images of a version at a time, where it is not so yet."""
    return tuple(_deprecating(version, when, now))


def _deprecating(version: Version, when: datetime, now: datetime) -> Iterator[Action]:
    moment_of_it = "now" if when <= now else f"at {when:%Y-%m-%d %H:%M} UTC"
    for each in version.images:
        if not _is_to_be(each, when, now):
            continue
        yield Action.at(
            each.place, f"deprecate:{each.place.name}:{each.image.id}", deprecations.DEPRECATE,
            f"let {each.image.id} be deprecated {moment_of_it}",
            {"ImageId": each.image.id, "DeprecateAt": moment(when)},
            permissions=deprecations.PERMISSIONS,
        )  # fmt: skip


def _is_to_be(each: ReleaseImage, when: datetime, now: datetime) -> bool:
    """Tell whether an image is not deprecated as early as it is to be.

    One that is to be so at once may have been told so a moment ago.
    """
    there, latest = each.image.deprecated_at, max(when, deprecations.soonest(now))
    return there is None or there > latest
