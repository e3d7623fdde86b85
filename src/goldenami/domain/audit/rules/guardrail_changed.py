"""An enforcement that is no longer what the release file says."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Kind, Severity, Subject


def _test(subject: Subject, _: Approved) -> str | None:
    difference = subject.facts.get("difference")
    return f"not as the release file has it: {difference}" if difference else None


RULE = AuditRule(
    id="guardrail-changed",
    title="The guardrail is missing or was changed",
    severity=Severity.HIGH,
    explanation="What the release file enforces is not what binds the admin groups now.",
    fix="look at who changed it, then run `goldenami enforce` again",
    kinds=(Kind.GUARDRAIL,),
    test=_test,
)
