"""Who may launch an image: ModifyImageAttribute and DescribeImageAttribute.

Mended: all targets of a call count (moto takes the first ARN), one attribute per call, images
encrypted with the account's default key cannot be shared, others' images cannot be changed.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidAMIAttributeItemValueError,
    InvalidRequest,
)

from goldenami_sandbox.ec2.errors import (
    bad_combination,
    bad_value,
    default_key_not_shareable,
    image_unavailable,
    missing,
)
from goldenami_sandbox.ec2.image import Image
from goldenami_sandbox.ec2.image_lifecycle import ImageLifecycleResponse

Permission = Mapping[str, str]
_TARGETS = {
    "UserIds": "UserId",
    "UserGroups": "Group",
    "OrganizationArns": "OrganizationArn",
    "OrganizationalUnitArns": "OrganizationalUnitArn",
}
_RULES = {
    "UserId": re.compile(r"\d{12}"),
    "Group": re.compile("all"),
    "OrganizationArn": re.compile(r"arn:aws[\w-]*:organizations::\d{12}:organization/o-[a-z0-9]+"),
    "OrganizationalUnitArn": re.compile(
        r"arn:aws[\w-]*:organizations::\d{12}:ou/o-[a-z0-9]+/ou-[a-z0-9-]+"
    ),
}
_READABLE: dict[str, Callable[[Image], dict[str, Any]]] = {
    "description": lambda image: {"Description": {"Value": image.description}},
    "launchPermission": lambda image: {"LaunchPermissions": image.permissions},
    "bootMode": lambda image: {"BootMode": {"Value": image.boot_mode}},
    "imdsSupport": lambda image: {"ImdsSupport": {"Value": image.imds_support}},
    "deregistrationProtection": lambda image: {
        "DeregistrationProtection": {"Value": image.protection}
    },
}


class ImageSharingResponse(ImageLifecycleResponse):
    """One attribute of an image, read or changed."""

    def describe_image_attribute(self) -> ActionResult:
        """Read one attribute."""
        image = self.own_image()
        name = self._get_param("Attribute")
        if name not in _READABLE:
            raise InvalidRequest
        return ActionResult({"ImageId": image.id} | _READABLE[name](image))

    def modify_image_attribute(self) -> ActionResult:
        """Change one attribute: launch permissions, description or IMDS support."""
        image = self.own_image()
        change = self._permission_change()
        given = [name for name in ("Description", "ImdsSupport") if self._get_param(name)]
        if change is not None:
            given.append("LaunchPermission")
        if len(given) > 1:
            raise bad_combination(
                f"Fields for multiple attribute types specified: {', '.join(given)}"
            )
        if not given:
            raise missing("attribute")
        if change is not None:
            self._check_shareable(image, change)
        self.error_on_dryrun()
        if change is not None:
            add, remove = change
            kept = [one for one in image.permissions if one not in remove]
            image.permissions = kept + [dict(one) for one in add if one not in kept]
        elif given == ["Description"]:
            image.description = self._get_param("Description.Value", "")
        else:
            image.imds_support = self._get_param("ImdsSupport.Value")
        return EmptyResult()

    def _permission_change(self) -> tuple[list[Permission], list[Permission]] | None:
        """Return what is added and removed, from either of the two ways to ask for it."""
        named = [
            {field: target}
            for parameter, field in _TARGETS.items()
            for target in self._get_param(parameter, [])
        ]
        asked = self._get_param("LaunchPermission")
        if not named and not asked:
            return None
        change: dict[str, Any] = {"Add": [], "Remove": []} | dict(asked or {})
        operation = self._get_param("OperationType")
        if named and not (asked and operation is None):  # Packer names users twice: once counts
            if operation not in ("add", "remove"):
                raise bad_value(f"Invalid value '{operation}' for OperationType")
            change[operation.capitalize()] = [*change[operation.capitalize()], *named]
        _check_targets([*change["Add"], *change["Remove"]])
        return change["Add"], change["Remove"]

    def _check_shareable(
        self, image: Image, change: tuple[Sequence[Permission], Sequence[Permission]]
    ) -> None:
        if image.state != "available":
            raise image_unavailable(image.id, f"{image.state}, and cannot be shared")
        snapshots = [self.store.get_snapshot(one) for one in image.snapshot_ids]
        if change[0] and any(self.store.has_default_key(one) for one in snapshots):
            raise default_key_not_shareable()


def _check_targets(permissions: Sequence[Permission]) -> None:
    for permission in permissions:
        for name, target in permission.items():
            if not _RULES[name].fullmatch(target):
                if name in ("UserId", "Group"):
                    raise InvalidAMIAttributeItemValueError(name, target)
                raise EC2ClientError("InvalidParameter", f"Invalid ARN: {target}")
