"""EC2: instance types.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
"""

from typing import Annotated

from msgspec import Meta

from goldenami.aws.answers.interface import Answer, Row, Text, listing


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
