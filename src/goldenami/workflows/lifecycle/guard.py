"""What stands in front of a retirement: whatever uses an image, or could, keeps it.

What could not be checked keeps it too. Each reason names the image, the thing and where it is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from goldenami.aws import calls, deprecations, image_references, snapshots, usage_reports
from goldenami.aws.image_references import ImageUser
from goldenami.aws.parallel import concurrently, stoppable
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Action
from goldenami.errors import IncompleteError, RefusedError
from goldenami.workflows.lifecycle import descendants, disabling, uses
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version
from goldenami.workflows.lifecycle.uses import Use, UseKind, Uses

_LOOKING = (
    *uses.PERMISSIONS, *image_references.PERMISSIONS, *usage_reports.PERMISSIONS,
    "ec2:DescribeLockedSnapshots", "ec2:DeregisterImage", "ec2:DisableImage",
    "ec2:EnableImageDeprecation",
)  # fmt: skip
PERMISSIONS = (*_LOOKING, *descendants.PERMISSIONS)
ELSEWHERE = (*_LOOKING, *descendants.ELSEWHERE)
"""What it takes of a role of another account."""
PROTECTED = "enabled"
"""How EC2 begins the words for an image that is protected from deregistration."""
COOLDOWN = "enabled-with-cooldown"
_ALIVE = tuple(kind for kind in UseKind if kind is not UseKind.CONSUMER)
"""What keeps an image by being there. Who may launch it need not: EC2 counts who does."""

DEREGISTER = "ec2:DeregisterImage"
_TRIED = {
    DEREGISTER: DEREGISTER,
    disabling.CALL: disabling.CALL,
    deprecations.DEPRECATE: "ec2:EnableImageDeprecation",
}
"""The calls of steps that EC2 tries, each with the operation that it makes."""

_TEMPLATE, _PARAMETER = "ec2:LaunchTemplate", "ssm:Parameter"


class Guarded(Struct, frozen=True, kw_only=True):
    """What keeps a version.

    Args:
        reasons: what is known to keep it.
        unknown: what could not be checked, each with the reason.
        consumers: who may launch which of its images.
    """

    reasons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    consumers: tuple[Use, ...] = ()

    @property
    def content(self) -> bool:
        """Whether nothing keeps it, as far as can be known at all."""
        return not self.reasons and not self.unknown

    def refuse(self, name: str) -> None:
        """Refuse if anything keeps it.

        Raises:
            RefusedError: something uses it.
            IncompleteError: nothing is known to use it, and not everything could be checked.
        """
        unknown = [f"could not check: {each}" for each in self.unknown]
        if self.reasons:
            raise RefusedError(
                f"{name} stays: {len(self.reasons)} things keep it",
                notes=(*self.reasons, *unknown),
                fix="move them to another version (`goldenami remediate --action refresh` does it "
                "for templates and groups), then run the same command again; `goldenami deprecate` "
                "keeps new users away meanwhile",
            )
        if self.unknown:
            raise IncompleteError(
                f"{name} stays: whether something uses it could not be checked",
                notes=unknown,
                fix="give the caller access to these, and run the same command again",
            )


class Watch(Struct, frozen=True, kw_only=True):
    """What the guard looks at, and what it lets pass.

    Args:
        regions: the regions in which copies and descendants may be.
        published: the parameters that releases of the golden image are published as.
        unpublished: parameters that do not count, since they go first, by place and name.
        idle: how long an image may not have been launched.
        steps: what is about to be done with each version, and is tried before.
    """

    regions: Sequence[str]
    published: Collection[str] = ()
    unpublished: Collection[tuple[str, str]] = ()
    idle: timedelta = timedelta()
    steps: Mapping[str, Sequence[Action]] = {}


def look(
    aws: Aws, versions: Sequence[Version], watch: Watch, now: datetime
) -> Mapping[str, Guarded]:
    """Return what keeps versions of a golden image, by version. Only usage reports are made for it.

    Args:
        aws: the caller.
        versions: the versions.
        watch: what is looked at.
        now: the time.
    """
    images = [each for version in versions for each in version.images]
    places = uses.places_of(aws, watch.regions, images)
    with stoppable(1) as pool:
        born = pool.submit(descendants.read, aws, places)
        using = uses.read(aws, images, places, published=watch.published)
        every = using.also(uses.descended(born.result(), images))
    named, unnamed = _references(aws, images, places)
    readers = dict(_readers(aws, versions, every, watch, now))
    answers, errors = concurrently(readers, lambda question: readers[question]())
    problems = {f"{what}: {error.message}": image for (image, what), error in errors.items()}
    known = {(use.image, use.id.partition(":")[0]) for use in every.uses}
    result = {}
    for version in versions:
        ids = {each.image.id for each in version.images}
        reasons = [
            *_in_use(every, ids, watch),
            *(_named(each) for each in named if each.image in ids and _is_news(each, known, watch)),
            *_idle(version, watch, now),
            *(reason for (image, _), lines in answers.items() if image in ids for reason in lines),
        ]
        unknown = [
            *(f"{what}: {why}" for what, why in {**every.unread, **unnamed}.items()),
            *(why for why, image in problems.items() if image in ids),
        ]
        result[version.version] = Guarded(
            reasons=tuple(reasons),
            unknown=tuple(unknown),
            consumers=tuple(
                use for use in every.uses if use.kind is UseKind.CONSUMER and use.image in ids
            ),
        )
    return result


def _in_use(every: Uses, ids: Collection[str], watch: Watch) -> Iterator[str]:
    for use in every.uses:
        gone = (f"{use.account}/{use.region}", use.id) in watch.unpublished
        if use.image in ids and use.kind in _ALIVE and not (
            use.kind is UseKind.PARAMETER and gone
        ):  # fmt: skip
            yield f"{use.image} is used by {use.words}"


def _references(
    aws: Aws, images: Sequence[ReleaseImage], places: Iterable[AccountRegion]
) -> tuple[list[ImageUser], dict[str, str]]:
    """Return what EC2 itself knows to name images, and where it could not be asked."""
    here = {
        place: ids
        for place in places
        if (ids := [each.image.id for each in images if each.place.region == place.region])
    }
    answers, errors = concurrently(
        here, lambda place: image_references.users(aws.at(place), here[place])
    )
    named = [each for several in answers.values() for each in several]
    return named, {f"references in {place}": error.message for place, error in errors.items()}


def _is_news(
    named: ImageUser,
    known: Collection[tuple[str, str]],
    watch: Watch,
) -> bool:
    """Tell whether a reference is none of the uses that are known already, nor one that goes."""
    _, _, _, region, account, resource = named.arn.split(":", 5)
    name = resource.partition("/")[2]
    names = {name, f"/{name}"} if named.kind == _PARAMETER else {name}
    if any((named.image, each) in known for each in names):
        return False
    return not any((f"{account}/{region}", each) in watch.unpublished for each in names)


def _named(named: ImageUser) -> str:
    older = ", in one of its versions" if named.kind == _TEMPLATE else ""
    return f"{named.image} is named by {named.arn}{older}"


def _idle(version: Version, watch: Watch, now: datetime) -> Iterator[str]:
    for each in version.images:
        if each.image.launched and now < each.image.launched + watch.idle:
            yield f"{each.image.id} was launched at {each.image.launched:%Y-%m-%d %H:%M} UTC"


def _readers(
    aws: Aws, versions: Iterable[Version], every: Uses, watch: Watch, now: datetime
) -> Iterator[tuple[tuple[str, str], Callable[[], list[str]]]]:
    """Yield what is read of each image by itself, by its id and what that is."""
    shared = {use.image for use in every.uses if use.kind is UseKind.CONSUMER}
    for version in versions:
        ids = [each.image.id for each in version.images]
        for each in version.images:
            image = each.image.id
            yield (image, f"locks of {image}"), _locks(aws, each)
            yield (image, f"who has the snapshots of {image}"), _snapshots(aws, each, ids)
            if image in shared:
                yield (image, f"use of {image} elsewhere"), _usage(aws, each, now)
            for action in watch.steps.get(version.version, ()):
                if action.parameters.get("ImageId") == image and action.call in _TRIED:
                    yield (image, f"trying to {action.summary}"), _trial(aws, each, action, now)


def is_protected(each: ReleaseImage) -> bool:
    """Tell whether an image is protected from deregistration."""
    return each.image.protection.startswith(PROTECTED)


def _locks(aws: Aws, each: ReleaseImage) -> Callable[[], list[str]]:
    def read() -> list[str]:
        locked = snapshots.locked(aws.at(each.place), each.image.snapshots)
        return [
            f"{each.image.id}: its snapshot {snapshot} is locked ({kind})"
            for snapshot, kind in locked.items()
        ]

    return read


def _snapshots(aws: Aws, each: ReleaseImage, ids: Sequence[str]) -> Callable[[], list[str]]:
    def read() -> list[str]:
        owners = snapshots.images_of(aws.at(each.place), each.image.snapshots)
        return [
            f"{each.image.id}: its snapshot {', '.join(shared)} is also {other}'s"
            for other, shared in owners.items()
            if other not in ids
        ]

    return read


def _usage(aws: Aws, each: ReleaseImage, now: datetime) -> Callable[[], list[str]]:
    """Return what asks EC2 who else uses an image; a report of the same day is used once more."""
    token = f"{each.image.id}-{now:%Y%m%d}"

    def read() -> list[str]:
        return [
            f"{each.image.id} is used in account {use.account}: {use.count} x {use.kind}"
            for use in usage_reports.awaited(aws.at(each.place), each.image.id, token=token)
        ]

    return read


def _trial(aws: Aws, each: ReleaseImage, action: Action, now: datetime) -> Callable[[], list[str]]:
    """Return what tries a step, so that it does not stop at one of several places."""
    parameters = {**action.parameters}
    if action.call == deprecations.DEPRECATE:
        parameters["DeprecateAt"] = f"{deprecations.soonest(now):%Y-%m-%dT%H:%M:%SZ}"

    def read() -> list[str]:
        if action.call == DEREGISTER and is_protected(each):
            return []  # the protection is taken off before
        refusal = calls.refusal(
            aws.at(each.place), _TRIED[action.call], f"trying to {action.summary}", **parameters
        )
        return [refusal.with_fix] if refusal else []

    return read
