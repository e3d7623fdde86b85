"""An image that was just made public, or shared with somebody whom its release does not name."""

from goldenami.domain.audit.rules.interface import Approved, AuditRule, Kind, Severity, Subject

FACT = "shared-with"
"""With whom an image was shared who should not have it: ``all``, accounts, ARNs."""
PUBLIC = "all"


def _test(subject: Subject, _: Approved) -> str | None:
    consumers = subject.facts.get(FACT, "").split()
    if PUBLIC in consumers:
        return "it was made public: everybody can launch it, and read what it holds"
    if consumers:
        return f"it was shared with {', '.join(consumers)}, whom its release does not name"
    return None


RULE = AuditRule(
    id="exposed-image",
    title="The image was made public, or shared beyond its release",
    severity=Severity.CRITICAL,
    explanation="Whoever may launch an image can read all that is on it, and keeps what was "
    "launched when the permission is taken back.",
    fix="take the launch permission back, see in CloudTrail who gave it, block public access of "
    "images in the account, or name the account under `share` in the release file",
    kinds=(Kind.IMAGE,),
    test=_test,
)
