"""What EC2 does with the Recycle Bin: to list and to restore images and snapshots.

moto lacks it.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ListImagesInRecycleBin.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreImageFromRecycleBin.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreSnapshotFromRecycleBin.html
"""

from collections.abc import Collection
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import Snapshot

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_value,
    incorrect_state,
    no_such_images,
    no_such_snapshot,
)
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.ec2.recycle_bin import Kept
from goldenami_sandbox.ec2.snapshots import described

IDS_AT_ONCE = 20
_OF_SNAPSHOT = (
    "SnapshotId", "Description", "Encrypted", "OwnerId", "Progress", "StartTime", "State",
    "VolumeId", "VolumeSize",
)  # fmt: skip
"""What RestoreSnapshotFromRecycleBin tells of what DescribeSnapshots does."""


class RecycleBinResponse(Ec2Base):
    """List and restore."""

    def list_images_in_recycle_bin(self) -> ActionResult:
        """List the images in the bin."""
        ids = self._get_param("ImageIds", [])
        if len(ids) > IDS_AT_ONCE:
            raise bad_value(f"At most {IDS_AT_ONCE} image IDs can be specified.")
        images = self.store.bin.images
        if lacking := _lacking(ids, [image.id for image, _ in images]):
            raise no_such_images(lacking)
        chosen = [each for each in images if not ids or each[0].id in ids]
        return ActionResult({"Images": [_image(*each) for each in chosen]})

    def restore_image_from_recycle_bin(self) -> ActionResult:
        """Register an image again, once all its snapshots are back."""
        image_id = self._get_param("ImageId")
        image = self.store.bin.image(image_id)
        if image is None:
            raise no_such_images([image_id])
        for snapshot_id in image.snapshot_ids:
            snapshot = self.store.get_snapshot(snapshot_id)
            if (state := described(snapshot)["State"]) != "completed":
                raise incorrect_state(f"The snapshot '{snapshot_id}' is in the state {state}")
        self.store.check_name(image.name)
        self.error_on_dryrun()
        self.store.bin.take(image_id)
        self.store.images[image_id] = self.store.deregistered.pop(image_id)
        return ActionResult({"Return": True})

    def list_snapshots_in_recycle_bin(self) -> ActionResult:
        """List the snapshots in the bin."""
        ids = self._get_param("SnapshotIds", [])
        snapshots = self.store.bin.snapshots
        for snapshot_id in _lacking(ids, [snapshot.id for snapshot, _ in snapshots]):
            raise no_such_snapshot(snapshot_id)
        chosen = [each for each in snapshots if not ids or each[0].id in ids]
        return ActionResult({"Snapshots": [_snapshot(*each) for each in chosen]})

    def restore_snapshot_from_recycle_bin(self) -> ActionResult:
        """Bring a snapshot back."""
        snapshot_id = self._get_param("SnapshotId")
        snapshot = self.store.bin.snapshot(snapshot_id)
        if snapshot is None:
            raise no_such_snapshot(snapshot_id)
        self.error_on_dryrun()
        self.store.bin.take(snapshot_id)
        self.store.snapshots[snapshot_id] = snapshot
        every = described(snapshot)
        return ActionResult({name: every[name] for name in _OF_SNAPSHOT})


def _lacking(ids: Collection[str], known: Collection[str]) -> list[str]:
    return [each for each in ids if each not in known]


def _image(image: SandboxImage, kept: Kept) -> dict[str, Any]:
    return {
        "ImageId": image.id,
        "Name": image.name,
        "Description": image.description or None,
        **_times(kept),
    }


def _snapshot(snapshot: Snapshot, kept: Kept) -> dict[str, Any]:
    return {
        "SnapshotId": snapshot.id,
        "Description": snapshot.description or "",
        "VolumeId": snapshot.volume_id,
        **_times(kept),
    }


def _times(kept: Kept) -> dict[str, Any]:
    return {"RecycleBinEnterTime": kept.entered, "RecycleBinExitTime": kept.exits}
