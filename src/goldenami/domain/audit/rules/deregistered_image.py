"""An image that is gone."""

from goldenami.domain.audit.rules.interface import UNSEEN, Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    if not subject.image.id or subject.image.known or subject.image.state == UNSEEN:
        return None
    note = " (its id is on the approved list)" if approved.on_list(subject) else ""
    return f"the image no longer exists, so nobody can tell what it held{note}"


RULE = AuditRule(
    id="deregistered-image",
    title="The image no longer exists",
    severity=Severity.HIGH,
    explanation="Nobody can tell any more what it held, and nothing can be launched from it.",
    fix="replace it by one launched from a current golden image",
    test=_test,
)
