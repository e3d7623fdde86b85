"""What Amazon Inspector has found on an image, as DescribeImages tells it.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ScanResults.html
"""

from datetime import datetime

from goldenami.aws.answers.interface import Row


class ScanResults(Row, frozen=True, kw_only=True):
    """The last scan of an image."""

    finding_scan_date: datetime | None = None  # absent before the first scan has ended
    highest_finding_severity_label: str = ""  # absent if nothing rated was found
    critical_fix_available_since: datetime | None = None  # absent if no finding has a fix
    high_fix_available_since: datetime | None = None  # the same
