"""A scan of an image itself by Amazon Inspector, which need not be enabled for that.

https://docs.aws.amazon.com/inspector/latest/user/machine-image-on-demand.html
"""

from goldenami.aws.answers.image_scans import (
    GetImageFindings,
    GetOnDemandScanStatus,
    ImageFinding,
    StartOnDemandScan,
)
from goldenami.aws.session import RegionalAws
from goldenami.errors import UnreadableAnswerError

PERMISSIONS = (
    "ec2:GetImageFindings",
    "inspector2:GetOnDemandScanStatus",
    "inspector2:StartOnDemandScan",
)
_SEVERITIES = ("critical", "high", "medium", "low", "informational", None)


def start(regional: RegionalAws, image_id: str, token: str) -> str:
    """Start a scan of an image of the account's own, and return the scan's id.

    Args:
        regional: whose, and where.
        image_id: what is scanned.
        token: says which scan is meant if it is started again.

    Raises:
        AwsError: the image is not the account's own, or another scan of it is under way.
    """
    wish = {"resourceId": image_id, "resourceType": "AMI", "clientToken": token}
    return regional.ask(StartOnDemandScan, f"starting a scan of {image_id}", **wish).part


def status(regional: RegionalAws, image_id: str, scan_id: str) -> GetOnDemandScanStatus:
    """Return how a scan goes.

    Raises:
        AwsError: there is no such scan, or not any more.
        UnreadableAnswerError: the answer is about another scan.
    """
    purpose = f"looking at the scan of {image_id}"
    answer = regional.ask(
        GetOnDemandScanStatus, purpose,
        resourceId=image_id, resourceType="AMI", scanId=scan_id,
    )  # fmt: skip
    if (answer.resource_id, answer.scan_id) != (image_id, scan_id):
        raise UnreadableAnswerError(
            f"{purpose} in {regional.region}: the answer is about another scan",
            fix="run the command again",
        )
    return answer


def findings(regional: RegionalAws, image_id: str) -> list[ImageFinding]:
    """Return what the last scan of an image that succeeded has found, the worst first.

    Of an image that was never scanned that is nothing, too: `status` tells which it is.
    """
    rows = regional.rows(GetImageFindings, f"reading what is found in {image_id}", ImageId=image_id)
    return sorted(rows, key=lambda row: (_SEVERITIES.index(row.severity_label), row.title))
