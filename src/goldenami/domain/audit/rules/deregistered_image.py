"""An image that is gone, or that the account cannot see any more."""

from goldenami.domain.audit.rules.interface import (
    INVISIBLE,
    UNSEEN,
    Approved,
    AuditRule,
    Severity,
    Subject,
)

_GONE = "the image no longer exists, so nobody can tell what it held"
_HIDDEN = (
    "the image is not visible to this account any more: it was deregistered, made private, or is "
    "no longer shared with it"
)


def _test(subject: Subject, approved: Approved) -> str | None:
    image = subject.image
    if not image.id or image.known or image.state == UNSEEN:
        return None
    note = " (its id is on the approved list)" if approved.on_list(subject) else ""
    return f"{_HIDDEN if image.state == INVISIBLE else _GONE}{note}"


RULE = AuditRule(
    id="deregistered-image",
    title="The image is gone, or not visible to this account any more",
    severity=Severity.HIGH,
    explanation="From here nobody can tell any more what it held, and nothing can be launched from "
    "it.",
    fix="replace it by one launched from a current golden image, or have its owner share the image "
    "again",
    test=_test,
)
