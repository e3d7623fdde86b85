"""Snapshots, by their ids, or by the volumes that were made of them."""

from collections.abc import Iterable, Sequence

from goldenami.aws.answers.ec2 import DescribeSnapshots, DescribeVolumes, SnapshotAnswer
from goldenami.aws.session import RegionalAws


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
