"""EC2: locks of snapshots.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLockedSnapshots.html
"""

from goldenami.aws.answers.interface import Row, Text, listing


class LockedSnapshot(Row, frozen=True, kw_only=True):
    """A snapshot that is, or was, locked."""

    snapshot_id: Text
    lock_state: Text


DescribeLockedSnapshots = listing("ec2:DescribeLockedSnapshots", "Snapshots", LockedSnapshot)
