"""Snapshots, by their ids."""

from collections.abc import Sequence

from goldenami.aws.answers.ec2 import DescribeSnapshots, Snapshot
from goldenami.aws.ask import ask, listed
from goldenami.aws.session import Aws


def by_id(aws: Aws, region: str, ids: Sequence[str], doing: str) -> tuple[Snapshot, ...]:
    """Return the snapshots of these ids; without an id, EC2 would tell everybody's.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html

    Raises:
        AwsError: one of them is not there, or they could not be read.
    """
    if not ids:
        return ()
    return ask(aws, region, DescribeSnapshots, doing, SnapshotIds=list(ids)).snapshots


def own(aws: Aws, region: str, ids: Sequence[str], doing: str) -> list[Snapshot]:
    """Return those of these snapshots that are there and the account's own.

    Raises:
        AwsError: they could not be read.
    """
    wanted = [{"Name": "snapshot-id", "Values": list(ids)}]
    pages = listed(aws, region, DescribeSnapshots, doing, OwnerIds=["self"], Filters=wanted)
    return [one for page in pages for one in page.snapshots]
