"""Recycle Bin's rules, and what EC2 tells of what is in the bin."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from msgspec import field

from goldenami.aws.answers.interface import Answer, Row, Text, listing, only


class RuleTag(Row, frozen=True, kw_only=True):
    """A tag that a rule goes by."""

    key: Text = field(name="ResourceTagKey")
    value: str = field(default="", name="ResourceTagValue")  # absent where any value will do

    def on(self, tags: Mapping[str, str]) -> bool:
        """Tell whether a resource with these tags has it."""
        return self.key in tags and self.value in ("", tags[self.key])


class RetentionPeriod(Row, frozen=True, kw_only=True):
    """How long a rule keeps what is deleted; AWS counts in days alone."""

    days: int = field(name="RetentionPeriodValue")


ListRules = listing("rbin:ListRules", "Rules", only("Identifier", str))
"""https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_ListRules.html"""


class GetRule(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A rule; without ``resource_tags`` it is for all that has none of the excluding ones.

    https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_GetRule.html
    """

    call: ClassVar[str] = "rbin:GetRule"
    identifier: Text
    resource_type: Text
    retention_period: RetentionPeriod
    status: Text
    resource_tags: tuple[RuleTag, ...] = ()  # absent for a rule of the region
    exclude_resource_tags: tuple[RuleTag, ...] = ()  # absent if there are none
    lock_state: str = ""  # absent for a rule that was never locked

    def retains(self, tags: Mapping[str, str]) -> bool:
        """Tell whether it keeps a resource with these tags; a pending rule keeps nothing yet."""
        if self.status != "available":
            return False
        if self.resource_tags:
            return any(tag.on(tags) for tag in self.resource_tags)
        return not any(tag.on(tags) for tag in self.exclude_resource_tags)


class BinnedImage(Row, frozen=True, kw_only=True):
    """An image in the bin, and how long it stays."""

    image_id: Text
    name: str = ""  # not said to be always there
    recycle_bin_enter_time: datetime
    recycle_bin_exit_time: datetime


ListImagesInRecycleBin = listing("ec2:ListImagesInRecycleBin", "Images", BinnedImage)
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ListImagesInRecycleBin.html"""


class BinnedSnapshot(Row, frozen=True, kw_only=True):
    """A snapshot in the bin, and how long it stays."""

    snapshot_id: Text
    recycle_bin_enter_time: datetime
    recycle_bin_exit_time: datetime


ListSnapshotsInRecycleBin = listing("ec2:ListSnapshotsInRecycleBin", "Snapshots", BinnedSnapshot)
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ListSnapshotsInRecycleBin.html"""


class RestoreSnapshotFromRecycleBin(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A snapshot that is back, or ``recovering``.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreSnapshotFromRecycleBin.html
    """

    call: ClassVar[str] = "ec2:RestoreSnapshotFromRecycleBin"
    snapshot_id: Text
    state: Text
