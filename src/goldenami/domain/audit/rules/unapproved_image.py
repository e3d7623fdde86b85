"""The account's own image that no release approved."""

from goldenami.domain.audit.approved import Produced
from goldenami.domain.audit.rules.interface import UNSEEN, Approved, AuditRule, Severity, Subject


def _taken_back(claim: Produced) -> bool:
    """Tell whether it says of itself that a release made it, which was taken back."""
    return bool(claim.image) and claim.change is not None


def _test(subject: Subject, approved: Approved) -> str | None:
    image, claim = subject.image, approved.claim(subject)
    if image.state == UNSEEN and not approved.golden(subject):
        return "no release produced the image, and from here it cannot be seen whose it is"
    if not image.known or image.golden_ancestor or not approved.own(subject):
        return None
    if claim is not None and (claim.approved or claim.candidate or _taken_back(claim)):
        return None
    if approved.golden(subject):
        return None
    return "the image is the account's own, but no release produced and approved it"


RULE = AuditRule(
    id="unapproved-image",
    title="The image was not approved by any release",
    severity=Severity.HIGH,
    explanation="An image that was made by hand went through no gate: nobody tested it, and nobody "
    "will renew it.",
    fix="replace it by one launched from a golden image, or bake and approve this one as a release",
    test=_test,
)
