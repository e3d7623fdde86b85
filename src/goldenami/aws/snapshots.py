"""Snapshots, by their ids."""

from collections.abc import Sequence

from goldenami.aws.answers.ec2 import DescribeSnapshots, SnapshotAnswer
from goldenami.aws.regional import RegionalAws


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
