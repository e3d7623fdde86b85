"""Whether what an audit named is to be touched: judged again, and once more before each call.

A document that anybody may have written is no reason for anything: only what is held against a
thing right now is.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.image import Image
from goldenami.errors import LeftAloneError
from goldenami.workflows import goldens
from goldenami.workflows.audit import reassessment
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.audit.reassessment import Judgement
from goldenami.workflows.audit.sources import AuditSelection
from goldenami.workflows.remediate.interface import RemediationRequest

_GONE = {Kind.LAUNCH_TEMPLATE: "it is gone, or neither the default nor the latest version now"}


class Verdicts(Struct, frozen=True):
    """By what the things of a place are judged, and how they were judged when all was planned."""

    aws: Aws
    question: AuditQuestion
    request: RemediationRequest
    judgement: Judgement
    place: AccountRegion

    @property
    def regional(self) -> RegionalAws:
        """Who acts in the place."""
        return self.aws.at(self.place)

    def still_open(self, named: Sequence[Finding]) -> list[Finding]:
        """Return what is held against a thing that was named, as far as it is wanted.

        Raises:
            LeftAloneError: nothing is, or the thing must not be touched.
        """
        subject, judgement = named[0].subject, self.judgement
        now = judgement.subjects.get(subject.resource)
        if subject.resource in judgement.baking:
            raise LeftAloneError("it belongs to a bake under way")
        if now is None:
            self.refuse_unread()
            raise LeftAloneError(_GONE.get(subject.kind, "it is gone"))
        if subject.kind is Kind.INSTANCE and now.image.id != subject.image.id:
            raise LeftAloneError(f"it runs {now.image.id} now, not {subject.image.id}")
        if waived := judgement.waived.get(subject.resource):
            waiver = waived[0].waiver
            raise LeftAloneError(f"a waiver covers it: {waiver.coverage} ({waiver.owner})")
        if now.image.id in self.request.leaving:
            return list(named)
        self._refuse_unknown_origin(now)
        open_findings = judgement.open.get(subject.resource, ())
        if selected := [finding for finding in open_findings if self.request.wants(finding)]:
            return selected
        raise LeftAloneError(self._why_not(named, open_findings))

    def once_more(self, named: Sequence[Finding]) -> None:
        """Judge an instance by itself, right before it is touched.

        Raises:
            LeftAloneError: it must not be touched any more.
            GoldenamiError: it could not be judged.
        """
        subject = named[0].subject
        only = AuditSelection(
            places=frozenset({self.place}),
            kinds=frozenset({Kind.INSTANCE}),
            instances=frozenset({subject.id}),
        )
        now = reassessment.judge(
            self.aws, self.question, only, {subject.resource}, before=self.judgement
        )
        replace(self, judgement=now).still_open(named)

    def golden_versions(self) -> list[Image]:
        """Return the golden versions of the image that may take others' place, newest first."""
        regional = self.aws.in_region(self.place.region)
        every = goldens.versions(regional, self.request.image, self.question.approval)
        return [image for image in every if self.request.version in ("", image.version)]

    def refuse_unread(self) -> None:
        """Refuse everything, if the place could not be read.

        Raises:
            LeftAloneError: it could not.
        """
        for why in self.judgement.unread.get(self.place, ()):
            raise LeftAloneError(f"its region could not be read: {why}", unread=True)

    def _refuse_unknown_origin(self, now: Subject) -> None:
        """An own image may come from a golden one of another region, if that could be read."""
        approved = self.judgement.approved
        for place in self.judgement.goldens.unreadable:
            if place.account == approved.account and approved.own(now):
                raise LeftAloneError(
                    f"its image may come from a golden one in {place.region}, which could not be "
                    "read",
                    unread=True,
                )

    def _why_not(self, named: Sequence[Finding], open_findings: Sequence[Finding]) -> str:
        if open_findings:
            rules = ", ".join(sorted({finding.rule for finding in open_findings}))
            return f"only what was not asked for is held against it now: {rules}"
        if unasked := sorted({finding.rule for finding in named} - self.judgement.rules):
            return (
                f"{unasked[0]} was not looked at: pass what the audit was made with "
                "(--roots, --newest, --max-age, or the release file)"
            )
        return "it is golden now"
