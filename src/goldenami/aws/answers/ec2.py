"""EC2: images, snapshots, instances, and what is around them: volumes, groups, a region's settings.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
"""

from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from goldenami.aws.answers.image_use import WatermarkAnswer
from goldenami.aws.answers.interface import Answer, Page, Row, Tagged, Text, listing, only, single
from goldenami.aws.answers.scan_results import ScanResults

T = TypeVar("T")


class StateReason(Row, frozen=True, kw_only=True):
    """Why something is in its state."""

    message: str = ""  # some reasons are a code alone


class Stateful(Tagged, frozen=True, kw_only=True):
    """A resource that AWS may explain the state of."""

    state_reason: StateReason | None = None  # absent if all is well

    @property
    def why(self) -> str:
        """Why it is in its state, in AWS's words."""
        return (self.state_reason and self.state_reason.message) or "AWS gives no reason"


class Ebs(Row, frozen=True, kw_only=True):
    """The volume that a device of an image becomes."""

    snapshot_id: str = ""  # absent on a blank volume, and before the snapshot is begun
    encrypted: bool = False  # absent as long as that is not decided
    volume_size: int = 0  # absent before the snapshot is begun


class BlockDeviceAnswer(Row, frozen=True, kw_only=True):
    """A device of an image."""

    device_name: Text
    ebs: Ebs | None = None  # absent on an instance store


class ImageAnswer(Stateful, frozen=True, kw_only=True):
    """An image."""

    image_id: Text
    owner_id: Text
    state: Text
    public: bool
    name: str = ""  # the oldest public images have none
    image_owner_alias: str = ""  # of AWS's own and the Marketplace's alone
    architecture: str = ""  # absent if the image failed
    platform: str = ""  # of Windows alone
    platform_details: str = ""  # absent while an image is being made
    boot_mode: str = ""  # absent if it was registered without one
    imds_support: str = ""  # absent if it is not v2.0
    tpm_support: str = ""  # the same
    creation_date: datetime | None = None  # the oldest public images have none
    deprecation_time: datetime | None = None  # absent as long as none is set
    last_launched_time: datetime | None = None  # absent until a day after its first launch
    deregistration_protection: str = ""  # of the account's own alone
    root_device_name: str = ""  # absent if the image failed
    source_instance_id: str = ""  # of CreateImage alone
    source_image_id: str = ""  # of CreateImage and CopyImage alone
    source_image_region: str = ""  # the same
    block_device_mappings: tuple[BlockDeviceAnswer, ...] = ()  # absent if the image failed
    image_watermarks: tuple[WatermarkAnswer, ...] = ()  # absent if it has none
    scan_results: ScanResults | None = None  # absent if Inspector never scanned it

    @property
    def snapshot_ids(self) -> list[str]:
        """The snapshots behind it."""
        volumes = (device.ebs for device in self.block_device_mappings)
        return [volume.snapshot_id for volume in volumes if volume and volume.snapshot_id]


DescribeImages = listing("ec2:DescribeImages", "Images", ImageAnswer)


class SnapshotAnswer(Tagged, frozen=True, kw_only=True):
    """A snapshot."""

    snapshot_id: Text
    state: Text
    volume_size: int
    encrypted: bool
    kms_key_id: str = ""  # absent if it is not encrypted, and of somebody else's
    owner_id: Text
    progress: str = ""  # absent before it is begun

    @property
    def percent(self) -> int:
        """How much of it is there."""
        number = self.progress.rstrip("%")
        return int(number) if number.isdecimal() else 0


DescribeSnapshots = listing("ec2:DescribeSnapshots", "Snapshots", SnapshotAnswer)


class LaunchPermission(Row, frozen=True, kw_only=True):
    """Who may launch an image; one of the four."""

    user_id: str = ""
    group: str = ""
    organization_arn: str = ""
    organizational_unit_arn: str = ""

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """What it names, by AWS's word for it."""
        words = {
            "UserId": self.user_id,
            "Group": self.group,
            "OrganizationArn": self.organization_arn,
            "OrganizationalUnitArn": self.organizational_unit_arn,
        }
        return tuple((word, value) for word, value in words.items() if value)


DescribeLaunchPermissions = listing(
    "ec2:DescribeImageAttribute", "LaunchPermissions", LaunchPermission, Answer
)
"""The launch permissions of an image."""

DescribeDeregistrationProtection = single(
    "ec2:DescribeImageAttribute", "DeregistrationProtection", only("Value", str)
)
"""Whether an image is protected from deregistration."""


class VolumePermission(Row, frozen=True, kw_only=True):
    """Who may use a snapshot."""

    user_id: str = ""  # absent where ``group`` is everybody
    group: str = ""  # absent where it is one account


DescribeSnapshotPermissions = listing(
    "ec2:DescribeSnapshotAttribute", "CreateVolumePermissions", VolumePermission, Answer
)
"""Who may use a snapshot."""


class InstanceState(Row, frozen=True, kw_only=True):
    """The state of an instance."""

    name: Text


class SecurityGroupName(Row, frozen=True, kw_only=True):
    """A security group of an instance."""

    group_id: Text
    group_name: str = ""  # of a network interface it may be left out


class CpuOptions(Row, frozen=True, kw_only=True):
    """The virtual processors of an instance."""

    core_count: int
    threads_per_core: int


class InstanceAnswer(Stateful, frozen=True, kw_only=True):
    """An instance."""

    instance_id: Text
    image_id: Text
    platform: str = ""  # of Windows alone
    platform_details: str = ""  # absent while an image is being made
    state: InstanceState
    instance_type: Text
    launch_time: datetime
    key_name: str = ""  # absent if it was launched without one
    client_token: str = ""  # absent or empty if it was launched without one
    vpc_id: str = ""  # absent once it is terminated
    instance_lifecycle: str = ""  # of spot and scheduled instances alone
    cpu_options: CpuOptions | None = None  # absent for some types
    security_groups: tuple[SecurityGroupName, ...] = ()  # none once it is terminated


class Reservation(Row, Generic[T], frozen=True, kw_only=True):
    """Instances that were launched together."""

    instances: tuple[T, ...]


class InstancePage(Page, Generic[T], frozen=True, kw_only=True):
    """A page of instances."""

    reservations: tuple[Reservation[T], ...]

    @property
    def instances(self) -> list[T]:
        """Return the instances of all reservations."""
        return [instance for several in self.reservations for instance in several.instances]


class DescribeInstances(InstancePage[InstanceAnswer], frozen=True, kw_only=True):
    """A page of instances, as most need them."""

    call: ClassVar[str] = "ec2:DescribeInstances"


class NetworkInterface(Row, frozen=True, kw_only=True):
    """A network interface of an instance."""

    network_interface_id: Text
    groups: tuple[SecurityGroupName, ...]


class InstanceWithInterfaces(InstanceAnswer, frozen=True, kw_only=True):
    """An instance whose network interfaces matter."""

    network_interfaces: tuple[NetworkInterface, ...]


class DescribeInstancesWithInterfaces(
    InstancePage[InstanceWithInterfaces], frozen=True, kw_only=True
):
    """A page of instances whose network interfaces matter."""

    call: ClassVar[str] = "ec2:DescribeInstances"


class CheckStatus(Row, frozen=True, kw_only=True):
    """How a kind of status check is."""

    status: Text


class InstanceStatus(Row, frozen=True, kw_only=True):
    """How the status checks of an instance are."""

    instance_status: CheckStatus
    system_status: CheckStatus


DescribeInstanceStatus = listing("ec2:DescribeInstanceStatus", "InstanceStatuses", InstanceStatus)
"""The status checks of an instance; none as long as it does not run."""

DescribeTerminationProtection = single(
    "ec2:DescribeInstanceAttribute", "DisableApiTermination", only("Value", bool)
)
"""Whether an instance is protected from termination."""

DescribeStopProtection = single(
    "ec2:DescribeInstanceAttribute", "DisableApiStop", only("Value", bool)
)
"""Whether an instance is protected from being stopped."""


class ImageMetadata(Row, frozen=True, kw_only=True):
    """What is known of the image that an instance was launched from."""

    image_id: Text
    name: str = ""  # absent if the image is gone or cannot be seen, as all of these
    owner_id: str = ""
    image_owner_alias: str = ""
    state: str = ""
    creation_date: datetime | None = None
    deprecation_time: datetime | None = None
    image_allowed: bool = False  # what is not known to be allowed is not
    image_watermarks: tuple[WatermarkAnswer, ...] = ()  # absent if it has none


class InstanceMetadata(Tagged, frozen=True, kw_only=True):
    """An instance with what is known of its image."""

    instance_id: Text
    state: InstanceState
    image_metadata: ImageMetadata
    launch_time: datetime | None = None  # not needed to judge it


DescribeInstanceImageMetadata = listing(
    "ec2:DescribeInstanceImageMetadata", "InstanceImageMetadata", InstanceMetadata
)

DescribeAvailabilityZones = listing(
    "ec2:DescribeAvailabilityZones", "AvailabilityZones", only("ZoneName", str), Answer, least=1
)
"""The zones of a region."""


RunInstances = listing("ec2:RunInstances", "Instances", InstanceAnswer, Answer, least=1)
"""What was launched."""

CreateImage = single("ec2:CreateImage", "ImageId", str)
"""The image that is being made."""

CopyImage = single("ec2:CopyImage", "ImageId", str)
"""The copy that is being made."""


class DeleteSnapshotResult(Row, frozen=True, kw_only=True):
    """How it went with a snapshot of an image that was deregistered."""

    snapshot_id: Text
    return_code: Text


class DeregisterImage(Answer, frozen=True, kw_only=True, rename="pascal"):
    """How it went with the snapshots of the image, if they were to go too."""

    call: ClassVar[str] = "ec2:DeregisterImage"
    delete_snapshot_results: tuple[DeleteSnapshotResult, ...] = ()  # absent if none was asked for


DescribeRegions = listing(
    "ec2:DescribeRegions", "Regions", only("RegionName", str), Answer, least=1
)
"""The regions that the account can use: there is no account without any."""


class SecurityGroup(Tagged, frozen=True, kw_only=True):
    """A security group."""

    group_id: Text
    group_name: Text
    vpc_id: str = ""  # a group of EC2-Classic has none


DescribeSecurityGroups = listing("ec2:DescribeSecurityGroups", "SecurityGroups", SecurityGroup)


class KeyPair(Tagged, frozen=True, kw_only=True):
    """A key pair."""

    key_name: Text


DescribeKeyPairs = listing("ec2:DescribeKeyPairs", "KeyPairs", KeyPair, Answer)
"""All key pairs: EC2 does not page them."""


class AttachmentAnswer(Row, frozen=True, kw_only=True):
    """What a volume is attached to."""

    instance_id: Text
    device: Text


class VolumeAnswer(Tagged, frozen=True, kw_only=True):
    """A volume."""

    volume_id: Text
    state: Text
    encrypted: bool
    kms_key_id: str = ""  # absent if it is not encrypted
    snapshot_id: str = ""  # a volume that was made from none may leave it out
    attachments: tuple[AttachmentAnswer, ...] = ()  # absent if it is attached to nothing


DescribeVolumes = listing("ec2:DescribeVolumes", "Volumes", VolumeAnswer)


class GetAllowedImagesSettings(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The Allowed AMIs setting of a region."""

    call: ClassVar[str] = "ec2:GetAllowedImagesSettings"
    state: Text
    managed_by: Text
    image_criteria: tuple[dict[str, Any], ...] = ()  # absent if there are none


GetEbsEncryptionByDefault = single("ec2:GetEbsEncryptionByDefault", "EbsEncryptionByDefault", bool)
"""Whether new volumes of a region are encrypted unasked."""

GetEbsDefaultKmsKeyId = single("ec2:GetEbsDefaultKmsKeyId", "KmsKeyId", str)
"""The key that a region encrypts with if none is named."""
