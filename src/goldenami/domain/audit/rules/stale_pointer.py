"""A published parameter that names an image which nothing should be launched from."""

from goldenami.domain.audit.rules.interface import (
    BASELINE,
    Approved,
    AuditRule,
    Kind,
    Severity,
    Subject,
)

FACT = "written"
"""Who wrote a parameter last, and when."""


def _test(subject: Subject, approved: Approved) -> str | None:
    why, written = problem(subject, approved), subject.facts.get(FACT)
    return f"it names {why}{f'; {written}' if written else ''}" if why else None


def problem(subject: Subject, approved: Approved) -> str:
    """Say what a parameter names that nothing should be launched from; empty if it is golden."""
    image, claim = subject.image, approved.claim(subject)
    if not image.id:
        return "no image"
    if not image.known:
        return f"{image.id}, which is {image.state}"
    if claim is not None and claim.change is not None:
        return f"{image.id}, {claim.name}, which is {claim.change.words}"
    if image.state != "available":
        return f"{image.id}, which is {image.state}"
    if not approved.golden(subject):
        return f"{image.id}, which is not approved"
    if image.deprecated_at is not None and image.deprecated_at <= approved.at:
        return f"{image.id}, which is deprecated since {image.deprecated_at:%Y-%m-%d}"
    return ""


RULE = AuditRule(
    id="stale-pointer",
    title="A published parameter names an image that is not approved",
    severity=Severity.HIGH,
    explanation="Whoever follows the parameter launches that image next, or cannot launch at all.",
    fix="`goldenami rollback`, or `goldenami promote` with a version that is approved",
    controls=BASELINE,
    kinds=(Kind.PARAMETER,),
    test=_test,
)
