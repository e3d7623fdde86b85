"""Allowed AMIs that stops nothing."""

from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.finding import Severity
from goldenami.domain.audit.rules.interface import ONLY_APPROVED, AuditRule
from goldenami.domain.audit.subject import Kind, Subject


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
    controls=ONLY_APPROVED,
    kinds=(Kind.SETTING,),
    test=_test,
)
