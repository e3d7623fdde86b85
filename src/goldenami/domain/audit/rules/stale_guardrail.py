"""A guardrail whose list of snapshots is out of date, and which nobody has changed."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Kind, Severity, Subject


def _test(subject: Subject, _: Approved) -> str | None:
    stale = subject.facts.get("stale")
    return f"its list of snapshots is out of date: {stale}" if stale else None


RULE = AuditRule(
    id="stale-guardrail",
    title="The guardrail's list of snapshots is out of date",
    severity=Severity.MEDIUM,
    explanation="It denies golden images that it does not list, and lets retired ones be launched.",
    fix="run `goldenami enforce` again; bake and approve do it for their own release",
    kinds=(Kind.GUARDRAIL,),
    test=_test,
)
