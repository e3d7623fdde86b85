"""EC2: who and what uses an image.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-usage.html
"""

from datetime import datetime

from goldenami.aws.answers.interface import Row, Text, listing, single


class ReferenceAnswer(Row, frozen=True, kw_only=True):
    """A resource of the account's own that names an image."""

    image_id: Text
    resource_type: Text
    arn: Text


DescribeImageReferences = listing("ec2:DescribeImageReferences", "ImageReferences", ReferenceAnswer)
CreateImageUsageReport = single("ec2:CreateImageUsageReport", "ReportId", str)


class UsageReportAnswer(Row, frozen=True, kw_only=True):
    """A report of how other accounts use an image."""

    report_id: Text
    image_id: Text
    state: Text
    state_reason: str = ""  # absent if all is well
    creation_time: datetime


DescribeImageUsageReports = listing(
    "ec2:DescribeImageUsageReports", "ImageUsageReports", UsageReportAnswer
)


class UsageEntry(Row, frozen=True, kw_only=True):
    """How many resources of one kind another account has that name an image."""

    report_id: Text
    image_id: Text
    account_id: Text
    resource_type: Text
    usage_count: int


DescribeImageUsageReportEntries = listing(
    "ec2:DescribeImageUsageReportEntries", "ImageUsageReportEntries", UsageEntry
)
