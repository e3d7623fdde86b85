"""RunInstances, and what becomes of the instance.

Otherwise than in moto: unknown, pending, disabled and deregistered images are refused, as is
whatever else does not exist, also in a dry run; volumes come from the image's devices and the
request's; tags on volumes and network interfaces; client tokens; MaxCount; pending, then running;
an instance may be terminated twice.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from collections.abc import Mapping
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, InstanceState, Reservation
from moto.ec2.responses.instances import InstanceResponse
from moto.iam.models import iam_backends

from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2 import tags
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_value,
    image_unavailable,
    missing,
    no_such_image,
    no_such_key_pair,
    token_of_the_terminated,
)
from goldenami_sandbox.ec2.image import SandboxDevice, SandboxImage
from goldenami_sandbox.overriding import overrides

PENDING, RUNNING = ("pending", 0), ("running", 16)
DEFAULT_TYPE = "m1.small"
_TAGGABLE = ("instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu")


class LaunchState(InstanceState):
    """``pending`` for a while and then ``running``, until something else is set."""

    @overrides
    def __init__(self, name: str = RUNNING[0], code: int = RUNNING[1]) -> None:
        self._starting: Countdown | None = Countdown()
        self._checks = Countdown(steps=2)
        self._scan = Countdown(steps=3)
        super().__init__(name, code)

    @property
    @overrides
    def name(self) -> str:
        """The state's name now."""
        return PENDING[0] if self.starting else self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name
        self._starting = self._starting if name == RUNNING[0] else None

    @property
    @overrides
    def code(self) -> int:
        """The state's number now."""
        return PENDING[1] if self.starting else self._code

    @code.setter
    def code(self, code: int) -> None:
        self._code = code

    @property
    def starting(self) -> bool:
        """Whether the instance is still pending."""
        return self._starting is not None and not self._starting.ended

    @property
    def checked(self) -> bool:
        """Whether the status checks have passed."""
        return self._checks.ended

    @property
    def registered(self) -> bool:
        """Whether the SSM agent has registered, if it may: soon after the status checks."""
        return self._scan.ended

    @property
    def scanned(self) -> bool:
        """Whether Amazon Inspector has scanned the instance, if it does."""
        return self._scan.ended


class LaunchesResponse(Ec2Base, InstanceResponse):
    """RunInstances."""

    @overrides
    def run_instances(self) -> ActionResult:
        """Launch instances from an image that allows it."""
        launched: Reservation = self.once("RunInstances", self._launched)
        if all(instance.state == "terminated" for instance in launched.instances):
            raise token_of_the_terminated()
        return ActionResult(launched)

    @overrides
    def terminate_instances(self) -> ActionResult:
        """Terminate instances; of a terminated one, the interfaces are gone already.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
        """
        named = self.ec2_backend.get_multi_instances_by_id(self._get_param("InstanceIds", []))
        for instance in (candidate for candidate in named if candidate.state == "terminated"):
            for interface in instance.nics.values():
                interface.delete_on_termination = False
        return super().terminate_instances()

    def _launched(self) -> Reservation:
        self._template = self._launch_template()
        self._image = self._launched_image()
        self._check_type(self._image)
        self._check_named()
        wished = tags.by_resource(self._get_param("TagSpecifications", []), _TAGGABLE)
        # AWS launches as many as it can, up to MaxCount; moto launches MinCount.
        self.params["MinCount"] = self._get_param("MaxCount", 1)
        self.params["ImageId"] = self._image.id
        with self.store.lending(self._image):
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
        image = self.store.image(image_id)
        if self.store.allowed_images.hide(image):
            raise no_such_image(image_id)
        if image.state != "available":
            raise image_unavailable(image_id, f"in the state {image.state}, not available")
        return image

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
        for group_id in self._wish("SecurityGroupIds", []):
            if self.store.get_security_group_from_id(group_id) is None:
                raise InvalidSecurityGroupNotFoundError(group_id)
        profile = self._wish("IamInstanceProfile", {}).get("Name")
        if profile and profile not in self._instance_profile_names():
            raise bad_value(
                f"Value ({profile}) for parameter iamInstanceProfile.name is invalid. "
                "Invalid IAM Instance Profile name"
            )

    def _instance_profile_names(self) -> set[str]:
        profiles = iam_backends[self.current_account][self.partition].get_instance_profiles()
        return {profile.name for profile in profiles}

    @overrides
    def _parse_block_device_mapping(self) -> list[dict[str, Any]]:
        """Return every device of the launch: the image's, changed and joined by the request's."""
        devices = {device.name: _mapping(device) for device in self._image.devices}
        mappings = [
            *self._template.get("BlockDeviceMappings", []),
            *self._get_param("BlockDeviceMappings", []),
        ]
        for mapping in mappings:
            name = mapping["DeviceName"]
            if "NoDevice" in mapping:
                devices.pop(name, None)
                continue
            blank = {"DeleteOnTermination": True, "VolumeType": "gp2", "SnapshotId": None}
            base = devices.get(name, {"DeviceName": name, "Ebs": blank})
            devices[name] = {"DeviceName": name, "Ebs": base["Ebs"] | mapping.get("Ebs", {})}
        for mapping in devices.values():
            self._complete(mapping)
        return list(devices.values())

    def _complete(self, mapping: dict[str, Any]) -> None:
        ebs = mapping["Ebs"]
        snapshot = self.store.snapshots.get(ebs.get("SnapshotId") or "")
        if not ebs.get("VolumeSize") and snapshot is None:
            raise missing("size or snapshotId")
        if snapshot is not None and snapshot.encrypted:
            ebs["Encrypted"] = True
            ebs.setdefault("KmsKeyId", snapshot.kms_key_id)
        if ebs.get("Encrypted"):
            key = ebs.get("KmsKeyId")
            ebs["KmsKeyId"] = self.store.key_arn(key) or key
        ebs.setdefault("VolumeSize", snapshot.volume_size if snapshot else None)

    def _finish(self, instance: Instance, interface_tags: tags.Tags) -> None:
        instance._state = LaunchState()  # noqa: SLF001
        instance.root_device_name = self._image.root_device_name
        for interface in instance.nics.values():
            self.store.create_tags([interface.id], interface_tags)
            if not self._get_param("NetworkInterfaces"):
                interface.delete_on_termination = True  # AWS's default for one it made itself


def _mapping(device: SandboxDevice) -> dict[str, Any]:
    mapping = device.described()
    mapping["Ebs"] = {name: value for name, value in mapping["Ebs"].items() if value is not None}
    return mapping
