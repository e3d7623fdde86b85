"""DescribeSnapshots, who may use a snapshot, CopySnapshot and DeleteSnapshot.

Otherwise than in moto: progress, owners, unknown ids, both ways to name a permission, the default
key, what a copy is encrypted with, and that a snapshot of any image is in use.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidAMIAttributeItemValueError,
    InvalidParameterDependency,
    InvalidSnapshotInUse,
)
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from goldenami_sandbox.ec2 import public_access
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_combination,
    bad_value,
    default_key_not_shareable,
    no_such_snapshot,
)
from goldenami_sandbox.ec2.snapshot_locks import not_permitted
from goldenami_sandbox.listing import Described
from goldenami_sandbox.overriding import overrides

Permission = Mapping[str, str]
MOST_AT_ONCE = 500
_PERMISSION = "createVolumePermission"


class SnapshotsResponse(Ec2Base, ElasticBlockStore):
    """What images are made of."""

    @overrides
    def describe_snapshots(self) -> ActionResult:
        """List the account's snapshots; those of public images belong to others."""
        ids = self._get_param("SnapshotIds", [])
        snapshots = [self._snapshot(snapshot) for snapshot in ids] or self.store.snapshots.values()
        listed = [described(each) for each in snapshots if self._wanted_snapshot(each)]
        return ActionResult({"Snapshots": listed})

    @overrides
    def copy_snapshot(self) -> ActionResult:
        """Copy a snapshot; it is encrypted if that is asked for, by default, or if it was."""
        source = self.store_in(self._get_param("SourceRegion")).get_snapshot(
            self._get_param("SourceSnapshotId")
        )
        wished = self._get_param("Encrypted", False) or self.store.get_ebs_encryption_by_default()
        encrypted, key_id = bool(wished or source.encrypted), self._get_param("KmsKeyId")
        if key_id and not encrypted:
            raise InvalidParameterDependency("KmsKeyId", "Encrypted")
        answer: Any = super().copy_snapshot().result
        copy = self.store.snapshots[answer["SnapshotId"]]
        copy.encrypted = encrypted
        copy.kms_key_id = self.store.key_arn(key_id) if encrypted else None
        return ActionResult(answer)

    @overrides
    def describe_snapshot_attribute(self) -> ActionResult:
        """Tell who may create volumes of a snapshot, or its product codes."""
        attribute = self._get_param("Attribute")
        if attribute == "productCodes":
            snapshot = self._snapshot(self._get_param("SnapshotId"))
            return ActionResult({"SnapshotId": snapshot.id, "ProductCodes": []})
        if attribute != _PERMISSION:
            raise bad_value(
                f"Value ({attribute}) for parameter attribute is invalid. Unknown attribute."
            )
        return super().describe_snapshot_attribute()

    @overrides
    def delete_snapshot(self) -> ActionResult:
        """Delete a snapshot that no image uses."""
        snapshot = self._snapshot(self._get_param("SnapshotId"))
        for image in self.store.images.values():
            if snapshot.id in image.snapshot_ids:
                raise InvalidSnapshotInUse(snapshot.id, image.id)
        if self.store.is_locked(snapshot.id):
            raise not_permitted(f"The snapshot {snapshot.id} is locked, and cannot be deleted.")
        self.error_on_dryrun()
        self.store.discard_snapshot(snapshot.id)
        return EmptyResult()

    @overrides
    def modify_snapshot_attribute(self) -> ActionResult:
        """Add or remove who may create volumes of a snapshot: accounts, or everybody."""
        snapshot = self._snapshot(self._get_param("SnapshotId"))
        if self._get_param("Attribute", _PERMISSION) != _PERMISSION:
            raise bad_value("Only the attribute createVolumePermission can be modified.")
        add, remove = self._permission_changes()
        _check_targets([*add, *remove])
        if add and self.store.has_default_key(snapshot):
            raise default_key_not_shareable()
        if any("Group" in permission for permission in add):
            if snapshot.encrypted:
                raise EC2ClientError(
                    "OperationNotPermitted", "Encrypted snapshots cannot be shared publicly."
                )
            public_access.check(self.store, public_access.SNAPSHOT)
        self.error_on_dryrun()
        users, groups = (
            snapshot.create_volume_permission_userids,
            snapshot.create_volume_permission_groups,
        )
        users |= _named(add, "UserId")
        users -= _named(remove, "UserId")
        groups |= _named(add, "Group")
        groups -= _named(remove, "Group")
        return EmptyResult()

    def _permission_changes(self) -> tuple[list[Permission], list[Permission]]:
        """Return what is added and what is removed, from either of the two ways to ask for it."""
        change = self._get_param("CreateVolumePermission") or {}
        add, remove = list(change.get("Add", [])), list(change.get("Remove", []))
        if add and remove:
            raise bad_combination(
                "One and only one operation type may be specified for createVolumePermissions"
            )
        named = [{"UserId": user} for user in self._get_param("UserIds", [])]
        named += [{"Group": group} for group in self._get_param("GroupNames", [])]
        operation = self._get_param("OperationType")
        if not add and not remove:
            if not named:
                raise bad_combination("No attributes specified.")
            if operation not in ("add", "remove"):
                raise bad_combination(
                    "No operation specified for createVolumePermission attribute."
                )
            add, remove = (named, []) if operation == "add" else ([], named)
        if len(add) + len(remove) > MOST_AT_ONCE:
            raise bad_value(f"Modification size must not be greater than {MOST_AT_ONCE}.")
        return add, remove

    def _snapshot(self, snapshot_id: str) -> Snapshot:
        snapshot = self.store.get_snapshot(snapshot_id)
        if snapshot.owner_id != self.current_account:
            raise no_such_snapshot(snapshot_id)
        return snapshot

    def _wanted_snapshot(self, snapshot: Snapshot) -> bool:
        owners = self._get_param("OwnerIds", [])
        mine = snapshot.owner_id == self.current_account
        return mine and (not owners or "self" in owners or self.current_account in owners)


def _check_targets(permissions: Iterable[Permission]) -> None:
    for permission in permissions:
        user, group = permission.get("UserId"), permission.get("Group")
        if user is not None and not re.fullmatch(r"\d{12}", user):
            raise InvalidAMIAttributeItemValueError("UserId", user)
        if group is not None and group != "all":
            raise InvalidAMIAttributeItemValueError("UserGroup", group)


def _named(permissions: Iterable[Permission], kind: str) -> set[str]:
    return {permission[kind] for permission in permissions if kind in permission}


def described(snapshot: Snapshot) -> Described:
    """Return a snapshot as DescribeSnapshots does; what AWS leaves out is None."""
    own = snapshot.ec2_backend.tags.get(snapshot.id, {})
    recovering = snapshot.ec2_backend.bin.is_recovering(snapshot.id)
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume_id,
        "VolumeSize": snapshot.volume_size,
        "State": "recovering" if recovering else snapshot.status,
        "Progress": "99%" if recovering else snapshot.progress,
        "StartTime": snapshot.start_time,
        "CompletionTime": snapshot.start_time if snapshot.status == "completed" else None,
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "Encrypted": bool(snapshot.encrypted),
        "KmsKeyId": snapshot.kms_key_id,
        "StorageTier": snapshot.storage_tier,
        "Tags": [{"Key": key, "Value": value} for key, value in own.items()],
    }
