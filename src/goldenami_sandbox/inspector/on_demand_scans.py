"""Amazon Inspector's scans of one image, which it need not be enabled for.

moto lacks them. Their findings are told by EC2 alone (and by events, which the sandbox lacks).
https://docs.aws.amazon.com/inspector/latest/user/machine-image-on-demand.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_StartOnDemandScan.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_GetOnDemandScanStatus.html
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.moto_api._internal import mock_random

from goldenami_sandbox import clock
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.ec2.image_scans import FAILED, IN_PROGRESS, ImageScan
from goldenami_sandbox.inspector.base import InspectorBase
from goldenami_sandbox.listing import page
from goldenami_sandbox.modelled import ModelledError
from goldenami_sandbox.vulnerabilities import failure_of

PAGE_SIZE = 100
KEPT_FOR = timedelta(days=30)
_IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")


class OnDemandScansResponse(InspectorBase):
    """Start a scan, tell of it, and list them."""

    def start_on_demand_scan(self) -> ActionResult:
        """Start a scan of an image of the account's own; one at a time."""
        image_id = self._image_id()
        token = self._get_param("clientToken")
        if token and token in self.store.scan_tokens:
            return ActionResult({"scanId": self.store.scan_tokens[token]})
        image = self._own_image(image_id)
        if any(scan.status == IN_PROGRESS for scan in image.scans):
            raise ModelledError(
                "ConflictException",
                f"An on-demand scan is already in progress for {image_id}.",
                resourceId=image_id,
                resourceType="AMI",
            )
        scan = ImageScan(
            mock_random.get_random_hex(32),
            self.store.vulnerabilities(image_id),
            failure_of(self.region, image_id, image.name) or "",
        )
        image.scans.append(scan)
        if token:
            self.store.scan_tokens[token] = scan.id
        return ActionResult({"scanId": scan.id})

    def get_on_demand_scan_status(self) -> ActionResult:
        """Tell how a scan goes; those that ended long ago are forgotten."""
        image_id, scan_id = self._image_id(), self._get_param("scanId")
        for scan in self._scans(image_id):
            if scan.id == scan_id:
                return ActionResult(_described(image_id, scan))
        raise ModelledError("ResourceNotFoundException", f"There is no scan {scan_id}.")

    def list_on_demand_scans(self) -> ActionResult:
        """List the scans of an image, the latest first."""
        image_id = self._image_id()
        listed = [_described(image_id, scan) for scan in reversed(self._scans(image_id))]
        size = self._get_param("maxResults", PAGE_SIZE)
        try:
            items, token = page(listed, size, self._get_param("nextToken"))
        except EC2ClientError as error:
            raise _invalid(error.message) from None
        return ActionResult({"items": items, "nextToken": token or None})

    def _image_id(self) -> str:
        image_id: str = self._get_param("resourceId")
        if not _IMAGE_ID.fullmatch(image_id):
            raise _invalid(f"{image_id} is not the ID of a machine image.")
        return image_id

    def _own_image(self, image_id: str) -> SandboxImage:
        image = self.store.ec2.images.get(image_id)
        if image is None or not image.owned:
            raise ModelledError(
                "AccessDeniedException", f"You are not authorized to scan {image_id}."
            )
        if image.state != "available":
            raise _invalid(f"The machine image {image_id} is {image.state}, not available.")
        return image

    def _scans(self, image_id: str) -> Sequence[ImageScan]:
        ec2 = self.store.ec2
        image = ec2.images.get(image_id) or ec2.deregistered.get(image_id)
        earliest = clock.now() - KEPT_FOR
        scans = image.scans if image and image.owned else []
        return [scan for scan in scans if scan.completed is None or scan.completed > earliest]


def _invalid(message: str) -> ModelledError:
    return ModelledError("ValidationException", message, reason="FIELD_VALIDATION_FAILED")


def _described(image_id: str, scan: ImageScan) -> dict[str, Any]:
    return {
        "scanId": scan.id,
        "resourceId": image_id,
        "resourceType": "AMI",
        "scanStatus": scan.status,
        "scanStatusReason": scan.failure if scan.status == FAILED else None,
        "startedAt": scan.started,
        "completedAt": scan.completed,
    }
