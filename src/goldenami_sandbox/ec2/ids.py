"""Ids that are none: each kind of resource has its own error for them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from msgspec import Struct

from goldenami_sandbox.ec2.errors import bad_value

AT_LAUNCH = "resolve:ssm:"
"""What begins an image that a Systems Manager parameter names, where it may stand."""


class IdForm(Struct, frozen=True):
    """A kind of resource.

    Args:
        prefix: of its ids.
        code: of the error about an id that is none.
        parameter: what the error of another prefix names, where AWS words that otherwise.
    """

    prefix: str
    code: str
    parameter: str = ""

    def check(self, value: str) -> None:
        """Refuse what is no id of this kind.

        Raises:
            EC2ClientError: with the code of the kind, or InvalidParameterValue.
        """
        if re.fullmatch(rf"{self.prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
            return
        begun = value.startswith(f"{self.prefix}-")
        if self.parameter and not begun:
            raise bad_value(
                f"Value ({value}) for parameter {self.parameter} is invalid. "
                f"Expected: '{self.prefix}-...'."
            )
        expected = "" if begun and self.parameter else f' (expecting "{self.prefix}-...")'
        raise EC2ClientError(self.code, f'Invalid id: "{value}"{expected}')


_IMAGE = IdForm("ami", "InvalidAMIID.Malformed")
_INSTANCE = IdForm("i", "InvalidInstanceID.Malformed")
_SNAPSHOT = IdForm("snap", "InvalidSnapshotID.Malformed", "snapshotId")
_GROUP = IdForm("sg", "InvalidGroupId.Malformed")
FORMS: Mapping[str, IdForm] = {
    "GroupId": _GROUP,
    "ImageId": _IMAGE,
    "InstanceId": _INSTANCE,
    "LaunchTemplateId": IdForm("lt", "InvalidLaunchTemplateId.Malformed"),
    "NetworkInterfaceId": IdForm("eni", "InvalidNetworkInterfaceId.Malformed"),
    "SecurityGroupId": _GROUP,
    "SnapshotId": _SNAPSHOT,
    "SourceImageId": _IMAGE,
    "SourceInstanceId": _INSTANCE,
    "SourceSnapshotId": _SNAPSHOT,
    "SubnetId": IdForm("subnet", "InvalidSubnetID.Malformed"),
    "VolumeId": IdForm("vol", "InvalidVolumeID.Malformed", "volumeId"),
    "VpcId": IdForm("vpc", "InvalidVpcID.Malformed"),
}
"""The kinds by the parameters that name one; those that name several end with an ``s``."""
_NOT_CHECKED = ("LaunchTemplateData",)
"""What EC2 keeps as it is until it is used."""


def check(shape: Any, parameters: Mapping[str, Any]) -> None:
    """Refuse a request with an id that is none.

    Args:
        shape: of the request.
        parameters: its parameters, in boto3's shape.

    Raises:
        EC2ClientError: with the code of the kind, or InvalidParameterValue.
    """
    for name, value, member in _named(shape, parameters):
        if not (value.startswith(AT_LAUNCH) and _takes_alias(shape, member)):
            FORMS[name].check(value)


def _takes_alias(shape: Any, member: Any) -> bool:
    """Say whether a parameter may name an image: in a launch, and where its documentation says."""
    of_launch = shape.name == "RunInstancesRequest" and member is shape.members["ImageId"]
    return of_launch or AT_LAUNCH in member.documentation


def _named(shape: Any, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield the ids of a request, each with its parameter: its name in the singular, its shape."""
    if shape.type_name == "list":
        for each in value:
            yield from _named(shape.member, each)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            part, kind = value.get(name), name.removesuffix("s")
            placed = member.name == "PlacementGroupId"  # which is called GroupId too
            if part in (None, "") or name in _NOT_CHECKED:  # Packer sends empty ones
                continue
            if kind in FORMS and member.type_name in ("string", "list") and not placed:
                yield from ((kind, each, member) for each in _several(part))
            else:
                yield from _named(member, part)


def _several(part: str | list[str]) -> list[str]:
    return [part] if isinstance(part, str) else part
