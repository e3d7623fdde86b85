"""A golden image whose approval tag was just taken away, while its release stands."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Kind, Severity, Subject
from goldenami.domain.audit.rules.lost_image import RELEASE

FACT = "tagged"
"""The keys of the tags that a call wrote or removed, with spaces between; ``*`` for all."""


def _test(subject: Subject, approved: Approved) -> str | None:
    release = subject.facts.get(RELEASE)
    if not release or FACT not in subject.facts or not subject.image.known:
        return None
    claim = approved.claim(subject)
    if claim is not None and (claim.approved or claim.change is not None):
        return None
    return f"it is the image of {release}, and does not carry the approval tag any more"


RULE = AuditRule(
    id="lost-approval",
    title="The approval tag was taken from a golden image",
    severity=Severity.HIGH,
    explanation="Policies that test the tag refuse the image from now on, and what runs it is "
    "taken for unapproved.",
    fix="`goldenami approve` writes the tag again; see in CloudTrail who removed it, and enforce "
    "the profile tag-protection",
    kinds=(Kind.IMAGE,),
    test=_test,
)
