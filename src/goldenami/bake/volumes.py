"""The volumes that a bake launches with, beside those of the source image.

EC2 takes a device that the source does not have for one more volume, whatever was meant, so that
all of it is looked at before: devices, sizes, snapshots, and whether the root is encrypted.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goldenami.aws import keys, snapshots
from goldenami.aws.parallel import ahead
from goldenami.aws.session import RegionalAws
from goldenami.domain import volumes as limits
from goldenami.domain.encryption import Backing
from goldenami.domain.image import Image, ImageDevice, Snapshot
from goldenami.errors import AwsError
from goldenami.spec.model import BaseVolume

PERMISSIONS = ("ec2:DescribeSnapshots", "ec2:GetEbsEncryptionByDefault")
_PURPOSE = "looking at the snapshots of the volumes"
Snapshots = Mapping[str, Snapshot]
Volumes = Sequence[BaseVolume]


def mapping(volume: BaseVolume) -> dict[str, Any]:
    """Return a volume as RunInstances takes it; a bake leaves none behind."""
    parameters = {
        "VolumeSize": volume.size_gib,
        "VolumeType": volume.type,
        "Iops": volume.iops,
        "Throughput": volume.throughput,
        "SnapshotId": volume.snapshot,
        "Encrypted": volume.encrypted,
        "DeleteOnTermination": True,
        "KmsKeyId": volume.kms_key or None,
    }
    ebs = {name: value for name, value in parameters.items() if value is not None}
    return {"DeviceName": volume.device, "Ebs": ebs}


def outliving(volumes: Volumes, *, deleted: bool) -> list[dict[str, Any]]:
    """Return the volumes that are to outlive instances of the image, as a mapping that says so.

    Args:
        volumes: of the release file.
        deleted: what it says: False makes them outlive; True is for an instance of the bake's own.
    """
    return [
        {"DeviceName": volume.device, "Ebs": {"DeleteOnTermination": deleted}}
        for volume in volumes
        if not volume.delete_on_termination
    ]


def block_device(volume: BaseVolume) -> dict[str, Any]:
    """Return a volume as the Packer templates take it; Packer 1.6 has no defaults for gp3."""
    kind = limits.TYPES[volume.type]
    return {
        "device": volume.device,
        "size_gib": volume.size_gib,
        "type": volume.type,
        "iops": volume.iops or kind.default_iops or None,
        "throughput": volume.throughput or (kind.throughput.least if kind.throughput else None),
        "snapshot_id": volume.snapshot or "",
        "encrypted": volume.encrypted,
        "kms_key_id": volume.kms_key or "",
        "delete_on_termination": volume.delete_on_termination,
    }


def launched(
    regional: RegionalAws, source: Image, volumes: Volumes
) -> list[tuple[Backing, BaseVolume | None]]:
    """Return what each device of the base instance is made of, and what the file says of it.

    Raises:
        AwsError: the snapshots could not be read.
    """
    by_device = {volume.device: volume for volume in volumes}
    own_devices = {device.name: device for device in source.devices}
    snapshot_of = {volume.device: volume.snapshot for volume in volumes if volume.snapshot}
    further = snapshots.visible(regional, list(snapshot_of.values()), _PURPOSE)
    devices = [
        _made_of(name, own_devices.get(name), further.get(snapshot_of.get(name, "")))
        for name in dict.fromkeys([*own_devices, *by_device])
    ]
    backings = snapshots.behind_devices(regional, devices, _PURPOSE)
    return [(backing, by_device.get(backing.device)) for backing in backings]


def _made_of(name: str, own: ImageDevice | None, snapshot: Snapshot | None) -> ImageDevice:
    if snapshot:
        return ImageDevice(
            name=name, snapshot=snapshot.id, encrypted=snapshot.encrypted,
            size_gib=snapshot.size_gib,
        )  # fmt: skip
    return own or ImageDevice(name=name)


def problems(regional: RegionalAws, source: Image, volumes: Volumes) -> list[str]:
    """Say why the volumes of a release file cannot be what it means, with the file's keys.

    Args:
        regional: whose AWS, in the build region.
        source: the image that the base instance is launched from.
        volumes: of the release file.
    """
    named = [volume.snapshot for volume in volumes if volume.snapshot]
    rooting = ahead(lambda: list(_root_problems(regional, source, volumes)))
    try:
        seen = snapshots.visible(regional, [*source.snapshots, *named], _PURPOSE) if volumes else {}
        return [
            *(
                f"base.volumes[{index}].{words}"
                for index, volume in enumerate(volumes)
                for words in _volume_problems(source, volume, seen)
            ),
            *rooting(),
        ]
    except AwsError as error:
        return [error.with_fix]


def _volume_problems(source: Image, volume: BaseVolume, seen: Snapshots) -> Iterator[str]:
    device, own_devices = volume.device, {each.name: each for each in source.devices}
    meant = limits.other_spelling(device, own_devices, source.root_device)
    if meant:
        thing = "root" if meant == source.root_device else "device"
        yield (
            f"device: {source.id} has its {thing} at {meant}, and {device} would be one more "
            f"volume beside it: write `device: {meant}`"
        )
        return
    if device == source.root_device:
        yield from _root_volume_problems(source, volume)
    yield from _snapshot_problems(own_devices.get(device), volume, seen)


def _root_volume_problems(source: Image, volume: BaseVolume) -> Iterator[str]:
    if volume.snapshot:
        yield f"snapshot: {volume.device} is the root, which is made of {source.id}: leave it out"
    if not limits.TYPES[volume.type].boots:
        yield f"type: {volume.type} cannot be a root volume, and {volume.device} is the root"


def _snapshot_problems(
    own: ImageDevice | None, volume: BaseVolume, seen: Snapshots
) -> Iterator[str]:
    snapshot_id = volume.snapshot or (own.snapshot if own else "")
    snapshot = seen.get(snapshot_id)
    if volume.snapshot and snapshot is None:
        yield f"snapshot: there is no {snapshot_id} here, or it is not shared with this account"
        return
    if volume.snapshot and snapshot and snapshot.state != "completed":
        yield f"snapshot: {snapshot_id} is {snapshot.state}, not completed"
    least_gib = snapshot.size_gib if snapshot else own.size_gib if own else 0
    if volume.size_gib is not None and volume.size_gib < least_gib:
        yield (
            f"size_gib: {volume.size_gib} GiB are less than its snapshot {snapshot_id} has: "
            f"at least {least_gib}"
        )
    if volume.size_gib is None:
        yield from _unsized_problems(volume, least_gib)


def _unsized_problems(volume: BaseVolume, size_gib: int) -> Iterator[str]:
    """Say what is wrong with a volume that is as large as its snapshot."""
    if words := limits.size_problem(volume.type, size_gib):
        yield f"size_gib: {words}, as its snapshot has"
    if words := limits.iops_problem(volume.type, volume.iops, size_gib):
        yield f"iops: {words}"


def _root_problems(regional: RegionalAws, source: Image, volumes: Volumes) -> Iterator[str]:
    """Find a root that stays unencrypted though the file asks for encryption.

    Raises:
        AwsError: whether the region encrypts by default could not be read.
    """
    root = source.root_device
    device = next((each for each in source.devices if each.name == root), None)
    asked_for = any(volume.encrypted for volume in volumes)
    addressed = any(limits.same_device(volume.device, root) for volume in volumes)
    if not asked_for or addressed or device is None or device.encrypted:
        return
    if not keys.encrypts_by_default(regional):
        yield (
            f"base.volumes: encryption is asked for, and the root {root} of {source.id} would "
            f"stay unencrypted: name it, `{{device: {root}, size_gib: {device.size_gib}, "
            "encrypted: true}`, or with `encrypted: false` if it is to stay so"
        )
