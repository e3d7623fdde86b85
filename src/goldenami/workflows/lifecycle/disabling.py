"""Taking images out of everybody's reach, after what that loses was kept.

DisableImage takes all launch permissions away, and EnableImage does not bring them back: so they
are written into the manifest before, from where a restoration takes them.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableImage.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goldenami.aws import manifests, sharing
from goldenami.domain import manifest
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Action, Ref
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version

CALL = "ec2:DisableImage"
DISABLED = "disabled"


def disabling(version: Version, *, after: Sequence[str] = ()) -> tuple[Action, ...]:
    """Return what disables the images of a version, as far as they are not disabled.

    Args:
        version: the version.
        after: the ids of the actions that have to be done before.
    """
    available = [each for each in version.images if each.image.state != DISABLED]
    looks = {each.image.id: _look(each, after) for each in available}
    kept = [*_kept(version, looks)]
    before = tuple(action.id for action in kept) or tuple(look.id for look in looks.values())
    return (*looks.values(), *kept, *(_disable(each, before) for each in available))


def _look(each: ReleaseImage, after: Sequence[str]) -> Action:
    return Action.at(
        each.place, f"shares:{each.place.name}:{each.image.id}", sharing.LOOK,
        f"see who may launch {each.image.id}", {"ImageId": each.image.id},
        permissions=("ec2:DescribeImageAttribute",), after=tuple(after),
    )  # fmt: skip


def _kept(version: Version, looks: Mapping[str, Action]) -> Iterator[Action]:
    """Yield what writes into each manifest who may launch its images."""
    for each in version.manifests:
        listed = {placed.image_id for placed in each.manifest.images} & looks.keys()
        shares: dict[str, Any] = {
            image: Ref(looks[image].id, "consumers") for image in sorted(listed)
        }
        if shares:
            name = manifest.parameter(version.image, each.manifest.build)
            yield Action.at(
                each.place, f"kept:{each.manifest.build}", manifests.SHARES,
                f"keep in {name} who may launch them", {"Name": name, "Shares": shares},
                permissions=manifests.PERMISSIONS,
                after=tuple(looks[image].id for image in shares),
            )  # fmt: skip


def _disable(each: ReleaseImage, after: Sequence[str]) -> Action:
    place: AccountRegion = each.place
    return Action.at(
        place, f"disable:{place.name}:{each.image.id}", CALL,
        f"disable {each.image.id}: nobody can launch it then", {"ImageId": each.image.id},
        after=tuple(after),
    )  # fmt: skip
