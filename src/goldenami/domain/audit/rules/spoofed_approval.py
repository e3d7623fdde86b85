"""An image with the approval tag that no release made."""

from goldenami.domain.audit.rules.interface import ITSELF, Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    claim = approved.claim(subject)
    if claim is None or not claim.approved or not claim.forged or approved.on_list(subject):
        return None
    return f"the image carries the approval tag, but no release made it: {claim.forged}"


RULE = AuditRule(
    id="spoofed-approval",
    title="The image carries the approval tag, and no release made it",
    severity=Severity.CRITICAL,
    explanation="Somebody wrote the approval tag by hand: policies that test the tag let this "
    "image through.",
    fix="remove the tag, find in CloudTrail who wrote it, and enforce the profile tag-protection",
    kinds=ITSELF,
    test=_test,
)
