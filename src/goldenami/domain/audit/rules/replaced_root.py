"""A root volume that does not come from the image."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Kind, Severity, Subject


def _test(subject: Subject, _: Approved) -> str | None:
    made_from, expected = subject.facts.get("root-snapshot"), subject.facts.get("image-snapshots")
    if made_from is None or expected is None or made_from in expected.split():
        return None
    origin = f"snapshot {made_from}" if made_from else "no snapshot"
    return f"the root volume was made from {origin}, the image has {expected or 'none'}"


RULE = AuditRule(
    id="replaced-root",
    title="The root volume was not made from the image",
    severity=Severity.HIGH,
    explanation="The instance names a golden image, and runs something else: its root volume was "
    "replaced or swapped.",
    fix="replace it by one launched from a golden image; the profile guardrail denies "
    "CreateReplaceRootVolumeTask",
    kinds=(Kind.INSTANCE,),
    test=_test,
)
