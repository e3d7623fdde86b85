"""An image that was made from a golden one, outside of any release."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Severity, Subject


def _test(subject: Subject, approved: Approved) -> str | None:
    image, claim = subject.image, approved.claim(subject)
    if approved.golden(subject):
        return None
    if claim is not None and (claim.approved or claim.candidate or claim.released):
        return None
    if image.golden_ancestor:
        return (
            f"the image was made from the golden image {image.golden_ancestor}, but by no release"
        )
    for mark in image.watermarks:
        if mark.account in approved.owners:
            return (
                f"the image carries the watermark {mark.key}, so it was made from {mark.image} in "
                f"{mark.region}, but by no release"
            )
    return None


RULE = AuditRule(
    id="derived-image",
    title="The image was made from a golden one, but not by a release",
    severity=Severity.MEDIUM,
    explanation="It started golden, and nobody knows what was added since.",
    fix="bake what was added as a release with `base.source: {golden: ...}`, or allow such "
    "images with `audit.derived: true`",
    test=_test,
)
