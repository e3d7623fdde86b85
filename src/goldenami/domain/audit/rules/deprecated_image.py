"""A golden image past its deprecation."""

from goldenami.domain.audit.rules.interface import BASELINE, Approved, AuditRule, Severity, Subject
from goldenami.domain.status import Status


def _test(subject: Subject, approved: Approved) -> str | None:
    claim, at = approved.claim(subject), subject.image.deprecated_at
    if claim is not None and claim.change and claim.change.status is Status.DEPRECATED:
        return f"the image, {claim.name}, is {claim.change.words}"
    if at is None or at > approved.at or not approved.golden(subject):
        return None
    return f"the image is deprecated since {at:%Y-%m-%d}"


RULE = AuditRule(
    id="deprecated-image",
    title="The image is deprecated",
    severity=Severity.MEDIUM,
    explanation="A deprecated image gets no more updates, and its successor has them.",
    fix="move it to the newest version of its image",
    controls=BASELINE,
    test=_test,
)
