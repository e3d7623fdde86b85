"""SARIF 2.1.0, for code scanning dashboards.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, TextIO
from urllib.parse import quote

from goldenami import __version__
from goldenami.domain.audit.document import Audit, Document
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.rules import RULES
from goldenami.domain.audit.subject import Subject
from goldenami.report.audit.items import encode, write_list
from goldenami.report.audit.rows import unread

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
INFORMATION = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIs.html"
"""What is audited: there is no page about goldenami itself that nobody else could take."""

_LEVEL_AND_SCORE = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.0"),
    Severity.LOW: ("note", "2.0"),
}
_BASELINE = {"": None, "new": "new", "open": "unchanged"}


def write(document: Document, out: TextIO) -> None:
    """Write one run; its results are written as they are read."""
    run: dict[str, Any] = {
        "tool": {"driver": _driver()},
        "invocations": [_invocation(document.audit)],
        "columnKind": "unicodeCodePoints",
    }
    head = encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).decode()
    out.write(head.removesuffix("}]}") + ',"results":')
    write_list(out, _results(document))
    out.write("}]}\n")


def _driver() -> dict[str, Any]:
    return {
        "name": "goldenami",
        "version": __version__,
        "informationUri": INFORMATION,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.explanation},
                "help": {"text": rule.fix},
                "defaultConfiguration": {"level": _LEVEL_AND_SCORE[rule.severity][0]},
                "properties": {
                    "security-severity": _LEVEL_AND_SCORE[rule.severity][1],
                    "tags": ["security", *rule.controls],
                },
            }
            for rule in RULES
        ],
    }


def _invocation(audit: Audit) -> dict[str, Any]:
    return {
        "executionSuccessful": audit.complete,
        "endTimeUtc": f"{audit.at:%Y-%m-%dT%H:%M:%SZ}",
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": f"{place.where} could not be read: {why}"}}
            for place, why in unread(audit)
        ],
    }


def _results(document: Document) -> Iterator[Mapping[str, Any]]:
    yield from (_result(finding, ()) for finding in document.findings)
    for waived in document.waived:
        waiver = waived.waiver
        reason = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
        yield _result(waived.finding, [{"kind": "external", "justification": reason}])


def _result(finding: Finding, suppressions: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    subject = finding.subject
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVEL_AND_SCORE[finding.severity][0],
        "message": {"text": _text(f"{subject.kind.value} {subject.id}: {finding.reason}")},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(subject)}},
                "logicalLocations": [
                    {"fullyQualifiedName": subject.resource, "kind": "resource"},
                ],
            }
        ],
        "partialFingerprints": {"finding/v1": sha256(finding.key.encode()).hexdigest()},
    }
    if baseline := _BASELINE[finding.change]:
        result["baselineState"] = baseline
    if suppressions:
        result["suppressions"] = list(suppressions)
    return result


def _uri(subject: Subject) -> str:
    """Return a relative URI of a path segment for each part of the resource, whatever its name.

    No name ends the path (``?``, ``#``) or climbs out of it (``..``): RFC 3986, 3.3.
    """
    parts = ("aws", subject.account, subject.region, subject.kind.value, subject.id)
    return "/".join(map(_segment, parts))


def _segment(text: str) -> str:
    encoded = quote(text, safe="")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def _text(text: str) -> str:
    """Keep a name from becoming a link (3.11.6) in a viewer."""
    return text.replace("](", "] (")
