"""What a rule is, and all that rules speak of."""

from collections.abc import Callable

from msgspec import Struct

from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.finding import Severity
from goldenami.domain.audit.subject import INVISIBLE, LAUNCHES, UNSEEN, Kind, Subject

__all__ = [
    "BASELINE", "INVISIBLE", "ITSELF", "LAUNCHES", "ONLY_APPROVED", "UNSEEN", "Approved",
    "AuditRule", "Kind", "Severity", "Subject",
]  # fmt: skip

Test = Callable[[Subject, Approved], str | None]

BASELINE = ("NIST 800-53 CM-2", "NIST 800-53 CM-6", "CIS Controls v8 4.1")
"""Evidence that what runs has a secure configuration, and a current one."""

ONLY_APPROVED = (*BASELINE, "NIST 800-53 CM-7", "CIS Controls v8 2.5", "EC2-028")
"""Evidence that nothing runs but what was approved."""


IMAGES = (Kind.INSTANCE, *LAUNCHES)
"""What has an image."""

ITSELF = (*IMAGES, Kind.IMAGE)
"""The same, and an image that an event is about."""


class AuditRule(Struct, frozen=True, kw_only=True):
    """One rule.

    Args:
        id: its name in reports and waivers.
        title: what it holds against a subject, in a few words.
        severity: how much a breach matters.
        explanation: why it matters.
        fix: what to do.
        controls: the controls it is evidence for.
        kinds: what it can hold something against; where there is none, it has nothing to say.
        test: says what it holds against a subject, or None. Pure: it looks at the subject's image,
            facts, account and region, and at what is approved; it is shown nothing else.
    """

    id: str
    title: str
    severity: Severity
    explanation: str
    fix: str
    controls: tuple[str, ...] = ONLY_APPROVED
    kinds: tuple[Kind, ...] = IMAGES
    test: Test
