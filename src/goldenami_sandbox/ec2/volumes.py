"""Volumes: the key that EBS encrypts with, detaching, and another root volume while running.

moto takes any size and IOPS, cannot tell the key, needs an instance where AWS takes the one that
the volume is attached to, takes a running instance's root volume away, and lacks
CreateReplaceRootVolumeTask.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateReplaceRootVolumeTask.html
"""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.moto_api._internal import mock_random

from goldenami_sandbox.ec2 import block_devices, tags
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_combination,
    bad_value,
    image_unavailable,
    incorrect_state,
    missing,
    no_such_instance,
)
from goldenami_sandbox.ec2.store import AWS_MANAGED_KEY
from goldenami_sandbox.listing import Described
from goldenami_sandbox.overriding import overrides


class EbsResponse(Ec2Base, ElasticBlockStore):
    """EBS's settings."""

    def get_ebs_default_kms_key_id(self) -> ActionResult:
        """Return the ARN of the account's key, or the alias of AWS's own."""
        self.error_on_dryrun()
        key = self.store.default_kms_key_id
        own = bool(key) and key not in self.store.managed_keys
        return ActionResult({"KmsKeyId": key if own else AWS_MANAGED_KEY})

    @overrides
    def create_volume(self) -> ActionResult:
        """Make a volume that EBS would make."""
        snapshot_id = self._get_param("SnapshotId")
        snapshot = self.store.get_snapshot(snapshot_id) if snapshot_id else None
        size_gib = self._get_param("Size") or (snapshot and snapshot.volume_size)
        if not size_gib:
            raise missing("size/snapshot")
        names = ("VolumeType", "Iops", "Throughput")
        ebs = {name: self._get_param(name) for name in names} | {"VolumeSize": size_gib}
        block_devices.check(ebs, snapshot)
        return super().create_volume()

    @overrides
    def modify_volume(self) -> ActionResult:
        """Change a volume to one that EBS would make, and that is no smaller."""
        volume = self.store.get_volume(self._get_param("VolumeId"))
        size_gib = self._get_param("Size") or volume.size
        if size_gib < volume.size:
            raise bad_value("New size cannot be smaller than existing size")
        kind = self._get_param("VolumeType") or volume.volume_type
        kept = volume.iops if kind in block_devices.IOPS else None
        block_devices.check(
            {
                "VolumeSize": size_gib,
                "VolumeType": kind,
                "Iops": self._get_param("Iops") or kept,
                "Throughput": self._get_param("Throughput"),
            },
            None,
        )
        return super().modify_volume()

    @overrides
    def detach_volume(self) -> ActionResult:
        """Detach a volume from its instance; a running one keeps its root volume."""
        volume = self.store.get_volume(self._get_param("VolumeId"))
        attachment = volume.attachment
        if attachment is None:
            raise EC2ClientError(
                "IncorrectState", f"Volume '{volume.id}' is in the 'available' state."
            )
        instance = attachment.instance
        root = attachment.device == instance.root_device_name
        if root and instance.state != "stopped":
            raise EC2ClientError(
                "OperationNotPermitted",
                f"Unable to detach root volume '{attachment.device}' from instance '{instance.id}'",
            )
        self.error_on_dryrun()
        named = self._get_param("InstanceId") or instance.id
        device = self._get_param("Device")
        detached = self.store.detach_volume(volume.id, named, device)
        return ActionResult(
            {
                "VolumeId": volume.id,
                "InstanceId": instance.id,
                "Device": detached.device,
                "State": "detaching",
                "AttachTime": detached.attach_time,
            }
        )


_KINDS = ("replace-root-volume-task", "volume")


class RootReplacementResponse(Ec2Base):
    """Another root volume for a running instance."""

    def create_replace_root_volume_task(self) -> ActionResult:
        """Replace the root volume by one of an image, of a snapshot, or of the launch state."""
        instance = self._running(self._get_param("InstanceId"))
        image_id, snapshot_id = self._get_param("ImageId"), self._get_param("SnapshotId")
        if image_id and snapshot_id:
            raise bad_combination("You can specify either ImageId or SnapshotId, not both")
        source = snapshot_id or self._root_snapshot(image_id or instance.image_id)
        wished = tags.by_resource(self._get_param("TagSpecifications", []), _KINDS)
        self.error_on_dryrun()
        self._replace(instance, source, wished["volume"])
        now = f"{utcnow():%Y-%m-%dT%H:%M:%SZ}"
        task = {
            "ReplaceRootVolumeTaskId": f"replacevol-{mock_random.get_random_hex(17)}",
            "InstanceId": instance.id,
            "TaskState": "succeeded",
            "StartTime": now,
            "CompleteTime": now,
            "ImageId": image_id,
            "SnapshotId": source,
        }
        self.store.root_replacements.append(task)
        task_id = task["ReplaceRootVolumeTaskId"]
        self.store.create_tags([task_id], wished["replace-root-volume-task"])
        return ActionResult({"ReplaceRootVolumeTask": self._tagged(task)})

    def describe_replace_root_volume_tasks(self) -> ActionResult:
        """List the replacements."""
        ids = self._get_param("ReplaceRootVolumeTaskIds", [])
        tasks = [
            self._tagged(task)
            for task in self.store.root_replacements
            if not ids or task["ReplaceRootVolumeTaskId"] in ids
        ]
        return ActionResult({"ReplaceRootVolumeTasks": tasks})

    def _tagged(self, task: Mapping[str, Any]) -> Described:
        own = self.store.tags.get(task["ReplaceRootVolumeTaskId"], {})
        return {**task, "Tags": [{"Key": key, "Value": value} for key, value in own.items()]}

    def _running(self, instance_id: str) -> Instance:
        instance = self.store.get_instance_by_id(instance_id)
        if instance is None:
            raise no_such_instance(instance_id)
        if instance.state != "running":
            raise incorrect_state(f"The instance '{instance_id}' is not in the running state")
        return instance

    def _root_snapshot(self, image_id: str) -> str | None:
        image = self.store.image(image_id)
        if image.state != "available":
            raise image_unavailable(image_id, f"in the state {image.state}, not available")
        root = next(device for device in image.devices if device.name == image.root_device_name)
        return root.snapshot_id

    def _replace(self, instance: Instance, snapshot_id: str | None, wished: tags.Tags) -> None:
        name = instance.root_device_name
        old = instance.block_device_mapping[name]
        size = self.store.get_snapshot(snapshot_id).volume.size if snapshot_id else old.size
        volume = self.store.create_volume(
            size=size, zone_name=str(instance.placement.zone), snapshot_id=snapshot_id
        )
        self.store.detach_volume(old.volume_id, instance.id, name)
        self.store.attach_volume(volume.id, instance.id, name, delete_on_termination=True)
        self.store.create_tags([volume.id], wished)
