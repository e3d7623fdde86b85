"""LockSnapshot, UnlockSnapshot and DescribeLockedSnapshots; moto lacks them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LockSnapshot.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnlockSnapshot.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLockedSnapshots.html
"""

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import Snapshot

from goldenami_sandbox.ec2 import snapshot_locks
from goldenami_sandbox.ec2.errors import incorrect_state
from goldenami_sandbox.ec2.snapshots import SnapshotsResponse
from goldenami_sandbox.listing import Described


class SnapshotLocksResponse(SnapshotsResponse):
    """Locks of the account's own snapshots."""

    def lock_snapshot(self) -> ActionResult:
        """Lock a snapshot, or change its lock as far as that can be changed."""
        snapshot = self._snapshot(self._get_param("SnapshotId"))
        wish = snapshot_locks.LockWish(
            self._get_param("LockMode"),
            self._get_int_param("LockDuration"),
            self._get_param("ExpirationDate"),
            self._get_int_param("CoolOffPeriod"),
        )
        lock = snapshot_locks.locked(self.store.locks.get(snapshot.id), wish)
        self.error_on_dryrun()
        self.store.locks[snapshot.id] = lock
        return ActionResult(lock.described(snapshot))

    def unlock_snapshot(self) -> ActionResult:
        """Unlock a snapshot, unless its lock is final."""
        snapshot = self._snapshot(self._get_param("SnapshotId"))
        lock = self.store.locks.get(snapshot.id)
        if lock is None or lock.state == snapshot_locks.EXPIRED:
            raise incorrect_state(f"The snapshot {snapshot.id} is not locked")
        if lock.state == snapshot_locks.COMPLIANCE:
            raise snapshot_locks.not_permitted(
                f"The snapshot {snapshot.id} is locked in compliance mode and its cooling-off "
                "period has expired."
            )
        self.error_on_dryrun()
        del self.store.locks[snapshot.id]
        return ActionResult({"SnapshotId": snapshot.id})

    def describe_locked_snapshots(self) -> ActionResult:
        """List the snapshots that have a lock, be it expired."""
        ids = self._get_param("SnapshotIds", [])
        snapshots = [self._snapshot(each) for each in ids] or self._locked()
        described: list[Described] = [
            self.store.locks[snapshot.id].described(snapshot)
            for snapshot in snapshots
            if snapshot.id in self.store.locks
        ]
        return ActionResult({"Snapshots": described})

    def _locked(self) -> list[Snapshot]:
        every = self.store.snapshots
        return [every[snapshot_id] for snapshot_id in self.store.locks if snapshot_id in every]
