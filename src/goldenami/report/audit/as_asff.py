"""AWS Security Finding Format: a JSON list that Security Hub takes.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
"""

from collections.abc import Iterator
from typing import Any, TextIO

from goldenami.domain import arns
from goldenami.domain.audit.document import UNREAD, Audit, Document, PlaceRead
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.report.audit.items import write_list

_TYPES = ["Software and Configuration Checks/AWS Security Best Practices/Golden AMI"]
_RESOURCE = {
    Kind.INSTANCE: "AwsEc2Instance",
    Kind.LAUNCH_TEMPLATE: "AwsEc2LaunchTemplate",
    Kind.AUTO_SCALING_GROUP: "AwsAutoScalingAutoScalingGroup",
    Kind.LAUNCH_CONFIGURATION: "AwsAutoScalingLaunchConfiguration",
}
_LENGTH = 1_024


def write(document: Document, out: TextIO) -> None:
    """Write a JSON list with a finding on each line."""
    write_list(out, findings(document, partition="aws"))
    out.write("\n")


def findings(document: Document, *, partition: str) -> Iterator[dict[str, Any]]:
    """Yield the findings, what could not be looked at, and what is over since an earlier audit.

    What is waived is suppressed, and what is over is archived: a finding has the same id each time.
    """
    audit = document.audit
    for place in audit.unread:
        yield _unread(audit, place, partition)
    for key in audit.resolved:
        yield _resolved(audit, key, partition)
    for finding in document.findings:
        yield _finding(audit, finding, partition, "NEW")
    for waived in document.waived:
        yield _finding(audit, waived.finding, partition, "SUPPRESSED")


def _common(
    audit: Audit, partition: str, account: str, region: str, finding_id: str
) -> dict[str, Any]:
    at = f"{audit.at:%Y-%m-%dT%H:%M:%S}.{audit.at.microsecond // 1000:03d}Z"
    product = arns.arn(partition, "securityhub", region, account, "product")
    return {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": f"{product}/{account}/default",
        "GeneratorId": f"goldenami/{finding_id.rpartition('/')[2]}",
        "AwsAccountId": account,
        "Types": _TYPES,
        "CreatedAt": at,
        "UpdatedAt": at,
        "RecordState": "ACTIVE",
    }


def _unread(audit: Audit, place: PlaceRead, partition: str) -> dict[str, Any]:
    return {
        **_common(audit, partition, place.account, _where(place.region), f"{place.where}/{UNREAD}"),
        "Severity": {"Label": "MEDIUM"},
        "Title": "A place could not be audited",
        "Description": f"{place.where}: {'; '.join(place.unread)}"[:_LENGTH],
        "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{place.account}"}],
        "Compliance": {"Status": "NOT_AVAILABLE"},
        "Workflow": {"Status": "NEW"},
    }


def _finding(audit: Audit, finding: Finding, partition: str, status: str) -> dict[str, Any]:
    subject, rule = finding.subject, BY_ID[finding.rule]
    return {
        **_common(audit, partition, subject.account, subject.region, finding.key),
        "Severity": {"Label": finding.severity.value.upper()},
        "Title": rule.title[:256],
        "Description": finding.reason[:_LENGTH],
        "Remediation": {"Recommendation": {"Text": rule.fix[:512]}},
        "Resources": [_resource(subject, partition)],
        "Compliance": {"Status": "FAILED", "RelatedRequirements": list(rule.controls)},
        "Workflow": {"Status": status},
    }


def _resolved(audit: Audit, finding_id: str, partition: str) -> dict[str, Any]:
    account, region = finding_id.split("/", 2)[:2]
    return {
        **_common(audit, partition, account, _where(region), finding_id),
        "RecordState": "ARCHIVED",
        "Severity": {"Label": "INFORMATIONAL"},
        "Title": "Over: an earlier audit found this, and it is so no more",
        "Description": finding_id[:_LENGTH],
        "Resources": [{"Type": "Other", "Id": finding_id.rpartition("/")[0]}],
        "Compliance": {"Status": "PASSED"},
        "Workflow": {"Status": "RESOLVED"},
    }


def _where(region: str) -> str:
    return region if region != "*" else "us-east-1"


def _resource(subject: Subject, partition: str) -> dict[str, Any]:
    kind = _RESOURCE.get(subject.kind, "Other")
    resource_id = subject.resource
    if subject.kind is Kind.INSTANCE:
        resource_id = arns.arn(
            partition, "ec2", subject.region, subject.account, "instance", subject.id
        )
    resource: dict[str, Any] = {
        "Type": kind, "Id": resource_id, "Partition": partition, "Region": subject.region,
    }  # fmt: skip
    if subject.tags:
        resource["Tags"] = dict(list(subject.tags.items())[:50])
    if subject.kind is Kind.INSTANCE and subject.image.id:
        resource["Details"] = {"AwsEc2Instance": {"ImageId": subject.image.id}}
    return resource
