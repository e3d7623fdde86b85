"""Image usage reports: how many resources of other accounts name an image; moto lacks them.

A report tells what there is when it is made. On AWS it may lack what instances did in the last day,
and launch templates in the last few: here it lacks nothing.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImageUsageReport.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageUsageReportEntries.html
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_id

from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2 import tags
from goldenami_sandbox.ec2.errors import bad_value
from goldenami_sandbox.ec2.image_references import (
    DEPTH,
    INSTANCE,
    RECIPES,
    TEMPLATE,
    Kinds,
    references,
    requested_kinds,
)
from goldenami_sandbox.ec2.images import ImageLifecycleResponse
from goldenami_sandbox.ec2.store import Ec2Store

KIND = "image-usage-report"
MOST_ACCOUNTS = 200
DEFAULT_DEPTH = 20
KEPT = timedelta(days=30)
_OPTIONS = {INSTANCE: "", TEMPLATE: DEPTH, **dict.fromkeys(RECIPES, "")}
_PREFIX = "amiur"


class UsageReport:
    """What other accounts have of an image, counted when the report is asked for.

    Args:
        image_id: the image.
        requested: the request's ResourceTypes.
        account_ids: the request's accounts; empty for all.
        counts: how many resources there are, by account and kind.
    """

    def __init__(
        self,
        image_id: str,
        requested: Sequence[Mapping[str, Any]],
        account_ids: Sequence[str],
        counts: Mapping[tuple[str, str], int],
    ) -> None:
        self.id, self.image_id = random_id(_PREFIX), image_id
        self.created = utcnow()
        self._requested, self._account_ids, self._counts = requested, account_ids, counts
        self._readiness = Countdown()

    @property
    def expired(self) -> bool:
        """Whether EC2 has deleted it."""
        return utcnow() >= self.created + KEPT

    def described(self, own_tags: Mapping[str, str]) -> dict[str, Any]:
        """Return it as DescribeImageUsageReports does."""
        return {
            "ReportId": self.id,
            "ImageId": self.image_id,
            "ResourceTypes": self._requested,
            "AccountIds": self._account_ids or None,
            "State": "available" if self._readiness.ended else "pending",
            "CreationTime": self.created,
            "ExpirationTime": self.created + KEPT,
            "Tags": [{"Key": key, "Value": value} for key, value in own_tags.items()] or None,
        }

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what it tells, once it is available."""
        for (account_id, kind), count in self._counts.items() if self._readiness.ended else ():
            yield {
                "ReportId": self.id,
                "ImageId": self.image_id,
                "AccountId": account_id,
                "ResourceType": kind,
                "UsageCount": count,
                "ReportCreationTime": self.created,
            }


class UsageReportsResponse(ImageLifecycleResponse):
    """What the owner of an image is told of its use in other accounts."""

    def create_image_usage_report(self) -> ActionResult:
        """Make a report of one image, which is available after a while."""
        return ActionResult({"ReportId": self.once("CreateImageUsageReport", self._new_report_id)})

    def describe_image_usage_reports(self) -> ActionResult:
        """List reports, without what they tell."""
        own: Mapping[str, Mapping[str, str]] = self.store.tags
        described = [report.described(own.get(report.id, {})) for report in self._reports()]
        return ActionResult({"ImageUsageReports": described})

    def describe_image_usage_report_entries(self) -> ActionResult:
        """List what reports tell: one entry for each account and kind that there is."""
        entries = [entry for report in self._reports() for entry in report.entries()]
        return ActionResult({"ImageUsageReportEntries": entries})

    def delete_image_usage_report(self) -> ActionResult:
        """Delete a report."""
        (report,) = self._named([self._get_param("ReportId")])
        self.error_on_dryrun()
        del self.store.usage_reports[report.id]
        self.store.tags.pop(report.id, None)
        return ActionResult({"Return": True})

    def _new_report_id(self) -> str:
        image = self.own_image()
        requested = self._get_param("ResourceTypes", [])
        kinds = requested_kinds(requested, _OPTIONS)
        account_ids = self._get_param("AccountIds", [])
        _check_accounts(account_ids)
        wished = tags.by_resource(self._get_param("TagSpecifications", []), (KIND,))
        self.error_on_dryrun()
        counts = _counts(self.store, image.id, kinds, account_ids)
        report = UsageReport(image.id, requested, account_ids, counts)
        self.store.usage_reports[report.id] = report
        self.store.create_tags([report.id], wished[KIND])
        return report.id

    def _reports(self) -> list[UsageReport]:
        images = self._get_param("ImageIds", [])
        reports = self._named(self._get_param("ReportIds", []))
        return [report for report in reports if not images or report.image_id in images]

    def _named(self, report_ids: Sequence[str]) -> list[UsageReport]:
        known = {key: each for key, each in self.store.usage_reports.items() if not each.expired}
        if lacking := [report_id for report_id in report_ids if report_id not in known]:
            raise EC2ClientError(
                "InvalidImageUsageReportId.NotFound",
                f"The image usage report ID '{lacking[0]}' does not exist",
            )
        return [known[report_id] for report_id in report_ids] or list(known.values())


def _counts(
    own: Ec2Store, image_id: str, kinds: Kinds, account_ids: Collection[str]
) -> Mapping[tuple[str, str], int]:
    """Count the resources of other accounts: they may be used though no longer shared with."""
    return Counter(
        (account_id, reference.kind)
        for account_id, regions in sorted(ec2_backends.items())
        if account_id != own.account_id and (not account_ids or account_id in account_ids)
        for reference in references(
            cast(Ec2Store, regions[own.region_name]), [image_id], kinds, DEFAULT_DEPTH
        )
    )


def _check_accounts(account_ids: Sequence[str]) -> None:
    if len(account_ids) > MOST_ACCOUNTS:
        raise bad_value(f"At most {MOST_ACCOUNTS} account IDs can be specified")
    for account_id in account_ids:
        if not re.fullmatch(r"\d{12}", account_id):
            raise bad_value(f"Invalid value '{account_id}' for AccountIds")
