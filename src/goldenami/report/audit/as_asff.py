"""AWS Security Finding Format: a JSON list that Security Hub takes.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, TextIO

from goldenami.domain import arns
from goldenami.domain.audit.document import UNREAD, Audit, Document, PlaceRead
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.report.audit.items import write_list
from goldenami.report.audit.resource_arns import account_id, arn_of, arn_of_key
from goldenami.report.terminal import clean

_TYPES = ["Software and Configuration Checks/AWS Security Best Practices/Golden AMI"]
_RESOURCE = {
    Kind.INSTANCE: "AwsEc2Instance",
    Kind.LAUNCH_TEMPLATE: "AwsEc2LaunchTemplate",
    Kind.AUTO_SCALING_GROUP: "AwsAutoScalingAutoScalingGroup",
    Kind.LAUNCH_CONFIGURATION: "AwsAutoScalingLaunchConfiguration",
}
_LENGTH, _ID_LENGTH = 1_024, 512


def write(document: Document, out: TextIO) -> None:
    """Write a JSON list with a finding on each line."""
    write_list(out, findings(document))
    out.write("\n")


def findings(document: Document) -> Iterator[dict[str, Any]]:
    """Yield the findings, what could not be looked at, and what is over since an earlier audit.

    What is waived is suppressed, and what is over is archived: a finding has the same id each time.
    """
    audit = document.audit
    for place in audit.unread:
        yield _unread(audit, place)
    for key in audit.resolved:
        yield _resolved(audit, key)
    for finding in document.findings:
        yield _finding(audit, finding, "NEW")
    for waived in document.waived:
        yield _finding(audit, waived.finding, "SUPPRESSED")


def _common(audit: Audit, account: str, region: str, key: str) -> dict[str, Any]:
    at = f"{audit.at:%Y-%m-%dT%H:%M:%S}.{audit.at.microsecond // 1000:03d}Z"
    product = arns.arn(arns.partition_of(region), "securityhub", region, account, "product")
    return {
        "SchemaVersion": "2018-10-08",
        "Id": _id(key),
        "ProductArn": f"{product}/{account}/default",
        "GeneratorId": f"goldenami/{key.rpartition('/')[2]}",
        "AwsAccountId": account,
        "Types": _TYPES,
        "CreatedAt": at,
        "UpdatedAt": at,
        "RecordState": "ACTIVE",
    }


def _unread(audit: Audit, place: PlaceRead) -> dict[str, Any]:
    return {
        **_common(audit, place.account, _where(audit, place.region), f"{place.where}/{UNREAD}"),
        "Severity": {"Label": "MEDIUM"},
        "Title": "A place could not be audited",
        "Description": _text(f"{place.where}: {'; '.join(place.unread)}"),
        "Resources": [{"Type": "AwsAccount", "Id": account_id(place.account)}],
        "Compliance": {"Status": "NOT_AVAILABLE"},
        "Workflow": {"Status": "NEW"},
    }


def _finding(audit: Audit, finding: Finding, status: str) -> dict[str, Any]:
    subject, rule = finding.subject, BY_ID[finding.rule]
    return {
        **_common(audit, subject.account, subject.region, finding.key),
        "Severity": {"Label": finding.severity.value.upper()},
        "Title": rule.title[:256],
        "Description": _description(finding),
        "Remediation": {"Recommendation": {"Text": rule.fix[:512]}},
        "Resources": [_resource(subject)],
        "Compliance": {"Status": "FAILED", "RelatedRequirements": list(rule.controls)},
        "Workflow": {"Status": status},
    }


def _resolved(audit: Audit, finding_id: str) -> dict[str, Any]:
    account, region = finding_id.split("/", 2)[:2]
    return {
        **_common(audit, account, _where(audit, region), finding_id),
        "RecordState": "ARCHIVED",
        "Severity": {"Label": "INFORMATIONAL"},
        "Title": "Over: an earlier audit found this, and it is so no more",
        "Description": _text(finding_id),
        "Resources": [_resource_of_key(finding_id)],
        "Compliance": {"Status": "PASSED"},
        "Workflow": {"Status": "RESOLVED"},
    }


def _where(audit: Audit, region: str) -> str:
    """Return where a finding about a whole account goes: to a region of the same partition."""
    if region != "*":
        return region
    home = next((place.region for place in audit.places if place.region != "*"), "us-east-1")
    return "us-east-1" if arns.partition_of(home) == "aws" else home


def _description(finding: Finding) -> str:
    subject = finding.subject
    what = " ".join(dict.fromkeys((subject.kind.value, subject.id, subject.name)))
    image = " ".join(filter(None, (subject.image.id, subject.image.name)))
    return _text(f"{what}{f', image {image}' if image else ''}: {finding.reason}")


def _resource(subject: Subject) -> dict[str, Any]:
    """Return the resource by its ARN, as Security Hub asks; a setting is the account's.

    https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html
    """
    arn, partition = arn_of(subject), arns.partition_of(subject.region)
    resource: dict[str, Any] = {
        "Type": _RESOURCE.get(subject.kind, "Other") if arn else "AwsAccount",
        "Id": arn or account_id(subject.account),
        "Partition": partition,
        "Region": subject.region,
    }
    tags = {key: _text(value) for key, value in subject.tags.items() if _text(value)}
    if tags:  # none of them may be empty there
        resource["Tags"] = dict(list(tags.items())[:50])
    if subject.kind is Kind.INSTANCE and subject.image.id:
        resource["Details"] = {"AwsEc2Instance": {"ImageId": subject.image.id}}
    return resource


def _resource_of_key(finding_id: str) -> dict[str, Any]:
    """Return the resource of a finding that is over, of which its id alone is left."""
    account, region = finding_id.split("/", 2)[:2]
    arn = arn_of_key(finding_id) if region != "*" and finding_id.count("/") > 3 else ""
    return {"Type": "Other" if arn else "AwsAccount", "Id": arn or account_id(account)}


def _id(key: str) -> str:
    """Return a finding's id: its key, or a digest of one that Security Hub would not take."""
    if key.isprintable() and len(key) <= _ID_LENGTH:
        return key
    account, region = key.split("/", 2)[:2]
    digest = sha256(key.encode()).hexdigest()
    return f"{account}/{region}/{digest}/{key.rpartition('/')[2]}"


def _text(text: str) -> str:
    """Return a text of one line that is not too long, as Security Hub takes it."""
    return " ".join(clean(text).split())[:_LENGTH]
