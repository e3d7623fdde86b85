"""EC2: regions and their settings, instance types, volumes, security groups, key pairs.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
"""

from typing import Annotated, Any

from msgspec import Meta

from goldenami.aws.answers.interface import Answer, Row, Tagged, Text, TokenPage

SERVICE = "ec2"


class Region(Row, frozen=True, kw_only=True):
    """A region of the account."""

    region_name: Text


class DescribeRegions(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The regions that the account can use: there is no account without any."""

    regions: Annotated[tuple[Region, ...], Meta(min_length=1)]


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


class DescribeInstanceTypes(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The instance type that was asked for; one that does not exist is an error of its own."""

    instance_types: Annotated[tuple[InstanceType, ...], Meta(min_length=1)]


class SecurityGroup(Tagged, frozen=True, kw_only=True):
    """A security group."""

    group_id: Text
    group_name: Text
    vpc_id: str = ""  # a group of EC2-Classic has none


class DescribeSecurityGroups(TokenPage, frozen=True, kw_only=True):
    """A page of security groups."""

    security_groups: tuple[SecurityGroup, ...]


class KeyPair(Tagged, frozen=True, kw_only=True):
    """A key pair."""

    key_name: Text


class DescribeKeyPairs(Answer, frozen=True, kw_only=True, rename="pascal"):
    """All key pairs: EC2 does not page them."""

    key_pairs: tuple[KeyPair, ...]


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


class DescribeVolumes(TokenPage, frozen=True, kw_only=True):
    """A page of volumes."""

    volumes: tuple[VolumeAnswer, ...]


class GetAllowedImagesSettings(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The Allowed AMIs setting of a region."""

    state: Text
    managed_by: Text
    image_criteria: tuple[dict[str, Any], ...] = ()  # absent if there are none


class GetEbsEncryptionByDefault(Answer, frozen=True, kw_only=True, rename="pascal"):
    """Whether new volumes of a region are encrypted unasked."""

    ebs_encryption_by_default: bool


class GetEbsDefaultKmsKeyId(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The key that a region encrypts with if none is named."""

    kms_key_id: Text
