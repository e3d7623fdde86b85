"""DescribeImageReferences; moto lacks it.

The images need not be the account's own, nor be there any more. A launch template that names a
parameter names no image: the parameter does.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html
"""

from moto.core.responses import ActionResult

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value, missing
from goldenami_sandbox.ec2.image_references import (
    DEPTH,
    INSTANCE,
    PARAMETER,
    RECIPES,
    STATES,
    TEMPLATE,
    references,
    requested_kinds,
)

MOST_IMAGES = 10
DEFAULT_DEPTH = 10
_OPTIONS = {INSTANCE: STATES, TEMPLATE: DEPTH, PARAMETER: "", **dict.fromkeys(RECIPES, "")}


class ImageReferencesResponse(Ec2Base):
    """What of the account's names images."""

    def describe_image_references(self) -> ActionResult:
        """List the resources of the call's account and region that name one of some images."""
        image_ids = list(dict.fromkeys(self._get_param("ImageIds", [])))
        if len(image_ids) > MOST_IMAGES:
            raise bad_value(f"At most {MOST_IMAGES} image IDs can be specified")
        kinds = requested_kinds(self._get_param("ResourceTypes", []), _OPTIONS)
        if self._get_param("IncludeAllResourceTypes", False):
            kinds = {kind: kinds.get(kind, ()) for kind in _OPTIONS}
        if not kinds:
            raise missing("IncludeAllResourceTypes or ResourceTypes")
        described = [
            {"ImageId": each.image_id, "ResourceType": each.kind, "Arn": each.arn}
            for each in references(self.store, image_ids, kinds, DEFAULT_DEPTH)
        ]
        return ActionResult({"ImageReferences": described})
