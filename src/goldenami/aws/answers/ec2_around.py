"""EC2: regions and their settings, instance types, volumes, security groups, key pairs.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from goldenami.aws.answers.interface import Answer, Row, Tagged, Text, listing, only, single

DescribeRegions = listing(
    "ec2:DescribeRegions", "Regions", only("RegionName", str), Answer, least=1
)
"""The regions that the account can use: there is no account without any."""


class ProcessorInfo(Row, frozen=True, kw_only=True):
    """The processor of an instance type."""

    supported_architectures: Annotated[tuple[Text, ...], Meta(min_length=1)]


class VCpuInfo(Row, frozen=True, kw_only=True, rename={"default_vcpus": "DefaultVCpus"}):
    """The virtual processors of an instance type."""

    default_vcpus: int


class InstanceType(Row, frozen=True, kw_only=True):
    """An instance type."""

    processor_info: ProcessorInfo
    v_cpu_info: VCpuInfo


DescribeInstanceTypes = listing(
    "ec2:DescribeInstanceTypes", "InstanceTypes", InstanceType, Answer, least=1
)
"""The instance type that was asked for; one that does not exist is an error of its own."""


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
