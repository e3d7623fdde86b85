"""An image that was disabled, or whose release was."""

from goldenami.domain.audit.rules.interface import BASELINE, Approved, AuditRule, Severity, Subject
from goldenami.domain.status import Status

_ENDED = (Status.DISABLED, Status.RETIRED)


def _test(subject: Subject, approved: Approved) -> str | None:
    claim, disabled = approved.claim(subject), subject.image.state == "disabled"
    change = claim.change if claim else None
    if claim and change and change.status in _ENDED:
        still = "" if disabled else ", though EC2 still launches it"
        return f"the image, {claim.name}, is {change.words}{still}"
    return "the image is disabled: nothing new can be launched from it" if disabled else None


RULE = AuditRule(
    id="disabled-image",
    title="The image is disabled",
    severity=Severity.HIGH,
    explanation="Its owner took it out of use: nothing new can be launched from it.",
    fix="replace it by one launched from the newest version of its image",
    controls=BASELINE,
    test=_test,
)
