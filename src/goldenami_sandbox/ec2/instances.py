"""What is said of instances: DescribeInstances, their status, and their images.

Otherwise than in moto: status checks take their time; the image metadata call, which moto lacks.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html
"""

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from goldenami_sandbox.ec2 import watermarks
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import no_such_instances
from goldenami_sandbox.ec2.image import iso
from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.listing import Described
from goldenami_sandbox.overriding import overrides


class InstanceStatusResponse(Ec2Base, InstanceResponse):
    """What is known of many instances at once."""

    @overrides
    def describe_instances(self) -> ActionResult:
        """List instances; moto names one of those that do not exist."""
        self._instances()
        return super().describe_instances()

    @overrides
    def describe_instance_status(self) -> ActionResult:
        """List state and checks, of running instances if not told otherwise."""
        include_all = self._get_param("IncludeAllInstances", False)
        statuses = [
            _status(instance)
            for instance in self._instances()
            if include_all or instance.state == "running"
        ]
        return ActionResult({"InstanceStatuses": statuses})

    def describe_instance_image_metadata(self) -> ActionResult:
        """List instances with their images, also with images that are gone."""
        described = [self._metadata(instance) for instance in self._instances()]
        return ActionResult({"InstanceImageMetadata": described})

    def _instances(self) -> list[Instance]:
        every: dict[str, Instance] = {
            instance.id: instance for instance in self.store.all_instances()
        }
        ids = self._get_param("InstanceIds", [])
        if lacking := [instance_id for instance_id in ids if instance_id not in every]:
            raise no_such_instances(lacking)
        return [every[instance_id] for instance_id in ids] or list(every.values())

    def _metadata(self, instance: Instance) -> Described:
        zone = self.store.get_zone_by_name(instance.availability_zone or "")
        own = self.store.tags.get(instance.id, {})
        return {
            "InstanceId": instance.id,
            "InstanceType": instance.instance_type,
            "LaunchTime": instance.launch_time,
            "AvailabilityZone": instance.availability_zone,
            "ZoneId": zone.zone_id if zone else None,
            "State": {"Code": instance.state_code, "Name": instance.state},
            "OwnerId": instance.owner_id,
            "Tags": [{"Key": key, "Value": value} for key, value in own.items()],
            "ImageMetadata": self._image_metadata(instance.image_id),
            "Operator": {"Managed": False},
        }

    def _image_metadata(self, image_id: str) -> dict[str, Any]:
        image = self.store.launched_from(image_id)
        if image is None:
            return {"ImageId": image_id, "State": "deregistered"}
        return {
            "ImageId": image.id,
            "Name": image.name,
            "OwnerId": image.owner_id,
            "ImageOwnerAlias": image.owner_alias,
            "State": image.state,
            "CreationDate": f"{image.created:%Y-%m-%dT%H:%M:%SZ}",
            "DeprecationTime": iso(image.deprecation_time),
            "ImageAllowed": self.store.allowed_images.allow(image),
            "IsPublic": image.public,
            "ImageWatermarks": watermarks.described(image.watermarks),
        }


def _status(instance: Instance) -> Described:
    check = _check(instance)
    return {
        "AvailabilityZone": instance.availability_zone,
        "InstanceId": instance.id,
        "InstanceState": {"Code": instance.state_code, "Name": instance.state},
        "InstanceStatus": check,
        "SystemStatus": check,
    }


def _check(instance: Instance) -> dict[str, Any]:
    if instance.state not in ("pending", "running"):
        return {"Status": "not-applicable"}
    passed = cast(SandboxInstanceState, instance.instance_state).checked
    details = {"Name": "reachability", "Status": "passed" if passed else "initializing"}
    return {"Details": [details], "Status": "ok" if passed else "initializing"}
