"""Allowed AMIs that stops nothing."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Kind, Severity, Subject


def _test(subject: Subject, _: Approved) -> str | None:
    state = subject.facts.get("allowed-amis", "enabled")
    if state == "enabled":
        return None
    return f"Allowed AMIs is {state} here: images of any owner can be launched"


RULE = AuditRule(
    id="allowed-amis-off",
    title="Allowed AMIs is off, or only in audit-mode",
    severity=Severity.LOW,
    explanation="Without it nothing stops services and roles that no IAM guardrail binds from "
    "launching images of strangers.",
    fix="`enforce.mechanisms: {allowed_amis: {}}` in the release file, then `goldenami enforce`",
    kinds=(Kind.SETTING,),
    test=_test,
)
