"""Scans of an image by Amazon Inspector, and what EC2 tells of them.

EC2 tells what the last scan that succeeded has found. A vulnerability has a fix since the time that
Inspector knows one, at the latest since the first scan that told of it.
https://docs.aws.amazon.com/inspector/latest/user/machine-image-on-demand.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageScanResults.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageFinding.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from goldenami_sandbox import clock
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.vulnerabilities import Vulnerability

IN_PROGRESS, SUCCESSFUL, FAILED = "IN_PROGRESS", "SUCCESSFUL", "FAILED"
SEVERITIES = ("informational", "low", "medium", "high", "critical")
"""What EC2 calls a severity, the worst last; Inspector's ``UNTRIAGED`` is none of them."""
_SCORES = {"informational": 0.0, "low": 3.1, "medium": 5.3, "high": 7.5, "critical": 9.8}
_MOST_PATHS = 10
_STEPS = 3
"""How many times as long as an image's making a scan takes."""


@dataclass
class ImageScan:
    """A scan of an image, with all that it will find.

    ``failure`` is why it ends without success.
    """

    id: str
    vulnerabilities: tuple[Vulnerability, ...]
    failure: str = ""
    started: datetime = field(default_factory=clock.now)
    readiness: Countdown = field(default_factory=lambda: Countdown(steps=_STEPS), repr=False)
    terminated: datetime | None = None

    @property
    def status(self) -> str:
        """How it goes."""
        if self.completed is None:
            return IN_PROGRESS
        return FAILED if self.failure else SUCCESSFUL

    @property
    def completed(self) -> datetime | None:
        """When it ended; None as long as it has not."""
        if self.terminated is not None:
            return self.terminated
        if not self.readiness.ended:
            return None
        return self.started + timedelta(seconds=self.readiness.pending_s)

    def terminate(self) -> None:
        """End it, since its image is gone; one that has ended is over."""
        if self.status == IN_PROGRESS:
            self.terminated, self.failure = clock.now(), "RESOURCE_TERMINATED"


def results(scans: Sequence[ImageScan]) -> dict[str, Any] | None:
    """Return what DescribeImages tells of an image's scans; None if it was never scanned."""
    seen = _succeeded(scans)
    if not seen:
        return None
    last = seen[-1]
    severities = [SEVERITIES.index(each) for each in map(_label, last.vulnerabilities) if each]
    fixes: dict[str, datetime] = {}
    for each in last.vulnerabilities:
        label, since = _label(each), _fix_available_since(each, seen)
        if label and since:
            fixes[label] = min(since, fixes.get(label, since))
    return {
        "HighestFindingSeverityLabel": SEVERITIES[max(severities)] if severities else None,
        "FindingScanDate": last.completed,
        **{_fix_member(label): since for label, since in fixes.items()},
    }


def findings(scans: Sequence[ImageScan], snapshot_id: str | None) -> Iterator[dict[str, Any]]:
    """Yield what GetImageFindings tells of an image's scans.

    Args:
        scans: of the image.
        snapshot_id: where the packages are.
    """
    seen = _succeeded(scans)
    for each in seen[-1].vulnerabilities if seen else ():
        label = _label(each)
        yield {
            "Title": f"{each.id} - {each.package}",
            "SeverityLabel": label,
            "Score": _SCORES[label] if label else None,
            "FixAvailable": bool(each.fixed_in),
            "FirstObservedAt": _observed(each, seen)[0].completed,
            "UpdatedAt": seen[-1].completed,
            "Paths": list(each.paths[:_MOST_PATHS]),
            "SnapshotId": snapshot_id,
        }


def satisfy(scans: Sequence[ImageScan], condition: Mapping[str, Any]) -> bool:
    """Say whether an image's scans satisfy the ScanResultCondition of Allowed AMIs.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ScanResultConditionRequest.html
    """
    result = results(scans)
    if result is None:
        return False
    wish = dict(condition)
    allowed = wish.pop("MaximumSeverityLabel", SEVERITIES[-1])
    highest = result["HighestFindingSeverityLabel"]
    if highest and SEVERITIES.index(highest) > SEVERITIES.index(allowed):
        return False
    return all(_recent(result.get(_MEMBERS[name]), days) for name, days in wish.items())


def _recent(moment: datetime | None, days: int) -> bool:
    return moment is None or clock.now() - moment <= timedelta(days=days)


def _fix_member(label: str) -> str:
    return f"{label.title()}FixAvailableSince"


_MEMBERS = {
    "MaxDaysSinceLastFindingScan": "FindingScanDate",
    **{f"MaxDaysSince{label.title()}FixAvailable": _fix_member(label) for label in SEVERITIES},
}
"""What each of the conditions of days is about."""


def _succeeded(scans: Sequence[ImageScan]) -> list[ImageScan]:
    return [scan for scan in scans if scan.status == SUCCESSFUL]


def _label(vulnerability: Vulnerability) -> str | None:
    label = vulnerability.severity.lower()
    return label if label in SEVERITIES else None


def _observed(vulnerability: Vulnerability, scans: Sequence[ImageScan]) -> list[ImageScan]:
    """Return the scans that told of a vulnerability."""
    return [scan for scan in scans if _like(vulnerability, scan)]


def _like(vulnerability: Vulnerability, scan: ImageScan) -> list[Vulnerability]:
    return [
        each
        for each in scan.vulnerabilities
        if (each.id, each.package) == (vulnerability.id, vulnerability.package)
    ]


def _fix_available_since(
    vulnerability: Vulnerability, scans: Sequence[ImageScan]
) -> datetime | None:
    if not vulnerability.fixed_in:
        return None
    if vulnerability.fix_available_since:
        return vulnerability.fix_available_since
    fixed = (scan for scan in scans if any(each.fixed_in for each in _like(vulnerability, scan)))
    return next(fixed).completed
