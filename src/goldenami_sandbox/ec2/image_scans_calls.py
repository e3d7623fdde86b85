"""GetImageFindings, which moto lacks.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetImageFindings.html
"""

from typing import cast

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2 import image_scans
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import no_such_image
from goldenami_sandbox.ec2.image_scans import ImageScan
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.vulnerabilities import of_image


class ImageScansResponse(Ec2Base):
    """What Inspector has found in an image."""

    def get_image_findings(self) -> ActionResult:
        """Tell the findings of an image that the account can see, whoever owns it."""
        image = self.store.image(self._get_param("ImageId"))
        if self.store.allowed_images.hide(image):
            raise no_such_image(image.id)
        snapshot_id = next(iter(image.snapshot_ids), None)
        findings = image_scans.findings(image.scans, snapshot_id)
        return ActionResult({"ImageFindings": list(findings)})


def scan_at_once(account_id: str, region: str, image_id: str) -> None:
    """Scan an image that an account sees, as its owner would, without waiting.

    Raises:
        EC2ClientError: there is no such image.
    """
    store = cast(Ec2Store, ec2_backends[account_id][region])
    image = store.image(image_id)
    vulnerabilities = of_image(region, image_id, image.name)
    scan_id = mock_random.get_random_hex(32)
    scan = ImageScan(scan_id, vulnerabilities, readiness=Countdown(steps=0))
    image.scans.append(scan)
