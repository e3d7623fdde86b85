"""Instance types, as EC2 describes them."""

from collections.abc import Mapping
from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.session import Aws


def described(aws: Aws, region: str, instance_type: str, doing: str) -> Mapping[str, Any]:
    """Return an instance type as DescribeInstanceTypes tells it.

    Raises:
        AwsError: there is no such type, or it could not be read.
    """
    with explained(doing, region):
        told = aws.client("ec2", region).describe_instance_types(InstanceTypes=[instance_type])
    found: Mapping[str, Any] = told["InstanceTypes"][0]
    return found


def architectures(aws: Aws, region: str, instance_type: str, doing: str) -> list[str]:
    """Return the architectures of an instance type: ``x86_64``, ``arm64``.

    Raises:
        AwsError: there is no such type, or it could not be read.
    """
    return list(
        described(aws, region, instance_type, doing)["ProcessorInfo"]["SupportedArchitectures"]
    )
