"""Instance types, as EC2 describes them."""

from goldenami.aws.answers.ec2_around import DescribeInstanceTypes, InstanceType
from goldenami.aws.ask import ask
from goldenami.aws.session import Aws


def described(aws: Aws, region: str, instance_type: str, doing: str) -> InstanceType:
    """Return an instance type.

    Raises:
        AwsError: there is no such type, or it could not be read.
    """
    answer = ask(aws, region, DescribeInstanceTypes, doing, InstanceTypes=[instance_type])
    return answer.instance_types[0]


def architectures(aws: Aws, region: str, instance_type: str, doing: str) -> list[str]:
    """Return the architectures of an instance type: ``x86_64``, ``arm64``.

    Raises:
        AwsError: there is no such type, or it could not be read.
    """
    processor = described(aws, region, instance_type, doing).processor_info
    return list(processor.supported_architectures)
