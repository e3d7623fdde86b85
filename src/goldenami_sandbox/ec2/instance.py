"""An instance as EC2 tells of it, whoever launched it.

Otherwise than in moto: the states in between; a terminated instance has no network, and stays
terminated; what EC2 says of every instance (processors, platform, options that nobody asked for);
IMDSv2 where the image or the launch template asks for it; reasons only where there are some.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
"""

import copy
from collections.abc import Mapping
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, InstanceState, MetadataOptions, StateReason
from moto.ec2.models.security_groups import SecurityGroup

from goldenami_sandbox.ec2.image import USAGE_OPERATIONS, SandboxImage
from goldenami_sandbox.ec2.instance_state import CODES, PENDING, TERMINATED, SandboxInstanceState
from goldenami_sandbox.overriding import overrides

_IMDS_V2 = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
_STARTING = StateReason(PENDING, PENDING)


class SandboxInstance(Instance):
    """An instance of one region."""

    enclave_options: Mapping[str, Any] = {"Enabled": False}
    maintenance_options: Mapping[str, Any] = {"AutoRecovery": "default"}
    private_dns_name_options: Mapping[str, Any] = {
        "HostnameType": "ip-name",
        "EnableResourceNameDnsARecord": False,
        "EnableResourceNameDnsAAAARecord": False,
    }
    capacity_reservation_specification: Mapping[str, Any] = {
        "CapacityReservationPreference": "open"
    }
    ena_support = True

    @overrides
    def __init__(
        self,
        ec2_backend: Any,
        image_id: str,
        user_data: Any,
        security_groups: list[Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(ec2_backend, image_id, user_data, security_groups, **kwargs)
        self._state: InstanceState = SandboxInstanceState()
        self.reboots = 0
        self.hibernation_options = self.hibernation_options or {"Configured": False}
        image = ec2_backend.launched_from(self.image_id)
        self.platform_details = image.billed_as if image else None
        self.usage_operation = USAGE_OPERATIONS.get(str(self.platform_details))
        self.usage_operation_update_time = self.launch_time
        self.metadata_options = MetadataOptions(_wished_metadata(self, image, kwargs))
        ec2_backend.instances[self.id] = self

    @property
    def cpu_options(self) -> dict[str, Any] | None:
        """The processors of its type."""
        known = INSTANCE_TYPES.get(self.instance_type)
        if known is None:
            return None
        cores = known["VCpuInfo"]
        return {
            "CoreCount": cores["DefaultCores"],
            "ThreadsPerCore": cores["DefaultThreadsPerCore"],
        }

    @property
    def gone(self) -> bool:
        """Whether it is terminated, so that only its record is left."""
        return self.state == TERMINATED

    @overrides
    def terminate(self) -> InstanceState:
        """Terminate it; once it is terminated, nothing happens."""
        if self.gone:
            return copy.copy(self._state)
        return super().terminate()

    @overrides
    def reboot(self) -> None:
        """Reboot it, of which EC2 shows no trace."""
        self.reboots += 1
        super().reboot()

    @property
    @overrides
    def state_transition_reason(self) -> str:
        """Who stopped or terminated it, and when."""
        return self._reason.replace(" UTC)", " GMT)")

    @property  # type: ignore[override]
    @overrides
    def state_reason(self) -> StateReason | None:
        """Why it is in its state; nothing while it runs."""
        if self.state == PENDING:
            return _STARTING
        return self._state_reason if self._state_reason.code else None

    @state_reason.setter
    def state_reason(self, reason: StateReason) -> None:
        self._state_reason = reason

    @property
    @overrides
    def vpc_id(self) -> str | None:
        """The VPC that it is in."""
        return None if self.gone else super().vpc_id

    @property
    @overrides
    def subnet_id(self) -> str | None:
        """The subnet that it is in."""
        return None if self.gone else super().subnet_id

    @property
    @overrides
    def network_interfaces(self) -> list[NetworkInterface]:
        """Its network interfaces."""
        return [] if self.gone else super().network_interfaces

    @property
    @overrides
    def security_groups(self) -> list[SecurityGroup]:
        """The groups of its first network interface."""
        if self.gone:
            return []
        interfaces = getattr(self, "nics", {})
        groups: list[SecurityGroup] = interfaces[0].group_set if interfaces else self._first_groups
        return groups

    @security_groups.setter
    def security_groups(self, groups: list[SecurityGroup]) -> None:
        if interfaces := getattr(self, "nics", {}):
            interfaces[0].group_set = groups
        else:
            self._first_groups = groups

    @property
    @overrides
    def private_ip_address(self) -> str | None:
        """The address of its first network interface."""
        return None if self.gone else super().private_ip_address

    @property
    @overrides
    def private_dns_name(self) -> str:
        """Its name in the VPC."""
        return "" if self.gone else super().private_dns_name

    @property
    @overrides
    def public_dns_name(self) -> str:
        """Its name in the internet."""
        return "" if self.gone else super().public_dns_name or ""


def just_launched(instance: Instance) -> Instance:
    """Return an instance as the answer to its launch tells of it: pending, however soon it runs."""
    shown = copy.copy(instance)
    shown._state = InstanceState(PENDING, CODES[PENDING])  # noqa: SLF001
    return shown


def _wished_metadata(
    instance: Instance, image: SandboxImage | None, launch: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the request's options before the template's before the image's."""
    wished = dict(_IMDS_V2) if image and image.imds_support == "v2.0" else {}
    if template := launch.get("launch_template"):
        data = instance.ec2_backend._get_template_from_args(template).data  # noqa: SLF001
        wished |= data.get("MetadataOptions", {})
    return wished | (launch.get("metadata_options") or {})
