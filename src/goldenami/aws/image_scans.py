"""Amazon Inspector's scan of an image itself, which nothing is booted for.

Inspector need not be activated. EC2 alone tells what such a scan has found.
https://docs.aws.amazon.com/inspector/latest/user/machine-image-on-demand.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from goldenami.aws import policy_simulator
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.answers.on_demand_scans import (
    IN_PROGRESS,
    SUCCESSFUL,
    GetImageFindings,
    GetOnDemandScanStatus,
    ImageFinding,
    ListOnDemandScans,
    StartOnDemandScan,
)
from goldenami.aws.errors import FORBIDDEN, GONE, Tolerated, unreadable
from goldenami.aws.inspector import limits, vulnerable
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import Pending, later, until
from goldenami.domain.check_result import CheckResult
from goldenami.domain.vulnerabilities import SEVERITIES, VulnerabilityFinding
from goldenami.errors import AwsError, BakeError

SCAN = "scan:image"
"""The call of a plan that scans an image."""
PERMISSIONS = (
    "inspector2:StartOnDemandScan",
    "inspector2:GetOnDemandScanStatus",
    "inspector2:ListOnDemandScans",
    "ec2:DescribeImages",
    "ec2:GetImageFindings",
)
CHECK_PERMISSIONS = policy_simulator.PERMISSIONS
RECENT: Final = timedelta(hours=1)
"""How old a scan may be that stands for a new one: Inspector learns of vulnerabilities daily."""
_CLOCKS = timedelta(seconds=1)
_ANOTHER = frozenset({"ConflictException"})
_FIRST = (
    "the first scan of an account makes Inspector's service-linked roles, too "
    "(iam:CreateServiceLinkedRole), and the snapshots have to be the account's own"
)
_PAGE = "https://docs.aws.amazon.com/inspector/latest/user/machine-image-on-demand.html"
_HELP: Final[Mapping[str, str]] = {
    "ACCESS_DENIED": "let Inspector's service-linked roles read the image's snapshots: the policy "
    "of their KMS key has to allow it",
    "UNSUPPORTED_OS": "scan a booted instance (`test.scan.on: instance`), or leave the scan out: "
    "https://docs.aws.amazon.com/inspector/latest/user/supported.html lists the systems that it "
    "knows; it reads no LVM",
    "STORAGE_LIMIT_EXCEEDED": "make the volumes of the image smaller, or scan a booted instance "
    "(`test.scan.on: instance`)",
    "TIME_LIMIT_EXCEEDED": "take files out of the image, or scan a booted instance "
    "(`test.scan.on: instance`)",
    "RESOURCE_TERMINATED": "look in CloudTrail who has deregistered the image, or deleted a "
    "snapshot of it",
    "INTERNAL_ERROR": "run the same command again: the failure is Inspector's own",
}
"""What helps against the reasons of a scan that failed, by how they end."""


def check(regional: RegionalAws) -> CheckResult:
    """Ask IAM's policy simulator whether the caller may scan images; nothing can be tried."""
    try:
        refused = policy_simulator.refused(
            regional.aws, PERMISSIONS, ["*"], "asking whether an image may be scanned",
            {"aws:RequestedRegion": regional.region},
        )  # fmt: skip
    except AwsError as error:
        words = f"whether an image may be scanned is not known: {error.message}"
        return CheckResult(unknown=(words,))
    if refused:
        wrong = (f"test.scan: the caller may not {action}" for action in refused)
        return CheckResult(wrong=tuple(wrong))
    return CheckResult(fine=("the image may be scanned by Amazon Inspector",))


def scan(context: ActionContext) -> dict[str, Any]:
    """Scan ``ImageId``, and judge what is found by ``severity`` and ``ignore``.

    Returns:
        ``findings``: how many of which severity, the worst first, without those of ``ignore``.

    Raises:
        SlowError: it has not ended by the deadline; the same step goes on with it.
        GateError: a finding has at least ``severity``; the notes list them.
        BakeError: Inspector cannot scan it; the message has the reason, the fix what helps.
    """
    seen = findings(context, later(context))
    verdict = limits(context).judge(seen)
    if verdict.failing:
        raise vulnerable(context, verdict)
    return {"findings": verdict.counts}


def findings(context: ActionContext, fix: str) -> list[VulnerabilityFinding]:
    """Scan ``ImageId``, unless that is under way or just done, and return what is found.

    Args:
        context: what scans, until its ``timeout_s``.
        fix: what helps if it has not ended by then.

    Raises:
        SlowError: it has not ended by the deadline.
        BakeError: Inspector cannot scan it.
    """
    return until(
        context,
        _Scan(context).look,
        timeout_s=context.parameters["timeout_s"],
        thing=f"the scan of {context.parameters['ImageId']}",
        fix=fix,
        keeps=True,
    )


class _Scan:
    """A scan of an image, from its beginning to what EC2 tells of it."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context
        self._image_id: str = context.parameters["ImageId"]
        self._named = {"resourceId": self._image_id, "resourceType": "AMI"}
        self._scan_id = ""

    def look(self) -> list[VulnerabilityFinding] | Pending:
        """Begin it if it is not, and return what it has found once that is known."""
        self._scan_id = self._scan_id or self._under_way() or self._begin()
        if not self._scan_id:
            return Pending("another scan of it is under way")
        with Tolerated(GONE):
            return self._ended()
        return Pending("not known everywhere yet")

    def _under_way(self) -> str:
        """Return a scan that is under way, or was done just now; an image has one at a time."""
        now = datetime.now(UTC)
        for each in self._context.rows(ListOnDemandScans, **self._named):
            just_done = each.completed_at and abs(now - each.completed_at) < RECENT
            if each.scan_status == IN_PROGRESS or (each.scan_status == SUCCESSFUL and just_done):
                return each.scan_id
        return ""

    def _begin(self) -> str:
        """Begin a scan; nothing if somebody else has begun one at the same moment."""
        try:
            return self._context.ask(StartOnDemandScan, **self._named).scan_id
        except AwsError as error:
            if error.code in FORBIDDEN:
                error.fix = f"{error.fix}; {_FIRST}"
            if error.code not in _ANOTHER:
                raise
        return ""

    def _ended(self) -> list[VulnerabilityFinding] | Pending:
        status = self._context.ask(GetOnDemandScanStatus, scanId=self._scan_id, **self._named)
        if (status.scan_id, status.resource_id) != (self._scan_id, self._image_id):
            raise unreadable(self._context.headline, status.call, "it is about another scan")
        if status.scan_status == IN_PROGRESS:
            return Pending("in progress")
        if status.scan_status != SUCCESSFUL:
            reason = status.scan_status_reason or "no reason given"
            raise BakeError(
                f"{self._context.headline}: Inspector cannot scan {self._image_id}: {reason}",
                fix=_help(reason),
            )
        return self._known(status.started_at)

    def _known(self, started: datetime) -> list[VulnerabilityFinding] | Pending:
        """Return the findings of a scan once EC2 has all: an empty list says nothing before.

        EC2 tells them apart from when the image was scanned, and how bad the worst of them is.
        """
        described = self._context.ask(DescribeImages, ImageIds=[self._image_id]).rows
        results = next((each.scan_results for each in described), None)
        if results is None or not _is_of(results.finding_scan_date, started):
            return Pending("done, EC2 does not tell the findings yet")
        rows = self._context.rows(GetImageFindings, ImageId=self._image_id)
        seen = [*map(_finding, rows)]
        rated = [each for each in seen if each.severity in SEVERITIES[:-1]]
        worst = min(rated, key=lambda each: each.rank).severity if rated else ""
        if worst != results.highest_finding_severity_label:
            return Pending("done, EC2 does not tell all findings yet")
        return seen


def _is_of(scanned: datetime | None, started: datetime) -> bool:
    return scanned is not None and scanned >= started - _CLOCKS


def _finding(answer: ImageFinding) -> VulnerabilityFinding:
    """Return a finding; its title begins with the vulnerability (``CVE-2026-12345 - curl``)."""
    vulnerability = answer.title.partition(" - ")[0].strip()
    return VulnerabilityFinding(
        severity=answer.severity, id=vulnerability, text="".join(_words(answer))
    )


def _words(answer: ImageFinding) -> Iterator[str]:
    yield answer.title or "a vulnerability without a title"
    if answer.fix_available:
        yield " (a fix is available)"
    if answer.paths:
        yield f" in {answer.paths[0]}"
    if answer.paths[1:]:
        yield f" and {len(answer.paths) - 1} more"


def _help(reason: str) -> str:
    known = (words for end, words in _HELP.items() if reason.endswith(end))
    return next(known, f"{_PAGE} says what it means")
