"""EC2: what an image was made of, what marks it, and who and what uses it.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-ancestry.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-watermark.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-usage.html
"""

from datetime import datetime

from goldenami.aws.answers.interface import Answer, Row, Text, listing, single


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


class WatermarkAnswer(Row, frozen=True, kw_only=True):
    """A watermark of an image, and what it was attached to."""

    watermark_key: Text
    source_image_id: Text
    source_image_region: Text


class AncestryEntry(Row, frozen=True, kw_only=True):
    """An image, and the one that it was made of."""

    image_id: Text
    creation_date: datetime | None = None  # AWS does not promise it
    image_owner_alias: str = ""  # of AWS's own and the Marketplace's alone
    source_image_id: str = ""  # absent where the ancestry ends
    source_image_region: str = ""  # the same


GetImageAncestry = listing(
    "ec2:GetImageAncestry", "ImageAncestryEntries", AncestryEntry, Answer, least=1
)
AttachImageWatermark = single("ec2:AttachImageWatermark", "WatermarkKey", str)
