"""An image in use before its approval."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    claim = approved.claim(subject)
    if claim is None or not claim.candidate or claim.forged or approved.golden(subject):
        return None
    return f"the image is {claim.image} {claim.version}, which waits for its approval"


RULE = AuditRule(
    id="candidate-image",
    title="The image is a candidate that nobody approved yet",
    severity=Severity.MEDIUM,
    explanation="A candidate has not passed its gates; it may still be rejected.",
    fix="approve it with `goldenami approve`, or replace what runs it",
    test=_test,
)
