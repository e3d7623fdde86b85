"""The attributes of an image that DescribeImageAttribute tells, and what limits its permissions.

moto tells three of them.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageAttribute.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidRequest

from goldenami_sandbox import service_quotas
from goldenami_sandbox.ec2.image import PUBLIC, SandboxImage

SHARING, PUBLIC_IMAGES = "L-70015FFA", "L-0E3CBAB9"
_Value = Callable[[SandboxImage], Any]
_VALUES: Mapping[str, _Value] = {
    "bootMode": lambda image: image.boot_mode,
    "deregistrationProtection": lambda image: image.protection,
    "description": lambda image: image.description,
    "imdsSupport": lambda image: image.imds_support,
    "kernel": lambda image: image.kernel_id,
    "lastLaunchedTime": lambda image: image.launches.described(),
    "ramdisk": lambda _: None,
    "sriovNetSupport": lambda _: "simple",
    "tpmSupport": lambda _: None,
    "uefiData": lambda _: None,
}
_MEMBERS = {"kernel": "KernelId", "ramdisk": "RamdiskId"}
_LISTS: Mapping[str, tuple[str, _Value]] = {
    "launchPermission": ("LaunchPermissions", lambda image: image.permissions),
    "productCodes": ("ProductCodes", lambda _: []),
}
READABLE = (*_VALUES, *_LISTS, "blockDeviceMapping")


def described(image: SandboxImage, name: str) -> dict[str, Any]:
    """Return one attribute as AWS describes it.

    Raises:
        EC2ClientError: there is no such attribute, or it is the one that AWS tells nobody.
    """
    if name == "blockDeviceMapping":
        raise EC2ClientError("AuthFailure", "Unauthorized attempt to access restricted resource")
    if name in _LISTS:
        member, value = _LISTS[name]
        return {member: value(image)}
    if name not in _VALUES:
        raise InvalidRequest
    member = _MEMBERS.get(name, name[0].upper() + name[1:])
    return {member: {"Value": _VALUES[name](image)}}


def check_limits(image: SandboxImage, permissions: int, others_public: int | None) -> None:
    """Refuse more launch permissions, or more public images, than the quotas have room for.

    Args:
        image: what is shared.
        permissions: how many launch permissions it would have.
        others_public: how many public images the account has beside it; None if it is not made
            public now.

    Raises:
        EC2ClientError: ResourceLimitExceeded.
    """
    limit = service_quotas.value(SHARING)
    if permissions > limit:
        raise EC2ClientError(
            "ResourceLimitExceeded",
            f"You have reached your quota of {limit} for the number of launch permissions of the "
            f"image {image.id}.",
        )
    limit = service_quotas.value(PUBLIC_IMAGES)
    if others_public is not None and others_public >= limit:
        raise EC2ClientError(
            "ResourceLimitExceeded",
            f"You have reached your quota of {limit} for the number of public images allowed in "
            "this Region. Deregister unused public images or make them private, or request an "
            "increase in your public AMIs quota.",
        )


def is_public(image: SandboxImage) -> bool:
    """Say whether the account has made an image of its own public."""
    return image.owned and PUBLIC in image.permissions
