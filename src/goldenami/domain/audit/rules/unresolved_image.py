"""Something that will launch an image nobody can name."""

from goldenami.domain.audit.rules.interface import (
    BASELINE,
    LAUNCHES,
    Approved,
    AuditRule,
    Severity,
    Subject,
)


def _test(subject: Subject, _: Approved) -> str | None:
    why = subject.facts.get("unresolved")
    return f"its image could not be resolved: {why}" if why else None


RULE = AuditRule(
    id="unresolved-image",
    title="What it will launch could not be resolved",
    severity=Severity.MEDIUM,
    explanation="It names a parameter that does not exist or cannot be read, so the next launch "
    "fails or surprises.",
    fix="let the parameter exist and name an image, or let the template name the image itself",
    controls=BASELINE,
    kinds=LAUNCHES,
    test=_test,
)
