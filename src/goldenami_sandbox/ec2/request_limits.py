"""What holds for a parameter in whatever operation it stands: user data, devices, and tags.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

import binascii
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from goldenami_sandbox.ec2.errors import bad_mapping, bad_value

USER_DATA_BYTES = 16_384


def check(operation: str, parameters: Mapping[str, Any]) -> None:
    """Refuse user data that is too long, devices with one name, and tags with one key.

    Args:
        operation: of the request; DeleteTags alone may name a key twice, with two values.
        parameters: in boto3's shape.

    Raises:
        EC2ClientError: InvalidParameterValue, or InvalidBlockDeviceMapping.
    """
    _check(parameters, tags=operation != "DeleteTags")


def _check(value: Any, tags: bool) -> None:
    if isinstance(value, list):
        for each in value:
            _check(each, tags)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name == "UserData":
                _check_user_data(part)
            elif name == "Tags" and tags:
                _check_tags(part)
            elif name == "BlockDeviceMappings":
                _check_devices(part)
            else:
                _check(part, tags)


def _check_user_data(value: Any) -> None:
    text = value.get("Value", "") if isinstance(value, Mapping) else value
    try:
        data = text if isinstance(text, bytes) else b64decode(text or "")
    except binascii.Error:
        raise bad_value("Invalid BASE64 encoding of user data.") from None
    if len(data) > USER_DATA_BYTES:
        raise bad_value(f"User data is limited to {USER_DATA_BYTES} bytes")


def _check_tags(tags: Iterable[Mapping[str, str]]) -> None:
    for key, times in Counter(tag.get("Key") for tag in tags).items():
        if times > 1:
            raise bad_value(f"Duplicate tag key '{key}' specified.")


def _check_devices(mappings: Iterable[Mapping[str, Any]]) -> None:
    for name, times in Counter(mapping.get("DeviceName") for mapping in mappings).items():
        if name and times > 1:
            raise bad_mapping(f"The device '{name}' is used in more than one block-device mapping")
