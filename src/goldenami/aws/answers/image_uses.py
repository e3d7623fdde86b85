"""EC2 and Recycle Bin: what names an image, what keeps it, and what keeps what was deleted.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
https://docs.aws.amazon.com/recyclebin/latest/APIReference/
"""

from datetime import datetime

from msgspec import field

from goldenami.aws.answers.interface import Answer, Row, Text, listing, single


class ReferenceAnswer(Row, frozen=True, kw_only=True):
    """A resource that names an image."""

    image_id: Text
    resource_type: Text
    arn: Text


DescribeImageReferences = listing("ec2:DescribeImageReferences", "ImageReferences", ReferenceAnswer)


class ReportOption(Row, frozen=True, kw_only=True):
    """How deep a report looks."""

    option_name: Text
    option_values: tuple[Text, ...] = ()


class ReportResource(Row, frozen=True, kw_only=True):
    """A kind of resources that a report counts."""

    resource_type: Text
    resource_type_options: tuple[ReportOption, ...] = ()  # absent if it was asked for without any


class UsageReport(Row, frozen=True, kw_only=True):
    """A report of how an image is used in other accounts."""

    report_id: Text
    image_id: Text
    state: Text
    creation_time: datetime
    resource_types: tuple[ReportResource, ...]
    account_ids: tuple[Text, ...] = ()  # absent if it is of all accounts


DescribeImageUsageReports = listing(
    "ec2:DescribeImageUsageReports", "ImageUsageReports", UsageReport
)


class UsageEntry(Row, frozen=True, kw_only=True):
    """How many resources of a kind an account has that use an image."""

    account_id: Text
    resource_type: Text
    usage_count: int


DescribeImageUsageReportEntries = listing(
    "ec2:DescribeImageUsageReportEntries", "ImageUsageReportEntries", UsageEntry
)
CreateImageUsageReport = single("ec2:CreateImageUsageReport", "ReportId", str)
"""The report that is being made."""


class LockedSnapshot(Row, frozen=True, kw_only=True):
    """A snapshot that is, or was, locked."""

    snapshot_id: Text
    lock_state: Text
    lock_expires_on: datetime | None = None  # not needed to know that it is locked


DescribeLockedSnapshots = listing("ec2:DescribeLockedSnapshots", "Snapshots", LockedSnapshot)


class BinnedImage(Row, frozen=True, kw_only=True):
    """An image in the Recycle Bin."""

    image_id: Text
    recycle_bin_exit_time: datetime


ListImagesInRecycleBin = listing("ec2:ListImagesInRecycleBin", "Images", BinnedImage)


class RuleName(Row, frozen=True, kw_only=True):
    """A retention rule of the Recycle Bin, by its identifier."""

    identifier: Text


ListRules = listing("rbin:ListRules", "Rules", RuleName)


class Retention(Row, frozen=True, kw_only=True):
    """How many days something is kept."""

    retention_period_value: int


class RuleTag(Row, frozen=True, kw_only=True):
    """A tag that a rule looks for, with any value if it names none."""

    resource_tag_key: Text
    resource_tag_value: str = ""  # absent if any value will do


class GetRule(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A retention rule."""

    call = "rbin:GetRule"
    status: Text
    period: Retention = field(name="RetentionPeriod")
    resource_tags: tuple[RuleTag, ...] = ()  # absent if it is for all resources of a region
    exclude_resource_tags: tuple[RuleTag, ...] = ()  # absent if it leaves none out
