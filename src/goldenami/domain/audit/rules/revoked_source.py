"""An image that was made from a revoked one, be it over generations and regions."""

from goldenami.domain.audit.rules.interface import ITSELF, Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    claim, source = approved.claim(subject), subject.image.revoked_ancestor
    if not source or (claim is not None and claim.revoked):
        return None
    revoked = approved.known(source)
    change = revoked.change if revoked else None
    which = f", {revoked.name}, which is {change.words}" if revoked and change else ""
    return f"the image was made from the revoked image {source}{which}"


RULE = AuditRule(
    id="revoked-source",
    title="The image was made from a revoked one",
    severity=Severity.HIGH,
    explanation="What was bad in the revoked image is most likely in this one, too.",
    fix="bake it anew from a source that is not revoked, and revoke this one: `goldenami lineage` "
    "shows what else came of it",
    kinds=ITSELF,
    test=_test,
)
