"""Values that are none of those that a parameter may have, wherever it stands in a request.

moto takes most of them, so that what EC2 would refuse works.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from collections.abc import Mapping
from typing import Any

from goldenami_sandbox.ec2.errors import bad_value

_OTHERWISE = (
    "Attribute",
    "InstanceType",
    "InstanceTypes",
    "MaximumSeverityLabel",
    "OperationType",
    "ResourceType",
    "VolumeType",
)
"""What is refused by words of its own, where it is read."""
_NOT_CHECKED = ("LaunchTemplateData",)
"""What EC2 keeps as it is until it is used."""


def check(shape: Any, value: Any, name: str = "") -> None:
    """Refuse a request with a value that is none.

    Args:
        shape: of the request, or of a part of it.
        value: in boto3's shape.
        name: of the parameter.

    Raises:
        EC2ClientError: InvalidParameterValue.
    """
    if shape.type_name == "list" and isinstance(value, list):
        for each in value:
            check(shape.member, each, name)
    elif shape.type_name == "structure" and isinstance(value, Mapping):
        for member, part in shape.members.items():
            if member in value and member not in _NOT_CHECKED:
                check(part, value[member], member)
    elif shape.type_name == "string" and name not in _OTHERWISE:
        allowed = shape.enum
        if allowed and value and value not in allowed:
            parameter = name[:1].lower() + name[1:]
            raise bad_value(f"Value ({value}) for parameter {parameter} is invalid.")
