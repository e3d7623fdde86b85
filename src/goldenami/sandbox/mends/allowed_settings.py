"""The calls that read and change the Allowed AMIs setting; moto lacks them.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
"""

from moto.core.responses import ActionResult

from goldenami.sandbox.mends.base import Ec2Base
from goldenami.sandbox.mends.errors import bad_value

MAX_CRITERIA = 10


class AllowedImagesResponse(Ec2Base):
    """Get, enable, disable and replace: the setting of one region."""

    def get_allowed_images_settings(self) -> ActionResult:
        """Describe the setting."""
        setting = self.store.allowed_images
        told = {"State": setting.state, "ImageCriteria": setting.criteria, "ManagedBy": "account"}
        return ActionResult(told)

    def enable_allowed_images_settings(self) -> ActionResult:
        """Enforce the criteria, or only tell what they would forbid (``audit-mode``)."""
        state = self._get_param("AllowedImagesSettingsState")
        if state not in ("enabled", "audit-mode"):
            raise bad_value(f"Invalid value '{state}' for AllowedImagesSettingsState")
        return self._change(state)

    def disable_allowed_images_settings(self) -> ActionResult:
        """Allow every image again; the criteria stay."""
        return self._change("disabled")

    def replace_image_criteria_in_allowed_images_settings(self) -> ActionResult:
        """Set all criteria anew."""
        criteria = self._get_param("ImageCriteria", [])
        if len(criteria) > MAX_CRITERIA:
            raise bad_value(f"At most {MAX_CRITERIA} image criteria are allowed")
        self.error_on_dryrun()
        self.store.allowed_images.criteria = criteria
        return ActionResult({"ReturnValue": True})

    def _change(self, state: str) -> ActionResult:
        self.error_on_dryrun()
        self.store.allowed_images.state = state
        return ActionResult({"AllowedImagesSettingsState": state})
