"""A golden image that is older than what is current."""

from goldenami.domain.audit.rules.interface import BASELINE, Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    if not approved.golden(subject):
        return None
    claim, created = approved.claim(subject), subject.image.created
    if claim is not None and approved.newest is not None and claim.newer >= approved.newest:
        return (
            f"{claim.newer} newer versions of {claim.image} are approved, "
            f"and the newest {approved.newest} are current"
        )
    created = created or (claim.created if claim else None)
    if approved.max_age is None or created is None or approved.at - created <= approved.max_age:
        return None
    age_days = (approved.at - created).days
    return f"the image is {age_days} days old, more than {approved.max_age.days}"


RULE = AuditRule(
    id="outdated-image",
    title="The image is older than the audit allows",
    severity=Severity.MEDIUM,
    explanation="Every release since then brought updates that this one lacks.",
    fix="move it to the newest version of its image",
    controls=BASELINE,
    test=_test,
)
