"""The calls that read and change the Allowed AMIs setting; moto lacks them.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative.html
"""

from moto.core.responses import ActionResult

from goldenami_sandbox.ec2.allowed_images import POLICY, AllowedImages, check_criteria
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value, declared_otherwise


class AllowedImagesResponse(Ec2Base):
    """Get, enable, disable and replace: the setting of one region."""

    def get_allowed_images_settings(self) -> ActionResult:
        """Describe the setting, and who makes it."""
        self.error_on_dryrun()
        setting = self.store.allowed_images
        answer = {
            "State": setting.state,
            "ImageCriteria": setting.criteria,
            "ManagedBy": setting.managed_by,
        }
        return ActionResult(answer)

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
        check_criteria(criteria)
        self.error_on_dryrun()
        self._own_setting().criteria = criteria
        return ActionResult({"ReturnValue": True})

    def _change(self, state: str) -> ActionResult:
        self.error_on_dryrun()
        self._own_setting().state = state
        return ActionResult({"AllowedImagesSettingsState": state})

    def _own_setting(self) -> AllowedImages:
        """Return the account's setting, unless a declarative policy makes it."""
        setting = self.store.allowed_images
        if setting.managed_by == POLICY:
            raise declared_otherwise(setting.exception_message)
        return setting
