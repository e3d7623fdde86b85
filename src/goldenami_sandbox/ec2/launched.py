"""What EC2 says of every instance, and moto of none.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
"""

from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance


def complete(instance: Instance) -> None:
    """Let an instance tell its processors, and what nobody has asked of it."""
    cores: dict[str, Any] = INSTANCE_TYPES[instance.instance_type]["VCpuInfo"]
    described = {
        "capacity_reservation_specification": {"CapacityReservationPreference": "open"},
        "cpu_options": {
            "CoreCount": cores["DefaultCores"],
            "ThreadsPerCore": cores["DefaultThreadsPerCore"],
        },
        "ena_support": True,
        "hibernation_options": instance.hibernation_options or {"Configured": False},
    }
    for name, value in described.items():
        setattr(instance, name, value)
