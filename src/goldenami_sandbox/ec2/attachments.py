"""What is attached to an instance: volumes and network interfaces, as EC2 tells of them.

moto leaves out whether a volume goes with its instance, and names addresses as in one region only.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VolumeAttachment.html
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
"""

from typing import Any

from moto.ec2.models.elastic_block_store import VolumeAttachment
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.security_groups import SecurityGroup

from goldenami_sandbox.overriding import overrides

_OLDEST = "us-east-1"
"""The region whose names do not tell it."""


class SandboxAttachment(VolumeAttachment):
    """A volume at an instance."""

    @property
    def delete_on_termination(self) -> bool:
        """Whether the volume goes with the instance."""
        device = self.instance.block_device_mapping.get(self.device)
        return device is not None and bool(device.delete_on_termination)


class SandboxInterface(NetworkInterface):
    """A network interface with the names of its addresses."""

    @overrides
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        region = self.ec2_backend.region_name
        self.private_dns_name = private_name(str(self.private_ip_address), region)
        for address in self.private_ip_addresses:
            address["PrivateDnsName"] = private_name(address["PrivateIpAddress"], region)

    @property
    @overrides
    def group_set(self) -> list[SecurityGroup]:
        """Its groups, which are its instance's where it is the first; moto adds up both."""
        return self._group_set

    @group_set.setter
    def group_set(self, groups: list[SecurityGroup]) -> None:
        self._group_set = list(groups)

    @property
    def network_interface_id(self) -> str:
        """Its id, which moto finds by the name of its own class only."""
        return self.id

    @property
    @overrides
    def instance_private_ip_address_list(self) -> list[dict[str, Any]]:
        """Its addresses, as its instance lists them."""
        region = self.ec2_backend.region_name
        return [
            {"PrivateDnsName": private_name(address["PrivateIpAddress"], region), **address}
            for address in super().instance_private_ip_address_list
        ]

    @property
    @overrides
    def association(self) -> dict[str, Any]:
        """Its public address: Amazon's, or an elastic one of the account's own."""
        known = super().association
        if not known:
            return known
        name = public_name(str(self.public_ip), self.ec2_backend.region_name)
        owner = {} if known.get("allocationId") else {"ipOwnerId": "amazon"}
        return known | {"publicDnsName": name} | owner


def private_name(address: str, region: str) -> str:
    """Return the name of an address in a VPC."""
    domain = "ec2.internal" if region == _OLDEST else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def public_name(address: str, region: str) -> str:
    """Return the name of an address in the internet."""
    zone = "compute-1" if region == _OLDEST else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.amazonaws.com"
