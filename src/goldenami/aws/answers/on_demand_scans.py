"""Inspector's scans of one image, and what EC2 tells of their findings."""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import field

from goldenami.aws.answers.interface import Answer, CamelPage, CamelRow, Page, Row, Text, listing

IN_PROGRESS, SUCCESSFUL = "IN_PROGRESS", "SUCCESSFUL"


class StartOnDemandScan(Answer, frozen=True, kw_only=True, rename="camel"):
    """A scan that was begun.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_StartOnDemandScan.html
    """

    call: ClassVar[str] = "inspector2:StartOnDemandScan"
    scan_id: Text


class OnDemandScan(CamelRow, frozen=True, kw_only=True):
    """A scan, and how it goes."""

    scan_id: Text
    scan_status: Literal["IN_PROGRESS", "SUCCESSFUL", "FAILED"]
    scan_status_reason: str = ""  # absent unless it failed
    started_at: datetime
    completed_at: datetime | None = None  # absent as long as it is under way


ListOnDemandScans = listing("inspector2:ListOnDemandScans", "items", OnDemandScan, CamelPage)
"""https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListOnDemandScans.html"""


class GetOnDemandScanStatus(Answer, frozen=True, kw_only=True, rename="camel"):
    """How a scan goes.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_GetOnDemandScanStatus.html
    """

    call: ClassVar[str] = "inspector2:GetOnDemandScanStatus"
    scan_id: Text
    resource_id: Text
    scan_status: Literal["IN_PROGRESS", "SUCCESSFUL", "FAILED"]
    scan_status_reason: str = ""  # absent unless it failed
    started_at: datetime


class ScanSummary(Row, frozen=True, kw_only=True):
    """What EC2 says of an image's last scan."""

    finding_scan_date: datetime | None = None  # documented as optional
    highest_finding_severity_label: str = ""  # absent if nothing rated was found


class ScannedImage(Row, frozen=True, kw_only=True):
    """An image, as far as scans are concerned."""

    image_id: Text
    scan_results: ScanSummary = ScanSummary()  # absent of an image that was never scanned


class DescribeScannedImages(Page, frozen=True, kw_only=True):
    """What EC2 says of the last scans of images.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ScanResults.html
    """

    call: ClassVar[str] = "ec2:DescribeImages"
    images: tuple[ScannedImage, ...]


class ImageFinding(Row, frozen=True, kw_only=True):
    """A vulnerability in an image; every member is documented as optional."""

    severity: Literal["informational", "low", "medium", "high", "critical", "untriaged"] = field(
        default="untriaged", name="SeverityLabel"
    )
    title: str = ""
    fix_available: bool | None = None
    paths: tuple[str, ...] = ()


GetImageFindings = listing("ec2:GetImageFindings", "ImageFindings", ImageFinding)
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetImageFindings.html"""
