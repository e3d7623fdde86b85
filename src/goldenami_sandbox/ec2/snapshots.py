"""DescribeSnapshots, who may use a snapshot, and DeleteSnapshot.

Otherwise than in moto: progress, owners, all filters, pages, unknown ids, both ways to name a
permission, the default key, and that a snapshot of any image is in use.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
"""

from collections.abc import Iterable, Mapping

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidSnapshotInUse
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value, default_key_not_shareable, no_such_snapshot
from goldenami_sandbox.listing import Described, Field, filtered
from goldenami_sandbox.overriding import overrides


def _same(name: str) -> Field:
    return lambda snapshot: snapshot[name]


_FIELDS = {
    "description": _same("Description"),
    "encrypted": _same("Encrypted"),
    "owner-id": _same("OwnerId"),
    "progress": _same("Progress"),
    "snapshot-id": _same("SnapshotId"),
    "status": _same("State"),
    "storage-tier": _same("StorageTier"),
    "volume-id": _same("VolumeId"),
    "volume-size": _same("VolumeSize"),
}


class SnapshotsResponse(Ec2Base, ElasticBlockStore):
    """What images are made of."""

    @overrides
    def describe_snapshots(self) -> ActionResult:
        """List the account's snapshots; those of public images belong to others."""
        self.error_on_dryrun()
        ids = self._get_param("SnapshotIds", [])
        snapshots = [self._snapshot(snapshot) for snapshot in ids] or self.store.snapshots.values()
        described = [
            _described(snapshot) for snapshot in snapshots if self._wanted_snapshot(snapshot)
        ]
        return self.paged(
            "Snapshots", filtered(described, self._filters_from_querystring(), _FIELDS)
        )

    @overrides
    def delete_snapshot(self) -> ActionResult:
        """Delete a snapshot that no image uses."""
        snapshot = self._snapshot(self._get_param("SnapshotId"))
        for image in self.store.images.values():
            if snapshot.id in image.snapshot_ids:
                raise InvalidSnapshotInUse(snapshot.id, image.id)
        self.error_on_dryrun()
        del self.store.snapshots[snapshot.id]
        return EmptyResult()

    @overrides
    def modify_snapshot_attribute(self) -> ActionResult:
        """Add and remove those that may create volumes of a snapshot: accounts, or everybody."""
        snapshot = self._snapshot(self._get_param("SnapshotId"))
        change = self._get_param("CreateVolumePermission") or {}
        named, operation = self._get_param("UserIds", []), self._get_param("OperationType")
        groups = self._get_param("GroupNames", [])
        if (named or groups) and not change and operation not in ("add", "remove"):
            raise bad_value(f"Invalid value '{operation}' for OperationType")
        add = _users(change.get("Add", [])).union(named if operation == "add" else ())
        remove = _users(change.get("Remove", [])).union(named if operation == "remove" else ())
        if add and self.store.has_default_key(snapshot):
            raise default_key_not_shareable()
        public = _groups(change.get("Add", [])).union(groups if operation == "add" else ())
        private = _groups(change.get("Remove", [])).union(groups if operation == "remove" else ())
        if public and snapshot.encrypted:
            raise bad_value("Encrypted snapshots cannot be shared publicly")
        self.error_on_dryrun()
        allowed = snapshot.create_volume_permission_userids
        snapshot.create_volume_permission_userids = (allowed | add) - remove
        everybody = snapshot.create_volume_permission_groups
        snapshot.create_volume_permission_groups = (everybody | public) - private
        return EmptyResult()

    def _snapshot(self, snapshot_id: str) -> Snapshot:
        snapshot = self.store.get_snapshot(snapshot_id)
        if snapshot.owner_id != self.current_account:
            raise no_such_snapshot(snapshot_id)
        return snapshot

    def _wanted_snapshot(self, snapshot: Snapshot) -> bool:
        owners = self._get_param("OwnerIds", [])
        mine = snapshot.owner_id == self.current_account
        return mine and (not owners or "self" in owners or self.current_account in owners)


def _users(permissions: Iterable[Mapping[str, str]]) -> set[str]:
    return {permission["UserId"] for permission in permissions if "UserId" in permission}


def _groups(permissions: Iterable[Mapping[str, str]]) -> set[str]:
    return {permission["Group"] for permission in permissions if "Group" in permission}


def _described(snapshot: Snapshot) -> Described:
    own = snapshot.ec2_backend.tags.get(snapshot.id, {})
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume_id,
        "VolumeSize": snapshot.volume_size,
        "State": snapshot.status,
        "Progress": snapshot.progress,
        "StartTime": snapshot.start_time,
        "CompletionTime": snapshot.start_time if snapshot.status == "completed" else None,
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "Encrypted": bool(snapshot.encrypted),
        "KmsKeyId": snapshot.kms_key_id,
        "StorageTier": snapshot.storage_tier,
        "Tags": [{"Key": key, "Value": value} for key, value in own.items()],
    }
