"""Judges what a place has, and counts."""

from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.document import FindingLine, ImageUse, PlaceRead, RuleBroken
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.rules import RULES, Judge
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.audit.waivers import Waived, Waivers
from goldenami.workflows.audit.finding_store import FindingStore
from goldenami.workflows.audit.share import ImageSummary, PlaceShare, count_in
from goldenami.workflows.audit.sources import Batch


class Findings:
    """Everything found so far, and what of an earlier audit was found again.

    ``earlier`` are the keys of an earlier audit's findings, None if there is none; ``baking`` are
    the instances that were left out, since they belong to bakes under way. ``line`` is what an open
    finding is in the report, if they are kept as that.
    """

    def __init__(
        self,
        waivers: Waivers,
        earlier: frozenset[str] | None,
        *,
        keep: bool = False,
        line: FindingLine | None = None,
    ) -> None:
        self.waivers = waivers
        self.open: FindingStore[Finding] = FindingStore(Finding, line)
        self.waived: FindingStore[Waived] = FindingStore(Waived)
        self.subjects: FindingStore[Subject] | None = FindingStore(Subject) if keep else None
        self.earlier = earlier
        self.again: set[str] = set()
        self.baking: set[str] = set()

    def marked(self, finding: Finding) -> Finding:
        """Return a finding with its change since the earlier audit, if there was one."""
        if self.earlier is None:
            return finding
        key = finding.key
        if key in self.earlier:
            self.again.add(key)
        return replace(finding, change="open" if key in self.earlier else "new")


class PlaceSummary:
    """What one place has; written by one thread.

    ``produced`` are its images that releases made, or seem to have made; ``unread`` says what could
    not be read, and ``read`` whether the place has been gone through.
    """

    def __init__(
        self,
        number: int,
        place: AccountRegion,
        produced: Mapping[str, Produced],
        approved: Approved,
        findings: Findings,
    ) -> None:
        self.place = place
        self.produced = produced
        self.approved = approved.also(place.region, produced)
        self.unread: list[str] = []
        self.read = False
        self._number = number
        self._judge = Judge(self.approved)
        self._findings = findings
        self._subjects: Counter[str] = Counter()
        self._compliant: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.waived = self.baking = self.without_image = 0
        self.images: dict[str, ImageSummary] = {}

    @property
    def judged(self) -> int:
        """How much was judged so far."""
        return self._subjects.total()

    def add(self, batch: Batch) -> None:
        """Judge some more of the place, and count what is not to be judged."""
        if batch.share is not None:
            self._join(batch.share)
        for subject, number in batch.compliant:
            self._count(subject, [], number)
        self.baking += len(batch.baking)
        self._findings.baking.update(subject.resource for subject in batch.baking)
        still_open: list[Finding] = []
        waived: list[Waived] = []
        for subject in batch.subjects:
            findings = self._judge(subject)
            self._count(subject, findings)
            for finding in findings:
                waiver = self._findings.waivers.waiver_of(finding)
                if waiver is None:
                    still_open.append(self._findings.marked(finding))
                    self.rules[finding.rule] += 1
                else:
                    waived.append(Waived(finding=self._findings.marked(finding), waiver=waiver))
        if self._findings.subjects is not None:
            self._findings.subjects.add(self._number, batch.subjects)
        self.waived += len(waived)
        self._findings.open.add(self._number, still_open)
        self._findings.waived.add(self._number, waived)

    def share(self) -> PlaceShare:
        """Return all of it, for another process; nothing but this place has to be in it."""
        findings = self._findings
        return PlaceShare(
            subjects=self._subjects,
            compliant=self._compliant,
            rules=self.rules,
            waived=self.waived,
            baking=frozenset(findings.baking),
            without_image=self.without_image,
            images=self.images,
            open_written=[*findings.open.written()],
            waived_written=[*findings.waived.written()],
            subjects_written=[*findings.subjects.written()] if findings.subjects else [],
            waivers=findings.waivers.used,
            again=frozenset(findings.again),
        )

    def _join(self, share: PlaceShare) -> None:
        """Add what another process judged of the place."""
        findings = self._findings
        self._subjects += share.subjects
        self._compliant += share.compliant
        self.rules += share.rules
        self.waived += share.waived
        self.baking += len(share.baking)
        self.without_image += share.without_image
        for image_id, count in share.images.items():
            count_in(self.images, image_id, count)
        findings.baking |= share.baking
        findings.again |= share.again
        findings.waivers.use(share.waivers)
        for part in share.open_written:
            findings.open.keep(self._number, part)
        for part in share.waived_written:
            findings.waived.keep(self._number, part)
        if findings.subjects is not None:
            for part in share.subjects_written:
                findings.subjects.keep(self._number, part)

    @property
    def place_read(self) -> PlaceRead:
        """The place's part of the document."""
        golden = (image.id for image in self.produced.values() if image.golden)
        return PlaceRead(
            account=self.place.account,
            region=self.place.region,
            subjects=dict(self._subjects),
            compliant=self._compliant.total(),
            instances_compliant=self._compliant[Kind.INSTANCE.value],
            findings=self.rules.total(),
            approved_images=tuple(sorted(golden)),
            without_image=self.without_image,
            baking=self.baking,
            unread=tuple(self.unread),
        )

    def _count(self, subject: Subject, findings: list[Finding], number: int = 1) -> None:
        kind = subject.kind.value
        self._subjects[kind] += number
        if subject.without_image:
            self.without_image += number
        elif not findings:
            self._compliant[kind] += number
        if not subject.image.id:
            return
        count = self.images.get(subject.image.id)
        if count is None:
            produced = self.approved.claim(subject)
            golden = f"{produced.image} {produced.version}" if produced and produced.golden else ""
            count = ImageSummary(self.place.region, subject.image, golden)
            self.images[subject.image.id] = count
        count.add(kind, findings, number)


def images(summaries: list[PlaceSummary]) -> tuple[ImageUse, ...]:
    """Return the images of all places: the worst first, then the most used."""
    joined: dict[tuple[str, str], ImageSummary] = {}
    for place_summary in summaries:
        for image_id, count in place_summary.images.items():
            count_in(joined, (place_summary.place.region, image_id), count)
    return tuple(sorted((count.image_use for count in joined.values()), key=_worst_first))


def rules(summaries: list[PlaceSummary]) -> tuple[RuleBroken, ...]:
    """Return the rules that found something, in their order."""
    counts: Counter[str] = Counter()
    for place_summary in summaries:
        counts += place_summary.rules
    return tuple(
        RuleBroken(
            id=rule.id,
            title=rule.title,
            severity=rule.severity,
            explanation=rule.explanation,
            fix=rule.fix,
            controls=rule.controls,
            findings=counts[rule.id],
        )
        for rule in RULES
        if counts[rule.id]
    )


def _worst_first(use: ImageUse) -> tuple[int, int, str, str]:
    rank = use.worst.rank if use.worst else len(Severity)
    return (rank, -use.subjects, use.region, use.image.id)
