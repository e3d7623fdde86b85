"""OCSF 1.5 compliance findings, one JSON object a line, for security lakes.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TextIO

from goldenami import __version__
from goldenami.domain.audit.document import UNREAD, Audit, Document, PlaceRead
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.rules import BY_ID
from goldenami.report.audit.items import write_lines

_SEVERITY: Final[Mapping[Severity, tuple[int, str]]] = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_STANDARDS: Final = ["NIST 800-53", "CIS Controls v8"]


def write(document: Document, out: TextIO) -> None:
    """Write the findings, what could not be looked at, and what is over since an earlier audit.

    What is waived is suppressed, what is over resolved: a finding has the same uid each time.
    """
    write_lines(out, _events(document))


def _events(document: Document) -> Iterator[dict[str, Any]]:
    audit = document.audit
    for place in audit.unread:
        yield _unread(audit, place)
    for key in audit.resolved:
        yield _resolved(audit, key)
    for finding in document.findings:
        yield _event(audit, finding, (1, "New"))
    for waived in document.waived:
        event = _event(audit, waived.finding, (3, "Suppressed"))
        event["comment"] = f"{waived.waiver.reason} ({waived.waiver.owner})"
        yield event


def _common(
    audit: Audit,
    account: str,
    region: str,
    status: tuple[int, str],
    severity: tuple[int, str] = (1, "Informational"),
) -> dict[str, Any]:
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": _at_ms(audit),
        "metadata": {
            "version": "1.5.0",
            "product": {"name": "goldenami", "vendor_name": "goldenami", "version": __version__},
            "profiles": ["cloud"],
        },
        "cloud": {
            "provider": "AWS",
            "region": region,
            "account": {"uid": account, "name": account, "type": "AWS Account", "type_id": 10},
        },
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
    }


def _at_ms(audit: Audit) -> int:
    return int(audit.at.timestamp() * 1000)


def _unread(audit: Audit, place: PlaceRead) -> dict[str, Any]:
    why = "; ".join(place.unread)
    return {
        **_common(audit, place.account, place.region, (1, "New")),
        "message": f"{place.where} could not be audited: {why}",
        "finding_info": {
            "uid": f"{place.where}/{UNREAD}",
            "title": "A place could not be audited",
            "desc": why,
            "created_time": _at_ms(audit),
        },
        "compliance": {"standards": _STANDARDS, "status_id": 0, "status": "Unknown"},
        "resources": [{"uid": place.account, "type": "AWS account", "region": place.region}],
    }


def _resolved(audit: Audit, uid: str) -> dict[str, Any]:
    account, region = uid.split("/", 2)[:2]
    return {
        **_common(audit, account, region, (4, "Resolved")),
        "activity_id": 3,
        "activity_name": "Close",
        "type_uid": 200303,
        "type_name": "Compliance Finding: Close",
        "message": f"an earlier audit found this, and it is so no more: {uid}",
        "finding_info": {
            "uid": uid,
            "title": "Over: an earlier audit found this, and it is so no more",
            "created_time": _at_ms(audit),
        },
        "compliance": {"standards": _STANDARDS, "status_id": 1, "status": "Pass"},
        "resources": [{"uid": uid.rpartition("/")[0], "region": region}],
    }


def _event(audit: Audit, finding: Finding, status: tuple[int, str]) -> dict[str, Any]:
    subject, rule = finding.subject, BY_ID[finding.rule]
    return {
        **_common(audit, subject.account, subject.region, status, _SEVERITY[finding.severity]),
        "message": finding.reason,
        "finding_info": {
            "uid": finding.key,
            "title": rule.title,
            "desc": finding.reason,
            "created_time": _at_ms(audit),
            "types": [finding.rule],
        },
        "compliance": {
            "control": finding.rule,
            "requirements": list(rule.controls),
            "standards": _STANDARDS,
            "status_id": 3,
            "status": "Fail",
        },
        "remediation": {"desc": rule.fix},
        "resources": [
            {
                "uid": subject.id,
                "name": subject.name,
                "type": subject.kind.value,
                "region": subject.region,
                "labels": [f"{key}:{value}" for key, value in subject.tags.items()],
            }
        ],
    }
