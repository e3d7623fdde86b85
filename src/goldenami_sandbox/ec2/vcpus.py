"""The quota of running vCPUs, which moto does not keep.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
"""

import re
from collections.abc import Callable, Iterable

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance

from goldenami_sandbox import service_quotas

_BUCKETS = {
    "L-1216C47A": "[acdhimrtz]",
    "L-74FC7D96": "f",
    "L-DB2E81BA": "g|vt",
    "L-417A185B": "p",
    "L-7295265B": "x",
}
"""The quota of each family, by how the names of its types begin."""
_APART = ("inf", "trn", "hpc", "dl", "mac", "u")
"""Families with quotas of their own, which are not kept."""


class Usage:
    """The vCPUs of a region's instances."""

    def __init__(self) -> None:
        self._launched = 0

    def add(
        self, instances: Callable[[], Iterable[Instance]], instance_type: str, count: int
    ) -> None:
        """Count a launch, for which the quota of its family has to have room.

        Instances are looked at only where all that were ever launched would not fit: a fleet is
        seeded one by one.

        Args:
            instances: lists those that there are.
            instance_type: of the launch.
            count: how many are launched.

        Raises:
            EC2ClientError: VcpuLimitExceeded.
        """
        code, needed = _quota(instance_type), count * of(instance_type)
        if code and self._launched + needed > service_quotas.value(code):
            _check(code, sum(_used(instance, code) for instance in instances()) + needed)
        self._launched += needed


def _check(code: str, wished: int) -> None:
    limit = service_quotas.value(code)
    if wished > limit:
        raise EC2ClientError(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {limit} "
            "allows for the instance bucket that the specified instance type belongs to. Please "
            "visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this "
            "limit.",
        )


def _used(instance: Instance, code: str) -> int:
    runs = instance.state in ("pending", "running") and instance.lifecycle != "spot"
    same = _quota(instance.instance_type) == code
    return of(instance.instance_type) if runs and same else 0


def of(instance_type: str) -> int:
    """Return how many vCPUs an instance of a type has; none if nobody knows the type."""
    known = INSTANCE_TYPES.get(instance_type)
    return int(known["VCpuInfo"]["DefaultVCpus"]) if known else 0


def _quota(instance_type: str) -> str | None:
    if instance_type.startswith(_APART):
        return None
    return next(
        (code for code, begins in _BUCKETS.items() if re.match(begins, instance_type)), None
    )
