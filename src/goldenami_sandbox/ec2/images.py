"""Images that there are: DescribeImages; deprecate, disable, protect, share, deregister.

Otherwise than in moto, deprecated and disabled images are hidden as on AWS, all unknown ids are
named, and of deregistered images nothing is said; the calls that moto lacks; a disabled image loses
its launch permissions; a deregistered one takes its snapshots along if asked to; all targets of a
call count (moto takes the first ARN), one attribute per call; images encrypted with the account's
default key cannot be shared, others' images cannot be changed.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/disable-an-ami.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidAMIAttributeItemValueError,
)
from moto.ec2.responses.amis import AmisResponse

from goldenami_sandbox import clock
from goldenami_sandbox.ec2 import image_attributes, public_access
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import (
    bad_combination,
    bad_value,
    default_key_not_shareable,
    image_unavailable,
    incorrect_state,
    missing,
    no_such_images,
    not_owner,
)
from goldenami_sandbox.ec2.image import PUBLIC, SandboxImage, check_description
from goldenami_sandbox.overriding import overrides


class ImageListingResponse(Ec2Base, AmisResponse):
    """DescribeImages, and who finds what."""

    @overrides
    def describe_images(self) -> ActionResult:
        """List the images that the account can see."""
        ids = self._get_param("ImageIds", [])
        images = (
            self._named_images(ids)
            if ids
            else [
                image
                for image in (*self.store.images.values(), *self.store.shared_images.values())
                if self._listed(image)
            ]
        )
        described = [image.described() for image in images if self._wanted_image(image)]
        return ActionResult({"Images": described})

    def _named_images(self, ids: Sequence[str]) -> list[SandboxImage]:
        """Return the images of a request's ids; of one that was deregistered nothing is said."""
        visible = self.store.images | self.store.shared_images
        images = {
            image_id: image
            for image_id, image in visible.items()
            if image_id in ids and not self.store.allowed_images.hide(image)
        }
        gone = self.store.deregistered
        if lacking := [each for each in ids if each not in images and each not in gone]:
            raise no_such_images(lacking)
        return list(images.values())

    def _listed(self, image: SandboxImage) -> bool:
        """Say whether an image shows up for somebody who does not name it."""
        if self.store.allowed_images.hide(image):
            return False
        return image.owned or not image.deprecated or self._get_param("IncludeDeprecated", False)

    def _wanted_image(self, image: SandboxImage) -> bool:
        if image.disabled and not self._get_param("IncludeDisabled", False):
            return False
        return self._owned_by_wish(image) and self._launchable_by_wish(image)

    def _owned_by_wish(self, image: SandboxImage) -> bool:
        owners = self._get_param("Owners", [])
        names = {image.owner_id, image.owner_alias, "self" if image.owned else None}
        return not owners or not names.isdisjoint(owners)

    def _launchable_by_wish(self, image: SandboxImage) -> bool:
        users = self._get_param("ExecutableUsers", [])
        wished: list[dict[str, str]] = [
            dict(PUBLIC)
            if user == "all"
            else {"UserId": self.current_account if user == "self" else user}
            for user in users
        ]
        return not users or any(permission in image.permissions for permission in wished)


_TEN_YEARS = timedelta(days=3653)
_HALF_A_MINUTE = timedelta(seconds=30)
_DONE = {"Return": True}


class ImageLifecycleResponse(Ec2Base, AmisResponse):
    """What the owner of an image does with it after it is made."""

    def own_image(self) -> SandboxImage:
        """Return the image that the request names.

        Raises:
            EC2ClientError: it is gone, unknown, or another account's.
        """
        image = self.store.image(self._get_param("ImageId"))
        if not image.owned:
            raise not_owner(image.id)
        return image

    def enable_image_deprecation(self) -> ActionResult:
        """Set the time from which others no longer find the image."""
        image = self.own_image()
        moment = _to_minute(self._get_param("DeprecateAt"))
        if moment < clock.now():
            raise bad_value("The deprecation time must be in the future")
        if moment > clock.now() + _TEN_YEARS:
            raise bad_value("The deprecation time cannot be more than 10 years from now")
        self.error_on_dryrun()
        image.deprecation_time = moment
        return ActionResult(_DONE)

    def disable_image_deprecation(self) -> ActionResult:
        """Take the deprecation time away."""
        image = self.own_image()
        self.error_on_dryrun()
        image.deprecation_time = None
        return ActionResult(_DONE)

    @overrides
    def disable_image(self) -> ActionResult:
        """Forbid launches, and drop the launch permissions for good."""
        image = self.own_image()
        if image.state not in ("available", "disabled"):
            raise incorrect_state(f"The image {image.id} is {image.state}")
        self.error_on_dryrun()
        image.disabled = True
        image.permissions = []
        return ActionResult(_DONE)

    @overrides
    def enable_image(self) -> ActionResult:
        """Allow launches again; the launch permissions do not come back."""
        image = self.own_image()
        self.error_on_dryrun()
        image.disabled = False
        return ActionResult(_DONE)

    def enable_image_deregistration_protection(self) -> ActionResult:
        """Protect the image from being deregistered."""
        image = self.own_image()
        self.error_on_dryrun()
        image.protect(self._get_param("WithCooldown", False))
        return ActionResult({"Return": image.protection})

    def disable_image_deregistration_protection(self) -> ActionResult:
        """End the protection, at once or after the cooldown."""
        image = self.own_image()
        self.error_on_dryrun()
        image.unprotect()
        return ActionResult({"Return": image.protection})

    @overrides
    def deregister_image(self) -> ActionResult:
        """Forget an image; instances launched from it stay."""
        image = self.own_image()
        if image.protected:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"The image {image.id} is protected from deregistration",
            )
        self.error_on_dryrun()
        self.store.discard_image(image.id)
        deleted = self._get_param("DeleteAssociatedSnapshots", False)
        results = (
            [self._deleted(snapshot_id) for snapshot_id in image.snapshot_ids] if deleted else None
        )
        return ActionResult(_DONE | {"DeleteSnapshotResults": results})

    def _deleted(self, snapshot_id: str) -> dict[str, str]:
        if any(snapshot_id in image.snapshot_ids for image in self.store.images.values()):
            return {"SnapshotId": snapshot_id, "ReturnCode": "skipped"}
        if self.store.is_locked(snapshot_id):
            return {"SnapshotId": snapshot_id, "ReturnCode": "client-error"}
        if snapshot_id in self.store.snapshots:
            self.store.discard_snapshot(snapshot_id)
        return {"SnapshotId": snapshot_id, "ReturnCode": "success"}


def _to_minute(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment + _HALF_A_MINUTE).replace(second=0, microsecond=0)


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


class ImageSharingResponse(ImageLifecycleResponse):
    """One attribute of an image, read or changed."""

    @overrides
    def describe_image_attribute(self) -> ActionResult:
        """Read one attribute."""
        image = self.own_image()
        attribute = image_attributes.described(image, self._get_param("Attribute"))
        return ActionResult({"ImageId": image.id} | attribute)

    @overrides
    def modify_image_attribute(self) -> ActionResult:
        """Change one attribute: launch permissions, description or IMDS support."""
        image = self.own_image()
        change = self._permission_change()
        attributes = [name for name in ("Description", "ImdsSupport") if self._get_param(name)]
        if change is not None:
            attributes.append("LaunchPermission")
        if len(attributes) > 1:
            raise bad_combination(
                f"Fields for multiple attribute types specified: {', '.join(attributes)}"
            )
        if not attributes:
            raise missing("attribute")
        permissions = self._permissions(image, change) if change is not None else None
        description = self._get_param("Description.Value", "")
        check_description(description)
        self.error_on_dryrun()
        if permissions is not None:
            image.permissions = permissions
        elif attributes == ["Description"]:
            image.description = description
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
        requested = self._get_param("LaunchPermission")
        if not named and not requested:
            return None
        change: dict[str, Any] = {"Add": [], "Remove": []} | dict(requested or {})
        operation = self._get_param("OperationType")
        if named and not (requested and operation is None):  # Packer names users twice: once counts
            if operation not in ("add", "remove"):
                raise bad_value(f"Invalid value '{operation}' for OperationType")
            change[operation.capitalize()] = [*change[operation.capitalize()], *named]
        _check_targets([*change["Add"], *change["Remove"]])
        return change["Add"], change["Remove"]

    def _permissions(
        self, image: SandboxImage, change: tuple[Sequence[Permission], Sequence[Permission]]
    ) -> list[dict[str, str]]:
        """Return the launch permissions after a change that nothing speaks against."""
        add, remove = change
        if image.state != "available":
            raise image_unavailable(image.id, f"{image.state}, and cannot be shared")
        snapshots = [self.store.get_snapshot(snapshot) for snapshot in image.snapshot_ids]
        if add and any(self.store.has_default_key(snapshot) for snapshot in snapshots):
            raise default_key_not_shareable()
        kept = [permission for permission in image.permissions if permission not in remove]
        changed = [dict(each) for each in add if each not in kept]
        after = kept + [each for n, each in enumerate(changed) if each not in changed[:n]]
        others = None
        if PUBLIC in changed and not image.public:
            _check_unmarked(image)
            public_access.check(self.store, public_access.IMAGE)
            others = sum(map(image_attributes.is_public, self.store.images.values()))
        image_attributes.check_limits(image, len(after), others)
        return after


def _check_unmarked(image: SandboxImage) -> None:
    """Refuse to make an image public that has a watermark.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-watermark.html
    """
    if image.watermarks:
        raise EC2ClientError(
            "OperationNotPermitted", f"The image {image.id} has a watermark, and cannot be public."
        )


def _check_targets(permissions: Sequence[Permission]) -> None:
    for permission in permissions:
        for name, target in permission.items():
            if not _RULES[name].fullmatch(target):
                if name in ("UserId", "Group"):
                    raise InvalidAMIAttributeItemValueError(name, target)
                raise EC2ClientError("InvalidParameter", f"Invalid ARN: {target}")
