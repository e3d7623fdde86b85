"""An image that was revoked: by its release's record, or by its own tags."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    claim = approved.claim(subject)
    if claim is None or claim.change is None or not claim.revoked:
        return None
    return f"the image, {claim.name}, is {claim.change.words}"


RULE = AuditRule(
    id="revoked-image",
    title="The image is revoked",
    severity=Severity.CRITICAL,
    explanation="Somebody took it out of use everywhere, since it is known to be bad.",
    fix="replace it by one launched from its successor: `goldenami revoke --refresh` moves what "
    "still runs it",
    test=_test,
)
