"""Whether what an audit named is to be touched: judged again, and once more before each call.

A document that anybody may have written is no reason for anything: only what is held against a
thing right now is.
"""

from collections.abc import Sequence

from msgspec import Struct

from goldenami.aws.session import Aws
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


class Verdicts(Struct, frozen=True):
    """By what things are judged, and how they were judged when all was planned."""

    aws: Aws
    question: AuditQuestion
    request: RemediationRequest
    judgement: Judgement

    def still_open(self, place: AccountRegion, named: Sequence[Finding]) -> list[Finding]:
        """Return what is held against a thing that was named, as far as it is wanted.

        Raises:
            LeftAloneError: nothing is, or the thing must not be touched.
        """
        return _open(self.judgement, self.request, place, named)

    def once_more(self, place: AccountRegion, named: Sequence[Finding]) -> None:
        """Judge an instance by itself, right before it is touched.

        Raises:
            LeftAloneError: it must not be touched any more.
            GoldenamiError: it could not be judged.
        """
        subject = named[0].subject
        only = AuditSelection(
            places=frozenset({place}),
            kinds=frozenset({Kind.INSTANCE}),
            instances=frozenset({subject.id}),
        )
        now = reassessment.judge(
            self.aws, self.question, only, {subject.resource}, before=self.judgement
        )
        _open(now, self.request, place, named)

    def golden_versions(self, region: str) -> list[Image]:
        """Return the golden versions of the image that is to take others' place, newest first."""
        regional = self.aws.in_region(region)
        return goldens.versions(regional, self.request.image, self.question.approval)


def _open(
    judgement: Judgement,
    request: RemediationRequest,
    place: AccountRegion,
    named: Sequence[Finding],
) -> list[Finding]:
    subject = named[0].subject
    now = judgement.subjects.get(subject.resource)
    if subject.resource in judgement.baking:
        raise LeftAloneError("it belongs to a bake under way")
    if now is None:
        _refuse_unread(judgement, place)
        raise LeftAloneError(_GONE.get(subject.kind, "it is gone"))
    if subject.kind is Kind.INSTANCE and now.image.id != subject.image.id:
        raise LeftAloneError(f"it runs {now.image.id} now, not {subject.image.id}")
    if waived := judgement.waived.get(subject.resource):
        waiver = waived[0].waiver
        raise LeftAloneError(f"a waiver covers it: {waiver.coverage} ({waiver.owner})")
    _refuse_unknown_origin(judgement, now)
    open_findings = judgement.open.get(subject.resource, ())
    if selected := [finding for finding in open_findings if request.wants(finding)]:
        return selected
    raise LeftAloneError(_why_not(judgement, named, open_findings))


_GONE = {Kind.LAUNCH_TEMPLATE: "it is gone, or neither the default nor the latest version now"}


def _refuse_unread(judgement: Judgement, place: AccountRegion) -> None:
    for why in judgement.unread.get(place, ()):
        raise LeftAloneError(f"its region could not be read: {why}", unread=True)


def _refuse_unknown_origin(judgement: Judgement, now: Subject) -> None:
    """An own image may come from a golden one of another region, if that could be read."""
    if judgement.home_unread and judgement.approved.own(now):
        region = judgement.home_unread[0].place.region
        raise LeftAloneError(
            f"its image may come from a golden one in {region}, which could not be read",
            unread=True,
        )


def _why_not(
    judgement: Judgement, named: Sequence[Finding], open_findings: Sequence[Finding]
) -> str:
    if open_findings:
        rules = ", ".join(sorted({finding.rule for finding in open_findings}))
        return f"only what was not asked for is held against it now: {rules}"
    if unasked := sorted({finding.rule for finding in named} - judgement.rules):
        return (
            f"{unasked[0]} was not looked at: pass what the audit was made with "
            "(--roots, --newest, --max-age, or the release file)"
        )
    return "it is golden now"
