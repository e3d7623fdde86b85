"""Launch templates: their versions, and images that a parameter names.

Otherwise than in moto: what is not given is taken from the source version; client tokens; a
parameter in place of an image is of the right data type, and is resolved if that is asked for.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html
"""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.launch_templates import LaunchTemplates

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.image_aliases import check, resolved
from goldenami_sandbox.overriding import overrides


class LaunchTemplateVersionsResponse(Ec2Base, LaunchTemplates):
    """Launch templates and their versions."""

    @overrides
    def create_launch_template(self) -> ActionResult:
        """Make a template, whose image a parameter may name."""
        self._check_image()
        return super().create_launch_template()

    @overrides
    def describe_launch_template_versions(self) -> ActionResult:
        """List versions, with the image of today in place of its parameter if told so."""
        result: Any = super().describe_launch_template_versions().result
        if self._get_param("ResolveAlias", False):
            for version in result["LaunchTemplateVersions"]:
                data = version["LaunchTemplateData"]
                version["LaunchTemplateData"] = {**data, "ImageId": self._resolved(data)}
        return ActionResult(result)

    def _resolved(self, data: Mapping[str, Any]) -> str | None:
        image_id = data.get("ImageId")
        return image_id and resolved(self.store.account_id, self.store.region_name, image_id)

    def _check_image(self) -> None:
        image_id = self._get_param("LaunchTemplateData", {}).get("ImageId", "")
        check(self.store.account_id, self.store.region_name, image_id)

    @overrides
    def create_launch_template_version(self) -> ActionResult:
        """Make a version of what the request says, and of its source version for the rest."""
        self._check_image()
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
