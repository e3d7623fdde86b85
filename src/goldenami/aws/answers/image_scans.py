"""Amazon Inspector's scans of images, and what EC2 tells of what they find."""

from datetime import datetime
from typing import ClassVar, Literal

from goldenami.aws.answers.interface import Answer, Row, Text, listing, single

StartOnDemandScan = single("inspector2:StartOnDemandScan", "scanId", str)
"""https://docs.aws.amazon.com/inspector/v2/APIReference/API_StartOnDemandScan.html"""


class GetOnDemandScanStatus(Answer, frozen=True, kw_only=True, rename="camel"):
    """How a scan of an image goes.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_GetOnDemandScanStatus.html
    """

    call: ClassVar[str] = "inspector2:GetOnDemandScanStatus"
    scan_id: Text
    resource_id: Text
    scan_status: Literal["IN_PROGRESS", "SUCCESSFUL", "FAILED"]
    scan_status_reason: str = ""  # absent unless it failed
    completed_at: datetime | None = None  # absent before its end


class ImageFinding(Row, frozen=True, kw_only=True):
    """A vulnerability of an image."""

    title: Text
    severity_label: Literal["informational", "low", "medium", "high", "critical"] | None = None
    """None for one that is not rated yet, which EC2 has no word for."""
    fix_available: bool
    paths: tuple[str, ...] = ()  # absent where Inspector knows none
    snapshot_id: str = ""  # not said to be always there


GetImageFindings = listing("ec2:GetImageFindings", "ImageFindings", ImageFinding)
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetImageFindings.html"""
