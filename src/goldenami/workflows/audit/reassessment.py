"""Judging again what an audit named: by the same rules, as it is now, and no more than is needed.

What is golden is read from every region of the caller's account, as an audit does, since an image
may come from any of them.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.parallel import stoppable
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.finding import Finding, grouped
from goldenami.domain.audit.subject import Subject
from goldenami.domain.audit.waivers import Waived, Waivers
from goldenami.workflows.audit import approval
from goldenami.workflows.audit.account_regions import home
from goldenami.workflows.audit.judging import AuditProgress, judged
from goldenami.workflows.audit.live import ASKING, LiveSource
from goldenami.workflows.audit.question import PART, AuditQuestion
from goldenami.workflows.audit.sources import AuditSelection, AuditSource, GoldenImages
from goldenami.workflows.audit.summary import Findings


class Judgement(Struct, frozen=True, kw_only=True):
    """What was named, as it is judged now.

    Args:
        approved: what counts as golden.
        goldens: what releases made, in every place that was looked at.
        subjects: the things that were named and are still there, by `Subject.resource`.
        open: what is held against them, by the same.
        waived: every finding that a waiver covers, by the same; of others than the named ones, too.
        baking: instances of bakes under way.
        unread: what could not be read of each place.
        rules: the rules that were asked.
    """

    approved: Approved
    goldens: GoldenImages
    subjects: Mapping[str, Subject]
    open: Mapping[str, Sequence[Finding]]
    waived: Mapping[str, Sequence[Waived]]
    baking: frozenset[str]
    unread: Mapping[AccountRegion, tuple[str, ...]]
    rules: frozenset[str]


def judge(
    aws: Aws,
    question: AuditQuestion,
    only: AuditSelection,
    named: Container[str],
    *,
    before: Judgement | None = None,
    around: Callable[[LiveSource], AuditSource] = lambda live: live,
) -> Judgement:
    """Judge what was named.

    Args:
        aws: the caller.
        question: by what: the approval, the waivers, the lists; its regions are where images of the
            caller's account may come from.
        only: what has to be looked at.
        named: the things in question, by `Subject.resource`.
        before: an earlier judgement: what it has of other regions' images is not read again.
        around: brings what is known from elsewhere, beside what AWS lists.

    Raises:
        AwsError: the enabled regions, or manifests, could not be read.
        IncompleteError: no place could be read.
        RefusedError: nothing is approved: everything would be a finding.
    """
    at = datetime.now(UTC)
    narrowed = replace(
        question, parts=frozenset(PART[kind] for kind in only.kinds), guardrails=None
    )
    near = {AccountRegion(aws.account, place.region) for place in only.places}
    builds = before.goldens.builds if before else frozenset()
    everywhere = near if before else near | {*home(aws, question)}
    with stoppable(ASKING) as asking:
        live = LiveSource(aws, narrowed, asking, only=only, builds=builds)
        fresh = live.goldens(sorted(everywhere | only.places, key=str))
        goldens = _joined(before, fresh)
        unreadable = tuple(goldens.unreadable.items())
        approved = approval.approved(live, narrowed, goldens, unreadable, at)
        findings = Findings(Waivers(question.waivers, at.date()), None, keep=True)
        readable = [place for place in only.places if place in fresh.produced]
        summaries = judged(around(live), readable, goldens, approved, findings, AuditProgress())
    unread: dict[AccountRegion, tuple[str, ...]] = {
        place: (why,) for place, why in fresh.unreadable.items() if place in only.places
    }
    unread |= {summary.place: tuple(summary.unread) for summary in summaries if summary.unread}
    return Judgement(
        approved=approved,
        goldens=goldens,
        subjects={
            subject.resource: subject
            for subject in findings.subjects or ()
            if subject.resource in named
        },
        open=grouped(
            (finding for finding in findings.open if finding.subject.resource in named),
            lambda finding: finding.subject.resource,
        ),
        waived=grouped(findings.waived, lambda waived: waived.finding.subject.resource),
        baking=frozenset(findings.baking),
        unread=unread,
        rules=frozenset(narrowed.rules(narrowed.scope)),
    )


def _joined(before: Judgement | None, fresh: GoldenImages) -> GoldenImages:
    if before is None:
        return fresh
    earlier = before.goldens
    read = {*fresh.produced, *fresh.unreadable}
    produced = {place: images for place, images in earlier.produced.items() if place not in read}
    unreadable = {place: why for place, why in earlier.unreadable.items() if place not in read}
    return GoldenImages(
        {**produced, **fresh.produced},
        {**unreadable, **fresh.unreadable},
        earlier.builds | fresh.builds,
        earlier.lineage.also(fresh.lineage),
    )
