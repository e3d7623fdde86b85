"""Inspector's scans of one image, and what EC2 tells of their findings."""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import field

from goldenami.aws.answers.interface import Answer, CamelPage, CamelRow, Row, Text, listing

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
