"""Something that says that a build made it, and none has."""

from goldenami.domain.audit.rules.interface import ITSELF, Approved, AuditRule, Severity, Subject
from goldenami.domain.audit.rules.lost_image import RELEASE

FACT = "forged-build"
"""Why no build has launched an instance that carries the tags of one."""


def _test(subject: Subject, approved: Approved) -> str | None:
    if why := subject.facts.get(FACT):
        return f"it carries the tags of a build, but {why}"
    claim = approved.claim(subject)
    if RELEASE in subject.facts:  # its release's manifest lists it: then its tags were changed
        return None
    if claim is None or not claim.image or claim.approved or not claim.forged:
        return None
    if approved.on_list(subject):
        return None
    return f"the image carries the tags of a build, but {claim.forged}"


RULE = AuditRule(
    id="forged-build",
    title="It carries the tags of a build that has not made it",
    severity=Severity.HIGH,
    explanation="Somebody wrote the tags of a build by hand, perhaps to get an image approved that "
    "went through no gate. goldenami goes on with no such thing, and removes none.",
    fix="find in CloudTrail who made it, remove it, and enforce the profile tag-protection",
    kinds=ITSELF,
    test=_test,
)
