"""GetImageAncestry: an image, its source image, that one's source, and so on; moto lacks it.

What EC2 recorded stays when an image on the way is deregistered, or is not shared any more.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-ancestry.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetImageAncestry.html
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from moto.core.responses import ActionResult

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.image import SandboxImage

MOST = 50


class AncestryResponse(Ec2Base):
    """Where an image comes from."""

    def get_image_ancestry(self) -> ActionResult:
        """List an image and its ancestors, up to one of a verified provider or without a source."""
        image = self.store.image(self._get_param("ImageId"))
        entries = [_described(each) for each in islice(self._ancestry(image), MOST)]
        return ActionResult({"ImageAncestryEntries": entries})

    def _ancestry(self, image: SandboxImage | None) -> Iterator[SandboxImage]:
        while image is not None:
            yield image
            if image.owner_alias or not (image.source_image_id and image.source_image_region):
                return
            image = self.store_in(image.source_image_region).launched_from(image.source_image_id)


def _described(image: SandboxImage) -> dict[str, Any]:
    return {
        "ImageId": image.id,
        "CreationDate": image.created,
        "ImageOwnerAlias": image.owner_alias,
        "SourceImageId": image.source_image_id,
        "SourceImageRegion": image.source_image_region,
    }
