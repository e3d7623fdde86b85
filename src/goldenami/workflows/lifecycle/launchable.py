"""Making the images of a version launchable again: enabled, shared, not deprecated, listed.

What is so already is left as it is. The status is another thing: see `transition.changing`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from goldenami.aws import returning, sharing
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain import manifest
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.manifest import Placed
from goldenami.domain.plan import Action
from goldenami.domain.status import Status
from goldenami.errors import AwsError
from goldenami.iam import snapshot_list
from goldenami.workflows.lifecycle.disabling import DISABLED
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version
from goldenami.workflows.release import guardrail

PERMISSIONS = ("ec2:DescribeImageAttribute", *guardrail.LOOKING)
"""What looking at it takes."""
ELSEWHERE = ("ec2:DescribeImageAttribute",)
"""What that takes of a role of another account."""
CHANGES = ("ec2:DisableImageDeprecation", "ec2:EnableImage", "ec2:ModifyImageAttribute")
"""What making it so may take, for who cannot look yet; of guardrails see `guardrail.EXTENDING`."""
_WORDS = {":organization/": "OrganizationArn", ":ou/": "OrganizationalUnitArn"}


class Launchable(Struct, frozen=True, kw_only=True):
    """What makes images launchable.

    Args:
        actions: what is done on the images.
        listing: what is done on guardrails that list snapshots, once the images are approved.
        unknown: what could not be found out.
    """

    actions: tuple[Action, ...] = ()
    listing: tuple[Action, ...] = ()
    unknown: tuple[str, ...] = ()


def launchable(aws: Aws, version: Version) -> Launchable:
    """Look at the images of a version, and return what makes them launchable.

    Who may launch them is in the manifest. A policy of the organization that lists snapshots is not
    looked at, for only `goldenami enforce` knows of it.

    Raises:
        AwsError: who may launch an image now, or a policy, could not be read.
    """
    shares = {placed.image_id: placed for placed in _placed(version)}
    present = _present(
        aws,
        [
            (each.place, each.image.id)
            for each in version.images
            if each.image.state != DISABLED and _wanted(shares.get(each.image.id))
        ],
    )
    now = datetime.now(UTC)
    actions = tuple(
        action
        for each in version.images
        for action in opening(each, shares.get(each.image.id), present.get(each.image.id, ()), now)
    )
    listing, unknown = _listing(aws, version)
    return Launchable(actions=actions, listing=listing, unknown=(*unknown, *_forgotten(version)))


def opening(
    each: ReleaseImage, placed: Placed | None, present: Collection[str], now: datetime
) -> Iterator[Action]:
    """Yield what lets an image be launched by whom its release let.

    Args:
        each: the image.
        placed: what its manifest says of it.
        present: who may launch it now, by id or ARN.
        now: the time.
    """
    where, named = f"{each.place.name}:{each.image.id}", {"ImageId": each.image.id}
    after: tuple[str, ...] = ()
    if each.image.state == DISABLED:
        enable = Action.at(
            each.place, f"enable:{where}", "ec2:EnableImage", f"enable {each.image.id}", named
        )
        awaited = Action.at(
            each.place, f"enabled:{where}", returning.AWAIT,
            f"wait until {each.image.id} is available",
            {**named, "States": returning.AVAILABLE, "timeout_s": returning.TIMEOUT_S},
            permissions=("ec2:DescribeImages",), after=(enable.id,),
        )  # fmt: skip
        after = (awaited.id,)
        yield from (enable, awaited)
    if missing := [name for name in _wanted(placed) if name not in present]:
        yield Action.at(
            each.place, f"share:{where}", "ec2:ModifyImageAttribute",
            f"let {len(missing)} launch {each.image.id} that could before",
            {**named, "LaunchPermission": {"Add": [{_word(name): name} for name in missing]}},
            after=after,
        )  # fmt: skip
    ends = each.image.deprecated_at
    if ends and (ends <= now or each.status != Status.APPROVED):
        yield Action.at(
            each.place, f"undeprecate:{where}", "ec2:DisableImageDeprecation",
            f"let {each.image.id} not be deprecated any more", named,
        )  # fmt: skip


def _present(aws: Aws, images: Iterable[tuple[AccountRegion, str]]) -> dict[str, set[str]]:
    """Return who may launch images now, by id or ARN.

    Raises:
        AwsError: that could not be read of one of them.
    """
    there, refused = concurrently(images, lambda each: sharing.consumers(aws.at(each[0]), each[1]))
    for error in refused.values():
        raise error
    return {image: {value for _, value in consumers} for (_, image), consumers in there.items()}


def _placed(version: Version) -> Iterator[Placed]:
    """Yield what manifests say of images, the newest last."""
    for kept in reversed(version.manifests):
        yield from kept.manifest.images


def _wanted(placed: Placed | None) -> tuple[str, ...]:
    return placed.shared_with if placed else ()


def _word(name: str) -> str:
    """Return AWS's word for who may launch an image."""
    return next((word for part, word in _WORDS.items() if part in name), "UserId")


def _forgotten(version: Version) -> Iterator[str]:
    """Tell of disabled images of which no manifest says who could launch them."""
    listed = {
        placed.image_id
        for kept in version.manifests
        if manifest.SHARES not in (kept.manifest.left_out or ())
        for placed in kept.manifest.images
    }
    for each in version.images:
        if each.place.is_home and each.image.state == DISABLED and each.image.id not in listed:
            yield f"who could launch {each.image.id} in {each.place.name} is in no manifest"


def _listing(aws: Aws, version: Version) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    try:
        guardrails = [*guardrail.attached(aws)]
    except AwsError as error:
        if error.code not in FORBIDDEN:
            raise
        return (), (f"whether a guardrail lists snapshots is not known: {error.message}",)
    own = [each for each in version.images if each.place.is_home]
    return tuple(listings(guardrails, own, version, aws.account)), ()


def listings(
    guardrails: Iterable[KeptPolicy], own: Sequence[ReleaseImage], version: Version, account: str
) -> Iterator[Action]:
    """Yield what lets each guardrail list the snapshots that it does not list.

    Args:
        guardrails: those of the account that list snapshots.
        own: the account's own images of the version.
        version: the version.
        account: the account.
    """
    snapshots = {snapshot for each in own for snapshot in each.image.snapshots}
    for policy in guardrails:
        if snapshots <= snapshot_list.listed(policy.document):
            continue
        images: list[dict[str, Any]] = [
            {
                "Region": each.image.region,
                "ImageId": each.image.id,
                "SnapshotIds": list(each.image.snapshots),
            }
            for each in own
        ]
        yield guardrail.extension(
            AccountRegion(account, own[0].place.region), policy, images,
            {
                "Tag": version.approval_tag,
                "Owners": [account],
                "PipelineRole": "",
                "SizeLimit": 0,
                "Enforce": "goldenami enforce FILE",
            },
            (),
        )  # fmt: skip
