"""The instances of a region, looked up; moto goes through all of them for each one.

A fleet of ten thousand is launched and listed in seconds then.
"""

from copy import copy
from typing import Any

from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.instances import Instance, Reservation

from goldenami_sandbox.overriding import overrides


class FleetStore(EC2Backend):
    """moto's EC2 store, with its instances and volumes by their ids."""

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        self.instances: dict[str, Instance] = {}
        super().__init__(region_name, account_id)

    @overrides
    def all_instances(self, filters: Any = None) -> list[Instance]:
        """Return every instance, in the order of their launches."""
        if filters:
            return super().all_instances(filters)
        return [
            instance
            for reservation in self.reservations.values()
            for instance in reservation.instances
        ]

    @overrides
    def get_instance(self, instance_id: str) -> Instance:
        """Return an instance.

        Raises:
            EC2ClientError: InvalidInstanceID.NotFound.
        """
        instance = self.instances.get(instance_id)
        if instance is None:
            raise InvalidInstanceIdError(instance_id)
        return instance

    @overrides
    def get_instance_by_id(self, instance_id: str) -> Instance | None:
        """Return an instance, None if there is none of that id."""
        return self.instances.get(instance_id)

    @overrides
    def get_multi_instances_by_id(
        self, instance_ids: list[str], filters: Any = None
    ) -> list[Instance]:
        """Return some instances.

        Raises:
            EC2ClientError: InvalidInstanceID.NotFound, with all that there are not.
        """
        if lacking := [each for each in instance_ids if each not in self.instances]:
            raise InvalidInstanceIdError(lacking)
        every = (self.instances[instance_id] for instance_id in instance_ids)
        return [instance for instance in every if instance.applies(filters)]

    def reservations_of(self, instance_ids: list[str]) -> list[Reservation]:
        """Return the reservations of instances, each with no others."""
        named = frozenset(instance_ids)
        reservations = []
        for reservation in self.reservations.values():
            instances = [each for each in reservation.instances if each.id in named]
            if instances:
                reservations.append(part := copy(reservation))
                part.instances = instances
        return reservations

    @overrides
    def describe_volumes(
        self, volume_ids: list[str] | None = None, filters: Any = None
    ) -> list[Volume]:
        """Return volumes: those that are named are looked up."""
        if filters or not volume_ids or any(each not in self.volumes for each in volume_ids):
            return super().describe_volumes(volume_ids, filters)
        return [self.volumes[volume_id] for volume_id in dict.fromkeys(volume_ids)]
