"""An image of an account that is trusted with none."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    if not subject.image.known or approved.own(subject) or approved.golden(subject):
        return None
    return f"the image belongs to {subject.image.owner}, which is no owner of golden images"


RULE = AuditRule(
    id="foreign-owner",
    title="The image belongs to an account that owns no golden images",
    severity=Severity.HIGH,
    explanation="Whoever owns an image decides what is in it; a public image can carry any "
    "name, that of a golden one too.",
    fix="replace it by one launched from a golden image; `goldenami enforce` stops such launches",
    test=_test,
)
