"""A golden image that was just deregistered or disabled, while its release stands."""

from goldenami.domain.audit.rules.interface import (
    BASELINE,
    Approved,
    AuditRule,
    Kind,
    Severity,
    Subject,
)

FACT = "ended"
"""How an image was taken out of use: ``deregistered``, ``disabled``."""
RELEASE = "release"
"""The release that stands and lists the image, as people call it."""


def _test(subject: Subject, approved: Approved) -> str | None:
    release, how = subject.facts.get(RELEASE), subject.facts.get(FACT)
    if not release or not how:
        return None
    claim, image = approved.claim(subject), subject.image
    if claim is not None and claim.change is not None:
        return None
    if image.known and image.state != how:  # it is back
        return None
    return f"it is the image of {release}, and was {how} although its release stands"


RULE = AuditRule(
    id="lost-image",
    title="A golden image was deregistered or disabled outside of its life cycle",
    severity=Severity.HIGH,
    explanation="Whatever launches it fails from now on, and nobody was asked whether something "
    "does: `goldenami retire` would have looked.",
    fix="`goldenami restore` brings it back from the Recycle Bin or enables it; see in CloudTrail "
    "who did it",
    controls=BASELINE,
    kinds=(Kind.IMAGE,),
    test=_test,
)
