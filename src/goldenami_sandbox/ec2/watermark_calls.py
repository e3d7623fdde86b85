"""AttachImageWatermark and DetachImageWatermark; moto lacks them.

AWS does not publish the codes of their errors: here are those of EC2 for such mistakes elsewhere.
What it does not say is refused: to attach a watermark twice, or to an image that is not ready.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-watermark.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachImageWatermark.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachImageWatermark.html
"""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.ec2 import watermarks
from goldenami_sandbox.ec2.errors import bad_value, incorrect_state
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.ec2.images import ImageLifecycleResponse
from goldenami_sandbox.ec2.watermarks import Watermark


class WatermarksResponse(ImageLifecycleResponse):
    """What the owner of an image does with its watermarks."""

    def attach_image_watermark(self) -> ActionResult:
        """Attach a watermark; what is made of the image from now on has it too."""
        image, name = self.own_image(), self._get_param("WatermarkName", "")
        if not watermarks.NAME.fullmatch(name):
            raise bad_value(f"Invalid value '{name}' for WatermarkName")
        key = f"{self.current_account}:{name}"
        _check(image, key)
        self.error_on_dryrun()
        mark = Watermark(key, self.store.region_name, image.id, image.created, utcnow())
        image.watermarks = (*image.watermarks, mark)
        return ActionResult({"WatermarkKey": key})

    def detach_image_watermark(self) -> ActionResult:
        """Take a watermark from an image, if it has it; those made of the image keep theirs."""
        image, key = self.own_image(), self._get_param("WatermarkKey", "")
        if not watermarks.KEY.fullmatch(key):
            raise bad_value(f"Invalid value '{key}' for WatermarkKey")
        self.error_on_dryrun()
        image.watermarks = tuple(each for each in image.watermarks if each.key != key)
        return ActionResult({"Return": True})


def _check(image: SandboxImage, key: str) -> None:
    """Refuse an image that can have no watermark, or no more of them."""
    if image.public:
        raise EC2ClientError(
            "OperationNotPermitted", f"The image {image.id} is public, and can have no watermark."
        )
    if image.state in ("pending", "failed"):
        raise incorrect_state(f"The image {image.id} is {image.state}")
    if key in {watermark.key for watermark in image.watermarks}:
        raise bad_value(f"The image {image.id} has the watermark {key} already")
    if len(image.watermarks) >= watermarks.MOST:
        raise EC2ClientError(
            "ResourceLimitExceeded",
            f"The image {image.id} has reached the limit of {watermarks.MOST} watermarks.",
        )
