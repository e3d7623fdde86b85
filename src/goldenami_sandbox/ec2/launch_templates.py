"""CreateLaunchTemplateVersion.

Otherwise than in moto: what is not given is taken from the source version; client tokens.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.launch_templates import LaunchTemplates

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.overriding import overrides


class LaunchTemplateVersionsResponse(Ec2Base, LaunchTemplates):
    """New versions of launch templates."""

    @overrides
    def create_launch_template_version(self) -> ActionResult:
        """Make a version of what the request says, and of its source version for the rest."""
        version: Any = self.once("CreateLaunchTemplateVersion", self._version)
        return ActionResult(version)

    def _version(self) -> Any:
        if source := self._get_param("SourceVersion"):
            name = self._get_param("LaunchTemplateName")
            by_name = {"LaunchTemplateName": name} if name else {}
            by_id = {"LaunchTemplateId": self._get_param("LaunchTemplateId")}
            template = {**(by_name or by_id), "Version": source}
            before = self.store._get_template_from_args(template).data  # noqa: SLF001
            data = self._get_param("LaunchTemplateData", {})
            self.params["LaunchTemplateData"] = {**before, **data}
        return super().create_launch_template_version().result
