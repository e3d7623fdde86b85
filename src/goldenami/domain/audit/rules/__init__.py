"""The rules, one a module, in the order findings are listed."""

from collections.abc import Sequence
from typing import Final

from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import (
    allowed_amis_off,
    candidate_image,
    deprecated_image,
    deregistered_image,
    derived_image,
    disabled_image,
    exposed_image,
    foreign_owner,
    forged_build,
    guardrail_changed,
    lost_approval,
    lost_image,
    outdated_image,
    replaced_root,
    revoked_image,
    revoked_source,
    spoofed_approval,
    stale_guardrail,
    stale_pointer,
    unapproved_image,
    unresolved_image,
)
from goldenami.domain.audit.rules.interface import AuditRule
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject

RULES: Final = (
    revoked_image.RULE,
    spoofed_approval.RULE,
    forged_build.RULE,
    foreign_owner.RULE,
    unapproved_image.RULE,
    revoked_source.RULE,
    derived_image.RULE,
    candidate_image.RULE,
    deregistered_image.RULE,
    disabled_image.RULE,
    deprecated_image.RULE,
    outdated_image.RULE,
    replaced_root.RULE,
    unresolved_image.RULE,
    stale_pointer.RULE,
    exposed_image.RULE,
    lost_image.RULE,
    lost_approval.RULE,
    allowed_amis_off.RULE,
    guardrail_changed.RULE,
    stale_guardrail.RULE,
)
BY_ID: Final = {rule.id: rule for rule in RULES}

__all__ = ["BY_ID", "RULES", "AuditRule", "Judge"]


Broken = Sequence[tuple[AuditRule, str]]


class Judge:
    """Judges subjects by all rules. What has no facts of its own is judged once for each image.

    No rule sees more of a subject than what stands for all that are judged alike: so whoever asks
    for its image alone gets the same verdict as whoever reads all of it.
    """

    def __init__(self, approved: Approved) -> None:
        self._approved = approved
        self._known: dict[tuple[Kind, str, str, ImageSeen], Broken] = {}

    def __call__(self, subject: Subject) -> list[Finding]:
        """Return everything the rules hold against a subject; an empty list is compliance."""
        if subject.facts:
            broken = self._broken(subject)
        else:
            key = (subject.kind, subject.account, subject.region, subject.image)
            if key not in self._known:
                self._known[key] = self._broken(subject)
            broken = self._known[key]
        return [
            Finding(rule=rule.id, severity=rule.severity, subject=subject, reason=reason)
            for rule, reason in broken
        ]

    def _broken(self, subject: Subject) -> Broken:
        alike = Subject(
            kind=subject.kind,
            account=subject.account,
            region=subject.region,
            id="",
            image=subject.image,
            facts=subject.facts,
        )
        return [
            (rule, reason)
            for rule in RULES
            if alike.kind in rule.kinds and (reason := rule.test(alike, self._approved))
        ]
