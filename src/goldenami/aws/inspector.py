"""Amazon Inspector: whether it scans a region's instances, and what it finds on one of them.

https://docs.aws.amazon.com/inspector/latest/user/scanning-ec2.html
"""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.others import (
    BatchGetAccountStatus,
    ListCoverage,
    ListFindings,
)
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import Pending, later, living, patiently, until
from goldenami.domain.check_result import CheckResult
from goldenami.domain.vulnerabilities import ScanLimits, ScanVerdict, VulnerabilityFinding
from goldenami.errors import AwsError, BakeError, GateError

PERMISSIONS = ("inspector2:BatchGetAccountStatus",)
SCAN_PERMISSIONS = ("inspector2:ListCoverage", "inspector2:ListFindings")
_WILL_NOT_END = frozenset(
    {
        "ACCESS_DENIED",
        "ACCESS_DENIED_TO_ENCRYPTION_KEY",
        "AGENTLESS_INSTANCE_COLLECTION_TIME_LIMIT_EXCEEDED",
        "AGENTLESS_INSTANCE_STORAGE_LIMIT_EXCEEDED",
        "DEEP_INSPECTION_COLLECTION_TIME_LIMIT_EXCEEDED",
        "DEEP_INSPECTION_DAILY_SSM_INVENTORY_LIMIT_EXCEEDED",
        "DEEP_INSPECTION_PACKAGE_COLLECTION_LIMIT_EXCEEDED",
        "EC2_INSTANCE_STOPPED",
        "EXCLUDED_BY_TAG",
        "PENDING_DISABLE",
        "RESOURCE_STOPPED",
        "RESOURCE_TERMINATED",
        "UNSUPPORTED_OS",
    }
)
"""The reasons that waiting does not mend. Others, such as ``UNMANAGED_EC2_INSTANCE``, are usual
while an instance is new: its SSM agent registers, and then sends its inventory.
https://docs.aws.amazon.com/inspector/v2/APIReference/API_ScanStatus.html"""


def check(regional: RegionalAws) -> CheckResult:
    """Look whether Inspector scans the account's instances in a region.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
    """
    try:
        answer = regional.ask(
            BatchGetAccountStatus, "looking at Amazon Inspector",
            accountIds=[regional.aws.account],
        )  # fmt: skip
    except AwsError as error:
        return CheckResult(wrong=(f"test.scan: {error.with_fix}",))
    status = [account.resource_state.ec2.status for account in answer.accounts]
    if status == ["ENABLED"]:
        return CheckResult(fine=(f"Amazon Inspector scans instances in {regional.region}",))
    why = [account.error_message for account in answer.failed_accounts]
    reasons = ", ".join([*status, *why]) or "DISABLED"
    return CheckResult(
        wrong=(
            f"test.scan: Amazon Inspector does not scan instances in {regional.region} ({reasons}"
            "): enable it with `aws inspector2 enable --resource-types EC2`, or scan the image "
            "itself (`test.scan.on: image`), which needs no activation",
        )
    )


def scan(context: ActionContext) -> dict[str, Any]:
    """Wait until Inspector has scanned ``InstanceId``, and look at what it found.

    What it finds in the network is left out: that is the test instance's, not the image's.

    Returns:
        ``findings``: how many of which severity, the worst first, without those of ``ignore``.

    Raises:
        BakeError: it cannot scan the instance, or has not by the deadline; or the instance ended;
            or a finding has at least ``severity``, then the notes list them.
    """
    parameters = context.parameters
    instance_id = parameters["InstanceId"]
    until(
        context,
        lambda: _scanned(context, instance_id),
        timeout_s=parameters["timeout_s"],
        thing=f"the scan of {instance_id}",
        fix=later(context),
        meanwhile=living(context, instance_id),
    )
    verdict = limits(context).judge(patiently(context, lambda: _findings(context, instance_id)))
    if verdict.failing:
        raise vulnerable(context, verdict)
    return {"findings": verdict.counts}


def limits(context: ActionContext) -> ScanLimits:
    """Return the limits of a scan: ``severity`` and ``ignore``."""
    parameters = context.parameters
    return ScanLimits(severity=parameters["severity"], ignore=tuple(parameters["ignore"]))


def vulnerable(context: ActionContext, verdict: ScanVerdict) -> GateError:
    """Return the error of a scan whose findings fail the image."""
    several = len(verdict.failing)
    count = f"{several} vulnerabilities" if several > 1 else "a vulnerability"
    return GateError(
        f"{context.headline}: Inspector finds {count} of severity "
        f"{context.parameters['severity']} or worse",
        notes=verdict.listed,
        fix="update the packages in the base image, or list an id under `test.scan.ignore`",
    )


def _scanned(context: ActionContext, instance_id: str) -> bool | Pending:
    """Tell whether the packages of an instance were scanned.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListCoverage.html
    """
    criteria = _equal(resourceId=instance_id, scanType="PACKAGE")
    covered = next(context.rows(ListCoverage, filterCriteria=criteria), None)
    if covered is None:
        return Pending("not known to Inspector yet")
    code, reason = covered.scan_status.status_code, covered.scan_status.reason
    if reason in _WILL_NOT_END:
        raise BakeError(
            f"{context.headline}: Inspector does not scan {instance_id}: {reason}",
            fix="https://docs.aws.amazon.com/inspector/v2/APIReference/API_ScanStatus.html "
            "says what it means",
        )
    done = (code, reason) == ("ACTIVE", "SUCCESSFUL") and covered.last_scanned_at is not None
    return done or Pending(reason)


def _findings(context: ActionContext, instance_id: str) -> list[VulnerabilityFinding]:
    """Return what Inspector found in the packages, without what the account suppresses.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListFindings.html
    """
    criteria = _equal(
        resourceId=instance_id, findingStatus="ACTIVE", findingType="PACKAGE_VULNERABILITY"
    )
    return [
        VulnerabilityFinding(severity=each.level, id=each.details.vulnerability_id, text=each.words)
        for each in context.rows(ListFindings, filterCriteria=criteria)
    ]


def _equal(**fields: str) -> dict[str, Any]:
    return {name: [{"comparison": "EQUALS", "value": value}] for name, value in fields.items()}
