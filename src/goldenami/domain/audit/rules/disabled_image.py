"""An image that was disabled."""

from goldenami.domain.audit.rules.interface import BASELINE, Approved, AuditRule, Severity, Subject


def _test(subject: Subject, _: Approved) -> str | None:
    if subject.image.state != "disabled":
        return None
    return "the image is disabled: nothing new can be launched from it"


RULE = AuditRule(
    id="disabled-image",
    title="The image is disabled",
    severity=Severity.HIGH,
    explanation="Its owner took it out of use: nothing new can be launched from it.",
    fix="replace it by one launched from the newest version of its image",
    controls=BASELINE,
    test=_test,
)
