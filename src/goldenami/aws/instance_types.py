"""Instance types, as EC2 describes them."""

from goldenami.aws.answers.ec2_around import DescribeInstanceTypes, InstanceType
from goldenami.aws.regional import RegionalAws


def described(regional: RegionalAws, instance_type: str, purpose: str) -> InstanceType:
    """Return an instance type.

    Raises:
        AwsError: there is no such type, or it could not be read.
    """
    answer = regional.ask(DescribeInstanceTypes, purpose, InstanceTypes=[instance_type])
    return answer.instance_types[0]


def architectures(regional: RegionalAws, instance_type: str, purpose: str) -> list[str]:
    """Return the architectures of an instance type: ``x86_64``, ``arm64``.

    Raises:
        AwsError: there is no such type, or it could not be read.
    """
    processor = described(regional, instance_type, purpose).processor_info
    return list(processor.supported_architectures)
