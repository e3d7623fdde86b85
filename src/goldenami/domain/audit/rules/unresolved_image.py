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
    return f"nothing says which image it will launch: {why}" if why else None


RULE = AuditRule(
    id="unresolved-image",
    title="Nothing says which image it will launch",
    severity=Severity.MEDIUM,
    explanation="It names no image, or a template, version, configuration or SSM parameter that is "
    "not there or holds none, or it leaves the choice to AWS: the next launch fails, or brings "
    "what nobody approved.",
    fix="let it name a launch template whose version names a golden image, or an SSM parameter "
    "that holds one; a node group of EKS takes such a template, too",
    controls=BASELINE,
    kinds=LAUNCHES,
    test=_test,
)
