"""CreateReplaceRootVolumeTask and DescribeReplaceRootVolumeTasks, which moto lacks.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateReplaceRootVolumeTask.html
"""

from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance
from moto.moto_api._internal import mock_random

from goldenami_sandbox.ec2 import tags
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_combination,
    image_unavailable,
    incorrect_state,
    no_such_instance,
)

_KINDS = ("replace-root-volume-task", "volume")


@dataclass(frozen=True)
class Task:
    """A replacement, which is over at once."""

    id: str
    instance_id: str
    image_id: str | None
    snapshot_id: str | None
    started: str

    def described(self, own_tags: list[dict[str, str]]) -> dict[str, Any]:
        """Return the task as AWS writes it."""
        return {
            "ReplaceRootVolumeTaskId": self.id,
            "InstanceId": self.instance_id,
            "TaskState": "succeeded",
            "StartTime": self.started,
            "CompleteTime": self.started,
            "ImageId": self.image_id,
            "SnapshotId": self.snapshot_id,
            "Tags": own_tags,
        }


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
        task = Task(
            id=f"replacevol-{mock_random.get_random_hex(17)}",
            instance_id=instance.id,
            image_id=image_id,
            snapshot_id=source,
            started=utcnow().isoformat(timespec="seconds"),
        )
        self.store.root_replacements.append(task)
        self.store.create_tags([task.id], wished["replace-root-volume-task"])
        return ActionResult({"ReplaceRootVolumeTask": self._told(task)})

    def describe_replace_root_volume_tasks(self) -> ActionResult:
        """List the replacements."""
        ids = self._get_param("ReplaceRootVolumeTaskIds", [])
        found = [one for one in self.store.root_replacements if not ids or one.id in ids]
        return self.paged("ReplaceRootVolumeTasks", [self._told(one) for one in found])

    def _told(self, task: Task) -> dict[str, Any]:
        own = self.store.tags.get(task.id, {})
        return task.described([{"Key": key, "Value": value} for key, value in own.items()])

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
        root = next(one for one in image.devices if one.name == image.root_device_name)
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
