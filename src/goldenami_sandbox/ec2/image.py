"""An image and its snapshots, as DescribeImages tells of them.

Otherwise than in moto: moto's image has one invented 15 GiB device, is available at once and knows
neither deprecation, protection, encryption nor where it comes from.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.utils import random_snapshot_id

from goldenami_sandbox import clock
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2 import image_scans, watermarks
from goldenami_sandbox.ec2.errors import bad_value
from goldenami_sandbox.ec2.image_scans import ImageScan
from goldenami_sandbox.ec2.last_launch import LaunchTimes
from goldenami_sandbox.ec2.watermarks import Watermark
from goldenami_sandbox.overriding import overrides

DESCRIPTION_LENGTH = 255
PUBLIC = {"Group": "all"}
USAGE_OPERATIONS = {
    "Linux/UNIX": "RunInstances",
    "Windows": "RunInstances:0002",
    "Windows BYOL": "RunInstances:0800",
    "Windows with SQL Server Standard": "RunInstances:0006",
}
"""The usage operation of each platform.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html
"""
_COOLDOWN = timedelta(hours=24)


@dataclass(frozen=True)
class SandboxDevice:
    """One EBS device of an image."""

    name: str
    size_gib: int
    snapshot_id: str | None = None
    volume_type: str = "gp3"
    delete_on_termination: bool = True
    encrypted: bool = False

    def described(self) -> dict[str, Any]:
        """Return the block device mapping as AWS writes it."""
        ebs = {
            "SnapshotId": self.snapshot_id,
            "VolumeSize": self.size_gib,
            "VolumeType": self.volume_type,
            "DeleteOnTermination": self.delete_on_termination,
            "Encrypted": self.encrypted,
        }
        return {"DeviceName": self.name, "Ebs": ebs}


@dataclass(frozen=True)
class GoneVolume:
    """The volume that AWS names for a snapshot of another account or region."""

    size: int
    encrypted: bool = False
    kms_key_id: str | None = None
    id: str = "vol-ffffffff"


class ImageSnapshot(Snapshot):
    """A snapshot that is ``pending`` as long as its image is; moto's are complete at once."""

    @overrides
    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._readiness = Countdown()
        super().__init__(*arguments, **named)

    @property
    @overrides
    def status(self) -> str:
        """The snapshot's state now."""
        return "completed" if self._readiness.ended else "pending"

    @status.setter
    def status(self, status: str) -> None:
        """Leave it to the clock."""

    @property
    @overrides
    def progress(self) -> str:
        """How much of the volume is copied."""
        return f"{int(100 * self._readiness.share)}%"


class ImageStore(Protocol):
    """What an image asks of the account and region that it is seen from."""

    account_id: str
    region_name: str
    tags: dict[str, dict[str, str]]
    deregistered: "dict[str, SandboxImage]"

    def allows(self, image: "SandboxImage") -> bool:
        """Say whether the Allowed AMIs setting allows an image."""


@dataclass(eq=False)
class SandboxImage:
    """An image in one region. What other accounts own is here if this account can see it."""

    store: ImageStore = field(repr=False)
    id: str
    name: str
    owner_id: str
    architecture: str
    root_device_name: str
    devices: tuple[SandboxDevice, ...]
    description: str = ""
    owner_alias: str | None = None
    platform: str | None = None
    platform_details: str | None = None
    virtualization_type: str = "hvm"
    boot_mode: str = "uefi-preferred"
    imds_support: str | None = None
    tpm_support: str | None = None
    kernel_id: str | None = None
    source_instance_id: str | None = None
    source_image_id: str | None = None
    source_image_region: str | None = None
    failure: str | None = None
    created: datetime = field(default_factory=clock.now)
    permissions: list[dict[str, str]] = field(default_factory=list)
    deprecation_time: datetime | None = None
    disabled: bool = False
    protection: str = "disabled"
    protected_until: datetime | None = None
    watermarks: tuple[Watermark, ...] = ()
    readiness: Countdown = field(default_factory=Countdown, repr=False)
    scans: list[ImageScan] = field(default_factory=list, repr=False)
    launches: LaunchTimes = field(default_factory=LaunchTimes, repr=False)

    @property
    def state(self) -> str:
        """The image's state now."""
        if self.id in self.store.deregistered:
            return "deregistered"
        if self.disabled:
            return "disabled"
        if not self.readiness.ended:
            return "pending"
        return "failed" if self.failure else "available"

    @property
    def billed_as(self) -> str:
        """Its platform details."""
        return self.platform_details or ("Windows" if self.platform else "Linux/UNIX")

    @property
    def public(self) -> bool:
        """Whether everybody may launch it."""
        return PUBLIC in self.permissions

    @property
    def owned(self) -> bool:
        """Whether it belongs to the account that looks at it."""
        return self.owner_id == self.store.account_id

    @property
    def deprecated(self) -> bool:
        """Whether its deprecation time has passed."""
        return self.deprecation_time is not None and self.deprecation_time <= clock.now()

    @property
    def snapshot_ids(self) -> list[str]:
        """The snapshots of its devices."""
        return [device.snapshot_id for device in self.devices if device.snapshot_id]

    @property
    def tags(self) -> list[dict[str, str]]:
        """Its tags as AWS writes them."""
        own = self.store.tags.get(self.id, {})
        return [{"Key": key, "Value": value} for key, value in own.items()]

    def protect(self, with_cooldown: bool) -> None:
        """Refuse to deregister it from now on."""
        self.protection = "enabled-with-cooldown" if with_cooldown else "enabled-without-cooldown"

    def unprotect(self) -> None:
        """Allow to deregister it: at once, or a day later if there is a cooldown."""
        if self.protection == "enabled-with-cooldown":
            self.protected_until = clock.now() + _COOLDOWN
        self.protection = "disabled"

    @property
    def protected(self) -> bool:
        """Whether it cannot be deregistered."""
        cooling = self.protected_until is not None and clock.now() < self.protected_until
        return cooling or self.protection != "disabled"

    def described(self) -> dict[str, Any]:
        """Return the image as DescribeImages does; what AWS leaves out is None."""
        own = {
            "DeregistrationProtection": self.protection,
            "LastLaunchedTime": self.launches.described(),
        }
        location = self.owner_alias or self.owner_id
        return (own if self.owned else {}) | {
            "ImageId": self.id,
            "Name": self.name,
            "Description": self.description,
            "ImageLocation": f"{location}/{self.name}",
            "ImageOwnerAlias": self.owner_alias,
            "OwnerId": self.owner_id,
            "State": self.state,
            "StateReason": self._state_reason(),
            "CreationDate": self.created,
            "DeprecationTime": iso(self.deprecation_time),
            "Public": self.public,
            "Architecture": self.architecture,
            "ImageType": "machine",
            "Platform": self.platform,
            "PlatformDetails": self.billed_as,
            "UsageOperation": USAGE_OPERATIONS[self.billed_as],
            "RootDeviceName": self.root_device_name,
            "RootDeviceType": "ebs",
            "BlockDeviceMappings": [device.described() for device in self.devices],
            "VirtualizationType": self.virtualization_type,
            "Hypervisor": "xen",
            "EnaSupport": True,
            "SriovNetSupport": "simple",
            "BootMode": self.boot_mode,
            "ImdsSupport": self.imds_support,
            "TpmSupport": self.tpm_support,
            "SourceInstanceId": self.source_instance_id,
            "SourceImageId": self.source_image_id,
            "SourceImageRegion": self.source_image_region,
            "ImageAllowed": self.store.allows(self),
            "ImageWatermarks": watermarks.described(self.watermarks),
            "ScanResults": image_scans.results(self.scans),
            "Tags": self.tags or None,
        }

    def _state_reason(self) -> dict[str, str] | None:
        if self.state != "failed" or self.failure is None:
            return None
        return {"Code": "Client.InternalError", "Message": self.failure}


def iso(moment: datetime | None) -> str | None:
    """Return a time as AWS writes it in an image."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z") if moment else None


def check_description(text: str) -> None:
    """Refuse a description that an image cannot have.

    Raises:
        EC2ClientError: InvalidParameterValue.
    """
    if len(text) > DESCRIPTION_LENGTH:
        raise bad_value(f"Description exceeds {DESCRIPTION_LENGTH} characters")
    if not text.isascii():
        raise bad_value(
            f"Value ({text}) for parameter description is invalid. "
            "Character sets beyond ASCII are not supported."
        )


def take_snapshot(
    store: EC2Backend,
    volume: Volume | GoneVolume,
    description: str,
    image_id: str,
    owner_id: str | None = None,
) -> Snapshot:
    """Put a snapshot of a volume into the store; moto's forgets the KMS key."""
    snapshot = ImageSnapshot(
        store,
        random_snapshot_id(),
        volume,
        description,
        encrypted=volume.encrypted,
        kms_key_id=volume.kms_key_id,
        owner_id=owner_id,
        from_ami=image_id,
    )
    store.snapshots[snapshot.id] = snapshot
    return snapshot
