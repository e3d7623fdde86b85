"""Deprecate, disable, protect, deregister.

Mended: the calls moto lacks; a disabled image loses its launch permissions; a deregistered
one takes its snapshots along if asked to.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/disable-an-ami.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html
"""

from datetime import UTC, datetime, timedelta

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value, incorrect_state, not_owner
from goldenami_sandbox.ec2.image import Image

_TEN_YEARS = timedelta(days=3653)
_HALF_A_MINUTE = timedelta(seconds=30)
_DONE = {"Return": True}


class ImageLifecycleResponse(Ec2Base):
    """What the owner of an image does with it after it is made."""

    def own_image(self) -> Image:
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
        if moment < utcnow():
            raise bad_value("The deprecation time must be in the future")
        if moment > utcnow() + _TEN_YEARS:
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

    def disable_image(self) -> ActionResult:
        """Forbid launches, and drop the launch permissions for good."""
        image = self.own_image()
        if image.state not in ("available", "disabled"):
            raise incorrect_state(f"The image {image.id} is {image.state}")
        self.error_on_dryrun()
        image.disabled = True
        image.permissions = []
        return ActionResult(_DONE)

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

    def deregister_image(self) -> ActionResult:
        """Forget an image; instances launched from it stay."""
        image = self.own_image()
        if image.protected:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"The image {image.id} is protected from deregistration",
            )
        self.error_on_dryrun()
        self.store.deregistered[image.id] = self.store.images.pop(image.id)
        deleted = self._get_param("DeleteAssociatedSnapshots", False)
        results = [self._deleted(one) for one in image.snapshot_ids] if deleted else None
        return ActionResult(_DONE | {"DeleteSnapshotResults": results})

    def _deleted(self, snapshot_id: str) -> dict[str, str]:
        shared = any(snapshot_id in one.snapshot_ids for one in self.store.images.values())
        if not shared:
            self.store.snapshots.pop(snapshot_id, None)
        return {"SnapshotId": snapshot_id, "ReturnCode": "skipped" if shared else "success"}


def _to_minute(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment + _HALF_A_MINUTE).replace(second=0, microsecond=0)
