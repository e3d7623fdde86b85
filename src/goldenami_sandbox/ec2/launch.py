"""RunInstances, and what becomes of the instance.

Otherwise than in moto: unknown, pending, disabled and deregistered images are refused, as is
whatever else does not exist, also in a dry run; volumes come from the image's devices and the
request's; tags on volumes and network interfaces; client tokens; MaxCount.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from collections.abc import Mapping
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    InvalidSecurityGroupNotFoundError,
    MissingInputError,
    VPCIdNotSpecifiedError,
)
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, Reservation
from moto.ec2.responses.instances import InstanceResponse
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from goldenami_sandbox.ec2 import block_devices, launch_failures, tags
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_mapping,
    bad_value,
    missing,
    no_such_key_pair,
    no_such_snapshot,
    token_of_the_terminated,
)
from goldenami_sandbox.ec2.image import SandboxDevice, SandboxImage
from goldenami_sandbox.ec2.instance import just_launched
from goldenami_sandbox.overriding import overrides

DEFAULT_TYPE = "m1.small"
_TAGGABLE = ("instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu")


class LaunchesResponse(Ec2Base, InstanceResponse):
    """RunInstances."""

    @overrides
    def run_instances(self) -> ActionResult:
        """Launch instances from an image that allows it."""
        again = ("RunInstances", self._get_param("ClientToken")) in self.store.client_tokens
        reservation: Reservation = self.once("RunInstances", self._launched)
        if again and all(instance.state == "terminated" for instance in reservation.instances):
            raise token_of_the_terminated()
        if again:
            return ActionResult(reservation)
        return ActionResult(
            {
                "ReservationId": reservation.id,
                "OwnerId": reservation.owner_id,
                "Groups": [],
                "Instances": [just_launched(instance) for instance in reservation.instances],
            }
        )

    @classmethod
    def launch(cls, account: str, region: str, parameters: Mapping[str, Any]) -> list[str]:
        """Launch as a request would, and return the ids; no answer is written, and none read.

        Args:
            account: whose instances they are.
            region: where.
            parameters: RunInstances', in boto3's shape.

        Raises:
            EC2ClientError: as RunInstances.
        """
        response = cls("ec2")
        response.automated_parameter_parsing = True
        response.current_account, response.region = account, region
        response.partition = get_partition(region)
        response.params, response.uri_match = dict(parameters), {}
        return [instance.id for instance in response._launched().instances]

    def _launched(self) -> Reservation:
        self._template = self._launch_template()
        self._image = self._launched_image()
        self._check_type(self._image)
        self._check_named()
        self._check_count()
        wished = tags.by_resource(self._get_param("TagSpecifications", []), _TAGGABLE)
        # AWS launches as many as it can, up to MaxCount; moto launches MinCount.
        self.params["MinCount"] = self._get_param("MaxCount", 1)
        self.params["ImageId"] = self._image.id
        reservation = cast(Reservation, super().run_instances().result)
        for instance in reservation.instances:
            self._finish(instance, wished["network-interface"])
        return reservation

    def _launch_template(self) -> Mapping[str, Any]:
        named = self._get_param("LaunchTemplate")
        if not named:
            return {}
        template: Mapping[str, Any] = self.store._get_template_from_args(named).data  # noqa: SLF001
        return template

    def _launched_image(self) -> SandboxImage:
        image_id = self._get_param("ImageId") or self._template.get("ImageId")
        if not image_id:
            raise missing("ImageId")
        return self.store.launchable(image_id)

    def _check_count(self) -> None:
        least, most = self._get_param("MinCount", 1), self._get_param("MaxCount", 1)
        if not 0 < least <= most:
            raise bad_value(
                f"Value ({most}) for parameter maxCount is invalid. The value must be greater "
                f"than or equal to minCount ({least})."
            )

    def _wish(self, name: str, default: Any = None) -> Any:
        return self._get_param(name) or self._template.get(name, default)

    def _check_type(self, image: SandboxImage) -> None:
        kind = self._wish("InstanceType", DEFAULT_TYPE)
        if kind not in INSTANCE_TYPES:
            raise bad_value(f"Invalid value '{kind}' for InstanceType.")
        known = INSTANCE_TYPES[kind]["ProcessorInfo"]["SupportedArchitectures"]
        if image.architecture not in known:
            raise bad_value(
                f"The architecture '{','.join(known)}' of the specified instance type does not "
                f"match the architecture '{image.architecture}' of the specified AMI."
            )

    def _check_named(self) -> None:
        """Refuse what does not exist; AWS does so in a dry run too, moto only in a launch."""
        key_name = self._wish("KeyName")
        if key_name and key_name not in self.store.key_pairs:
            raise no_such_key_pair(key_name)
        if subnet_id := self._wish("SubnetId"):
            self.store.get_subnet(subnet_id)
        elif not self._wish("NetworkInterfaces"):
            self._check_default_vpc()
        for group_id in self._wish("SecurityGroupIds", []):
            if self.store.get_security_group_from_id(group_id) is None:
                raise InvalidSecurityGroupNotFoundError(group_id)
        profile = self._wish("IamInstanceProfile", {}).get("Name")
        if profile and profile not in self._instance_profile_names():
            raise bad_value(
                f"Value ({profile}) for parameter iamInstanceProfile.name is invalid. "
                "Invalid IAM Instance Profile name"
            )

    def _check_default_vpc(self) -> None:
        """Refuse a launch without a subnet where there is none by default.

        https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
        """
        vpc = self.store.get_default_vpc()
        if vpc is None:
            raise VPCIdNotSpecifiedError
        if not self.store.get_default_subnets():
            raise MissingInputError(
                f"No subnets found for the default VPC '{vpc.id}'. Please specify a subnet."
            )

    def _instance_profile_names(self) -> set[str]:
        profiles = iam_backends[self.current_account][self.partition].get_instance_profiles()
        return {profile.name for profile in profiles}

    @overrides
    def _parse_block_device_mapping(self) -> list[dict[str, Any]]:
        """Return every device of the launch: the image's, changed and joined by the request's.

        Types, IOPS and throughput are put on the volumes afterwards: moto's launch forgets them.
        """
        with self.store.lending(self._image):
            self._devices = self._launched_devices()
        later = ("VolumeType", "Iops", "Throughput")
        return [
            {
                "DeviceName": name,
                "Ebs": {key: value for key, value in ebs.items() if key not in later},
            }
            for name, ebs in self._devices.items()
        ]

    def _launched_devices(self) -> dict[str, dict[str, Any]]:
        devices = {device.name: _ebs(device) for device in self._image.devices}
        mappings = [
            *self._template.get("BlockDeviceMappings", []),
            *self._get_param("BlockDeviceMappings", []),
        ]
        for mapping in mappings:
            name, ebs = mapping["DeviceName"], mapping.get("Ebs", {})
            if "NoDevice" in mapping or ("VirtualName" in mapping and not ebs):
                devices.pop(name, None)  # an instance store is no volume
                continue
            blank = {"DeleteOnTermination": True, "VolumeType": block_devices.DEFAULT_TYPE}
            self._check_snapshot(name, ebs.get("SnapshotId"))
            devices[name] = devices.get(name, blank) | ebs
        for name, ebs in devices.items():
            self._complete(name, ebs)
        return devices

    def _check_snapshot(self, name: str, snapshot_id: str | None) -> None:
        """Refuse a snapshot that is not the image's nor the account's, and another root."""
        if snapshot_id is None or snapshot_id in self._image.snapshot_ids:
            return
        if self.store.get_snapshot(snapshot_id).owner_id != self.current_account:
            raise no_such_snapshot(snapshot_id)
        if name == self._image.root_device_name:
            raise bad_mapping("snapshotId cannot be modified on root device")

    def _complete(self, name: str, ebs: dict[str, Any]) -> None:
        snapshot_id = ebs.get("SnapshotId")
        snapshot = self.store.get_snapshot(snapshot_id) if snapshot_id else None
        if not ebs.get("VolumeSize") and snapshot is None:
            raise missing("size or snapshotId")
        ebs.setdefault("VolumeSize", snapshot.volume_size if snapshot else None)
        block_devices.check(ebs, snapshot, root=name == self._image.root_device_name)

    def _finish(self, instance: Instance, interface_tags: tags.Tags) -> None:
        instance.root_device_name = self._image.root_device_name
        for name, ebs in self._devices.items():
            volume = self.store.get_volume(instance.block_device_mapping[name].volume_id)
            volume.volume_type = ebs["VolumeType"]
            volume.iops = ebs.get("Iops") or block_devices.BASELINE.get(ebs["VolumeType"])
            volume.throughput = ebs.get("Throughput")
        if failure := launch_failures.reason(self.store, instance):
            launch_failures.end(instance, failure)
        for interface in instance.nics.values():
            self.store.create_tags([interface.id], interface_tags)
            if not self._get_param("NetworkInterfaces"):
                interface.delete_on_termination = True  # AWS's default for one it made itself


def _ebs(device: SandboxDevice) -> dict[str, Any]:
    ebs = device.described()["Ebs"]
    return {name: value for name, value in ebs.items() if value is not None}
