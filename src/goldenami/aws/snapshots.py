"""Snapshots, by their ids, or by the volumes that were made of them."""

from collections.abc import Iterable, Sequence

from goldenami.aws.answers.ec2 import (
    DescribeImages,
    DescribeSnapshots,
    DescribeVolumes,
    SnapshotAnswer,
)
from goldenami.aws.answers.snapshot_locks import DescribeLockedSnapshots
from goldenami.aws.session import RegionalAws
from goldenami.domain.encryption import Backing
from goldenami.domain.image import ImageDevice, Snapshot

_EXPIRED = "expired"


def by_id(regional: RegionalAws, ids: Sequence[str], purpose: str) -> tuple[SnapshotAnswer, ...]:
    """Return the snapshots of these ids; without an id, EC2 would tell everybody's.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html

    Raises:
        AwsError: one of them is not there, or they could not be read.
    """
    if not ids:
        return ()
    return regional.ask(DescribeSnapshots, purpose, SnapshotIds=list(ids)).rows


def own(regional: RegionalAws, ids: Sequence[str], purpose: str) -> list[SnapshotAnswer]:
    """Return those of these snapshots that are there and the account's own."""
    filters = [{"Name": "snapshot-id", "Values": list(ids)}]
    return list(regional.rows(DescribeSnapshots, purpose, OwnerIds=["self"], Filters=filters))


def visible(regional: RegionalAws, ids: Iterable[str], purpose: str) -> dict[str, Snapshot]:
    """Return those of these snapshots that the account may see, whoever owns them, by id."""
    values = sorted(set(ids))
    if not values:
        return {}
    filters = [{"Name": "snapshot-id", "Values": values}]
    return {
        row.snapshot_id: Snapshot(
            id=row.snapshot_id, owner=row.owner_id, state=row.state, size_gib=row.volume_size,
            encrypted=row.encrypted, kms_key=row.kms_key_id,
        )
        for row in regional.rows(DescribeSnapshots, purpose, Filters=filters)
    }  # fmt: skip


def behind_devices(
    regional: RegionalAws, devices: Sequence[ImageDevice], purpose: str
) -> list[Backing]:
    """Return what the devices of an image are made of, with the keys that stay theirs.

    A volume keeps the key of a snapshot of the account's own, and no other account's.
    """
    seen = visible(regional, filter(None, (device.snapshot for device in devices)), purpose)
    keys = {each.id: each.kms_key for each in seen.values() if each.owner == regional.account}
    return [
        Backing(
            device=device.name, encrypted=device.encrypted, own_key=keys.get(device.snapshot, "")
        )
        for device in devices
    ]


def attached(regional: RegionalAws, instance_id: str, purpose: str) -> list[Backing]:
    """Return what the devices of an instance are: its volumes, with their keys."""
    filters = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
    return [
        Backing(device=attachment.device, encrypted=volume.encrypted, own_key=volume.kms_key_id)
        for volume in regional.rows(DescribeVolumes, purpose, Filters=filters)
        for attachment in volume.attachments
        if attachment.instance_id == instance_id
    ]


def behind_roots(regional: RegionalAws, devices: Iterable[str]) -> dict[str, str]:
    """Return the snapshot of each instance's root volume; empty if it was made from none.

    Args:
        regional: whose, and where.
        devices: the names that the root device of a golden image has, such as ``/dev/xvda``.
    """
    volumes = regional.rows(
        DescribeVolumes, "reading root volumes",
        Filters=[
            {"Name": "attachment.status", "Values": ["attached"]},
            {"Name": "attachment.device", "Values": sorted(devices)},
        ],
        MaxResults=500,
    )  # fmt: skip
    return {
        attachment.instance_id: volume.snapshot_id
        for volume in volumes
        for attachment in volume.attachments
    }


def locked(regional: RegionalAws, ids: Sequence[str]) -> dict[str, str]:
    """Return those of these snapshots that are locked, each with the kind of its lock.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshot-lock.html

    Raises:
        AwsError: they could not be read.
    """
    if not ids:
        return {}
    purpose = "reading locks of snapshots"
    rows = regional.rows(DescribeLockedSnapshots, purpose, SnapshotIds=list(ids))
    return {row.snapshot_id: row.lock_state for row in rows if row.lock_state != _EXPIRED}


def images_of(regional: RegionalAws, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the account's own images that have one of these snapshots, each with those.

    Raises:
        AwsError: they could not be read.
    """
    if not ids:
        return {}
    rows = regional.rows(
        DescribeImages, "reading which images have the snapshots", Owners=["self"],
        Filters=[{"Name": "block-device-mapping.snapshot-id", "Values": list(ids)}],
        IncludeDeprecated=True, IncludeDisabled=True,
    )  # fmt: skip
    return {row.image_id: sorted({*row.snapshot_ids} & {*ids}) for row in rows}
