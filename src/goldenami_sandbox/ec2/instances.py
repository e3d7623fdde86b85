"""What is said of instances: DescribeInstances, their status, and their images.

Otherwise than in moto: status checks take their time; the image metadata call, which moto lacks.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from goldenami_sandbox.ec2 import watermarks
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import no_such_instances
from goldenami_sandbox.ec2.image import iso
from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.listing import Described
from goldenami_sandbox.overriding import overrides


class InstanceWithImage:
    """An instance as DescribeInstanceImageMetadata has it; what nobody reads is not made.

    Args:
        store: of its region.
        instance: the instance.
        images: the images that are described already, by id.
    """

    operator: Mapping[str, Any] = {"Managed": False}

    def __init__(
        self, store: Ec2Store, instance: Instance, images: dict[str, dict[str, Any]]
    ) -> None:
        self.instance_id = instance.id
        self._store = store
        self._instance = instance
        self._images = images

    @property
    def instance_type(self) -> str:
        """Its type."""
        return self._instance.instance_type

    @property
    def launch_time(self) -> datetime:
        """When it was launched."""
        return self._instance.launch_time

    @property
    def availability_zone(self) -> str | None:
        """The name of its zone."""
        return self._instance.availability_zone

    @property
    def zone_id(self) -> str | None:
        """The id of its zone."""
        zone = self._store.get_zone_by_name(self._instance.availability_zone or "")
        return zone.zone_id if zone else None

    @property
    def state(self) -> Described:
        """Its state."""
        return {"Code": self._instance.state_code, "Name": self._instance.state}

    @property
    def owner_id(self) -> str:
        """Whose it is."""
        return str(self._instance.owner_id)

    @property
    def tags(self) -> list[Described]:
        """Its tags."""
        own = self._store.tags.get(self.instance_id, {})
        return [{"Key": key, "Value": value} for key, value in own.items()]

    @property
    def image_metadata(self) -> Described:
        """Its image, also one that is gone."""
        image_id = self._instance.image_id
        if image_id not in self._images:
            self._images[image_id] = _image_metadata(self._store, image_id)
        return self._images[image_id]


class InstanceStatusResponse(Ec2Base, InstanceResponse):
    """What is known of many instances at once."""

    @overrides
    def describe_instances(self) -> ActionResult:
        """List instances; moto names one of those that do not exist."""
        self._instances()
        ids = self._get_param("InstanceIds", [])
        reservations = self.store.reservations_of(ids) if ids else self.store.reservations.values()
        return ActionResult({"Reservations": list(reservations)})

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
        images: dict[str, dict[str, Any]] = {}
        instances = [
            InstanceWithImage(self.store, instance, images) for instance in self._instances()
        ]
        return ActionResult({"InstanceImageMetadata": instances})

    def _instances(self) -> list[Instance]:
        """Return the instances that the request names, or all.

        Raises:
            EC2ClientError: InvalidInstanceID.NotFound.
        """
        ids = self._get_param("InstanceIds", [])
        every = self.store.instances
        if lacking := [instance_id for instance_id in ids if instance_id not in every]:
            raise no_such_instances(lacking)
        return [every[instance_id] for instance_id in ids] or self.store.all_instances()


def _image_metadata(store: Ec2Store, image_id: str) -> dict[str, Any]:
    image = store.launched_from(image_id)
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
        "ImageAllowed": store.allowed_images.allow(image),
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
