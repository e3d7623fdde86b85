"""CreateImage, CopyImage and RegisterImage.

Otherwise than in moto: names and their uniqueness, one snapshot per volume, tags on image and
snapshots, the pending state, the reboot, client tokens, encryption and where an image comes from.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidParameterDependency
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.utils import random_ami_id

from goldenami_sandbox import clock
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2 import block_devices, tags
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_mapping,
    image_unavailable,
    incorrect_state,
    missing,
    no_such_instance,
)
from goldenami_sandbox.ec2.image import (
    GoneVolume,
    SandboxDevice,
    SandboxImage,
    check_description,
    take_snapshot,
)
from goldenami_sandbox.ec2.last_launch import LaunchTimes
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.overriding import overrides

NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
copies_fail: dict[str, str] = {}
"""Why copies into a region fail, by region."""
_TAGGABLE = ("image", "snapshot")


class ImageCreationResponse(Ec2Base, AmisResponse):
    """The calls that make an image, each in the state ``pending``."""

    @overrides
    def create_image(self) -> ActionResult:
        """Make an image of an instance, with one snapshot for each of its volumes."""
        name = self._new_name()
        wished = tags.by_resource(self._get_param("TagSpecifications", []), _TAGGABLE)
        instance = self._imaged_instance()
        self.error_on_dryrun()
        if not self._get_param("NoReboot", False) and instance.state == "running":
            instance.reboot()
        image_id = random_ami_id()
        about = f"Created by CreateImage({instance.id}) for {image_id}"
        devices = _snapshotted(self.store, instance, image_id, about)
        source = self.store.launched_from(instance.image_id)
        image = SandboxImage(
            self.store,
            image_id,
            name,
            self.current_account,
            instance.architecture or "x86_64",
            instance.root_device_name,
            _overridden(devices, self._get_param("BlockDeviceMappings", [])),
            description=self._get_param("Description", ""),
            platform=instance.platform,
            platform_details=source.platform_details if source else None,
            boot_mode=source.boot_mode if source else "uefi-preferred",
            imds_support=source.imds_support if source else None,
            tpm_support=source.tpm_support if source else None,
            source_instance_id=instance.id,
            source_image_id=instance.image_id,
            source_image_region=self.region,
            watermarks=source.watermarks if source else (),
        )
        return self._put(image, wished)

    @overrides
    def copy_image(self) -> ActionResult:
        """Copy an image into the region of the call."""
        return ActionResult({"ImageId": self.once("CopyImage", self._copied_image_id)})

    @overrides
    def register_image(self) -> ActionResult:
        """Make an image of snapshots."""
        name = self._new_name()
        wished = tags.by_resource(self._get_param("TagSpecifications", []), ("image",))
        mappings = [self._sized(each) for each in self._get_param("BlockDeviceMappings", [])]
        devices = _overridden((), mappings)
        self.error_on_dryrun()
        root = self._get_param("RootDeviceName", "/dev/sda1")
        image = SandboxImage(
            self.store,
            random_ami_id(),
            name,
            self.current_account,
            self._get_param("Architecture", "i386"),
            root,
            devices or (SandboxDevice(root, 8),),
            description=self._get_param("Description", ""),
        )
        return self._put(image, wished)

    def _sized(self, mapping: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a device mapping with what its snapshot tells, if EBS would make its volume."""
        ebs = mapping.get("Ebs")
        if not ebs:
            return mapping
        snapshot = self.store.get_snapshot(ebs["SnapshotId"]) if "SnapshotId" in ebs else None
        if snapshot:
            ebs = {"VolumeSize": snapshot.volume_size, **ebs, "Encrypted": bool(snapshot.encrypted)}
        elif "VolumeSize" not in ebs:
            raise missing("size or snapshotId")
        block_devices.check(ebs, snapshot)
        return {**mapping, "Ebs": ebs}

    def _copied_image_id(self) -> str:
        name = self._new_name()
        wished = tags.by_resource(self._get_param("TagSpecifications", []), _TAGGABLE)
        source = self._copied_image()
        key, failure = self._key_of_copy(source)
        failure = failure or copies_fail.get(self.store.region_name)
        self.error_on_dryrun()
        image_id = random_ami_id()
        copy = replace(
            source,
            store=self.store,
            id=image_id,
            name=name,
            owner_id=self.current_account,
            owner_alias=None,
            description=self._get_param("Description") or source.description,
            devices=_copied(source, self.store, image_id, key, everything=self._encrypted)
            if failure is None
            else (),
            source_instance_id=None,
            source_image_id=source.id,
            source_image_region=source.store.region_name,
            failure=failure,
            created=clock.now(),
            permissions=[],
            deprecation_time=None,
            protection="disabled",
            protected_until=None,
            readiness=Countdown(),
            scans=[],
            launches=LaunchTimes(),
        )
        if self._get_param("CopyImageTags", False):
            own = source.store.tags.get(source.id, {})
            user = {k: v for k, v in own.items() if not k.startswith(tags.RESERVED)}
            wished["image"] = user | wished["image"]
        self._put(copy, wished)
        return image_id

    def _copied_image(self) -> SandboxImage:
        store = self.store_in(self._get_param("SourceRegion"))
        image = store.image(self._get_param("SourceImageId"))
        if image.state != "available":
            raise image_unavailable(image.id, "not available")
        if image.id not in store.images and not self._may_read_snapshots(image):
            raise EC2ClientError(
                "InvalidRequest", "You do not have permission to access the storage of this ami"
            )
        return image

    def _may_read_snapshots(self, image: SandboxImage) -> bool:
        """Say whether the account may copy an image: to launch it is another permission."""
        owner = cast(Ec2Store, ec2_backends[image.owner_id][image.store.region_name])
        snapshots = [owner.get_snapshot(snapshot) for snapshot in image.snapshot_ids]
        return all(
            self.current_account in snapshot.create_volume_permission_userids
            for snapshot in snapshots
        )

    def _key_of_copy(self, source: SandboxImage) -> tuple[str | None, str | None]:
        """Return the KMS key of the copy's snapshots, and why the copy will fail.

        AWS accepts any key, and finds out later whether it is in the destination region.
        """
        wished = self._get_param("KmsKeyId")
        if wished and not self._encrypted:
            raise InvalidParameterDependency("KmsKeyId", "Encrypted")
        if not self._encrypted and not any(device.encrypted for device in source.devices):
            return None, None
        arn = self.store.key_arn(wished)
        return arn, None if arn else "Copy image operation failed: Given key ID is not accessible"

    @property
    def _encrypted(self) -> bool:
        """Whether a copy is encrypted even if what it is made of is not."""
        by_default = self.store.get_ebs_encryption_by_default()
        return bool(self._get_param("Encrypted", False)) or by_default

    def _new_name(self) -> str:
        name: str = self._get_param("Name", "")
        if not NAME.fullmatch(name):
            raise EC2ClientError(
                "InvalidAMIName.Malformed",
                "AMI names must be between 3 and 128 characters long, and may contain letters, "
                "numbers, '(', ')', '.', '-', '/' and '_'",
            )
        check_description(self._get_param("Description", ""))
        self.store.check_name(name)
        return name

    def _imaged_instance(self) -> Instance:
        instance_id = self._get_param("InstanceId")
        instance = self.store.get_instance_by_id(instance_id)
        if instance is None:
            raise no_such_instance(instance_id)
        if instance.state not in ("running", "stopping", "stopped"):
            raise incorrect_state(f"Instance {instance_id} is not in state 'running' or 'stopped'")
        return instance

    def _put(self, image: SandboxImage, wished: Mapping[str, tags.Tags]) -> ActionResult:
        self.store.images[image.id] = image
        self.store.create_tags([image.id], wished["image"])
        for snapshot_id in image.snapshot_ids if "snapshot" in wished else []:
            self.store.create_tags([snapshot_id], wished["snapshot"])
        return ActionResult({"ImageId": image.id})


def _snapshotted(
    store: Ec2Store, instance: Instance, image_id: str, about: str
) -> tuple[SandboxDevice, ...]:
    devices = []
    for name, attached in instance.get_block_device_mapping:
        volume = store.get_volume(attached.volume_id)
        snapshot = take_snapshot(store, volume, about, image_id)
        devices.append(
            SandboxDevice(
                name,
                volume.size,
                snapshot.id,
                volume.volume_type,
                attached.delete_on_termination,
                volume.encrypted,
            )
        )
    return tuple(devices)


def _overridden(
    devices: Sequence[SandboxDevice], mappings: Sequence[Mapping[str, Any]]
) -> tuple[SandboxDevice, ...]:
    """Return the devices of an instance or none, changed by a request's device mappings."""
    by_name = {device.name: device for device in devices}
    for mapping in mappings:
        name, ebs = mapping["DeviceName"], mapping.get("Ebs", {})
        if "NoDevice" in mapping or ("VirtualName" in mapping and not ebs):
            by_name.pop(name, None)
            continue
        base = by_name.get(name, SandboxDevice(name, 8))
        if name in by_name and ebs.get("VolumeSize", base.size_gib) < base.size_gib:
            raise bad_mapping(
                f"Volume of size {ebs['VolumeSize']}GB is smaller than snapshot "
                f"'{base.snapshot_id}', expect size >= {base.size_gib}GB"
            )
        by_name[name] = replace(
            base,
            size_gib=ebs.get("VolumeSize", base.size_gib),
            snapshot_id=ebs.get("SnapshotId", base.snapshot_id),
            volume_type=ebs.get("VolumeType", base.volume_type),
            delete_on_termination=ebs.get("DeleteOnTermination", base.delete_on_termination),
            encrypted=ebs.get("Encrypted", base.encrypted),
        )
    return tuple(by_name.values())


def _copied(
    source: SandboxImage,
    store: Ec2Store,
    image_id: str,
    kms_key_id: str | None,
    *,
    everything: bool,
) -> tuple[SandboxDevice, ...]:
    devices = []
    for device in source.devices:
        key = kms_key_id if everything or device.encrypted else None
        volume = GoneVolume(device.size_gib, key is not None, key)
        about = (
            f"Copied for DestinationAmi {image_id} from SourceAmi {source.id} "
            f"for SourceSnapshot {device.snapshot_id}."
        )
        snapshot = take_snapshot(store, volume, about, image_id)
        devices.append(replace(device, snapshot_id=snapshot.id, encrypted=volume.encrypted))
    return tuple(devices)
