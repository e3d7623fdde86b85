"""Whether others can use what an image is encrypted with: device by device, place by place.

An image cannot be shared if one of its snapshots is encrypted with AWS's own key.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from goldenami.aws import keys, snapshots
from goldenami.aws.session import RegionalAws
from goldenami.bake.interface import Recipe
from goldenami.bake.volumes import launched
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult
from goldenami.domain.encryption import DeviceKey, KeyOrigin, device_key
from goldenami.domain.image import Image
from goldenami.errors import AwsError

_PURPOSE = "looking at the keys of what is shared"


def permissions(recipe: Recipe) -> tuple[str, ...]:
    """Return the IAM actions that the look needs of the caller."""
    volumes = ("ec2:DescribeVolumes",) if recipe.instance_id else ()
    needed = (*keys.PERMISSIONS, *keys.DEFAULT_PERMISSIONS, "ec2:DescribeSnapshots", *volumes)
    return needed if recipe.is_shared else ()


class _Default(Struct, frozen=True):
    """Whether a region encrypts unasked; None, and why, if that is not known."""

    encrypts: bool | None
    why: str = ""


def check(recipe: Recipe, place: AccountRegion, present: Mapping[str, Image]) -> CheckResult:
    """Look whether the image of a place can be shared.

    What the release file names a key for is not looked at: `goldenami.aws.keys.check` does that.

    Args:
        recipe: what is baked.
        place: in the caller's account.
        present: the images that are complete already, by place.

    Raises:
        AwsError: what it is made of could not be read.
    """
    regional = recipe.aws.at(place)
    default = _Default(encrypts=False) if place.name in present else _default(regional)
    devices: dict[tuple[KeyOrigin, str], list[str]] = defaultdict(list)
    for each in _keys(recipe, place, present, default):
        devices[each.origin, each.key].append(each.device)
    elsewhere = f"distribute.{place.region}.kms_key"
    looks = (
        _look(
            regional,
            DeviceKey(device=f"the image's {', '.join(names)}", origin=origin, key=key),
            "base.volumes[].kms_key" if place == recipe.place else elsewhere,
            default.why,
        )
        for (origin, key), names in devices.items()
    )
    return sum(looks, CheckResult())


def _default(regional: RegionalAws) -> _Default:
    try:
        return _Default(keys.encrypts_by_default(regional))
    except AwsError as error:
        return _Default(None, error.message)


def _keys(
    recipe: Recipe, place: AccountRegion, present: Mapping[str, Image], default: _Default
) -> Sequence[DeviceKey]:
    """Return the key of each device of the image of a place."""
    regional = recipe.aws.at(place)
    if place.name in present:
        devices = present[place.name].devices
        backings = snapshots.behind_devices(regional, devices, _PURPOSE)
    elif place != recipe.place:
        home = recipe.aws.at(recipe.place)
        backings = [each.as_source for each in _keys(recipe, recipe.place, present, _default(home))]
    elif recipe.instance_id:
        backings = snapshots.attached(regional, recipe.instance_id, _PURPOSE)
    else:
        volumes = recipe.release.base.volumes
        return [
            device_key(
                backing,
                encrypt=volume is not None and volume.encrypted,
                key=volume.kms_key if volume else None,
                by_default=default.encrypts,
            )
            for backing, volume in launched(regional, recipe.source, volumes)
        ]
    is_copy = place != recipe.place and place.name not in present
    key = recipe.copy_key(place) if is_copy else None
    return [device_key(each, key=key, by_default=default.encrypts) for each in backings]


def _look(regional: RegionalAws, each: DeviceKey, where: str, why: str) -> CheckResult:
    """Look at a device's key; ``where`` the file can name another, ``why`` none is known."""
    match each.origin:
        case KeyOrigin.FILE:
            return CheckResult()
        case KeyOrigin.NONE:
            plain = f"{each.device}: not encrypted in {regional.region}, and so can be shared"
            return CheckResult(fine=(plain,))
        case KeyOrigin.SNAPSHOT:
            return keys.check_shared(regional, each.key, each.device, where)
        case KeyOrigin.UNKNOWN:
            return _unknown(each.device, why)
    try:
        return keys.check_shared(regional, keys.default(regional), each.device, where)
    except AwsError as error:
        return _unknown(each.device, error.message)


def _unknown(what: str, why: str) -> CheckResult:
    return CheckResult(unknown=(f"{what}: whether it can be shared is not known: {why}",))
