"""The audit: where, what is golden, what there is, the verdict, the document."""

from collections import Counter
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from goldenami import __version__, files
from goldenami.aws.parallel import stoppable
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.document import Audit, Document, PlaceRead, Since
from goldenami.domain.audit.subject import Kind
from goldenami.domain.audit.waivers import Waivers
from goldenami.errors import (
    InterruptedRunError,
    RefusedError,
    UsageError,
)
from goldenami.workflows.audit import approval, saved, summary
from goldenami.workflows.audit.account_regions import AuditedPlaces
from goldenami.workflows.audit.crew import Crew
from goldenami.workflows.audit.judging import AuditProgress, judged
from goldenami.workflows.audit.live import ASKING, LiveSource
from goldenami.workflows.audit.pieces import PlaceImages
from goldenami.workflows.audit.question import AuditQuestion, AuditScope
from goldenami.workflows.audit.saved import SavedSource
from goldenami.workflows.audit.sources import AuditSource, GoldenImages
from goldenami.workflows.audit.summary import Findings, PlaceSummary


def audit(
    aws: Aws | None,
    question: AuditQuestion,
    *,
    progress: AuditProgress | None = None,
    now: datetime | None = None,
) -> Document:
    """Judge everything in every region of every account.

    What cannot be read is in the document by place and reason, and makes it incomplete. A saved
    inventory needs no AWS.

    Raises:
        RefusedError: nothing is approved, or no instance was seen: neither is a green audit.
        IncompleteError: no place at all could be read.
        InterruptedRunError: Ctrl-C.
    """
    at, progress = now or datetime.now(UTC), progress or AuditProgress()
    try:
        with stoppable(ASKING) as asking:
            crew = Crew(aws)
            source = _source(aws, question, asking, crew)
            return _audited(source, question, at, progress, crew)
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            "the audit was interrupted, and nothing is written", fix="run the same command again"
        ) from error


def _source(
    aws: Aws | None, question: AuditQuestion, asking: ThreadPoolExecutor, crew: Crew
) -> AuditSource:
    kind, _, name = question.source.partition(":")
    if kind == "file":
        return SavedSource(Path(name))
    if aws is None:
        raise UsageError("only a saved inventory can be judged without AWS")
    if kind == "config":
        from goldenami.workflows.audit.aggregator import AggregatorSource

        alone = replace(question, parts=frozenset(), accounts=(), organization=False)
        return AggregatorSource(aws, question, LiveSource(aws, alone, asking), name)
    return LiveSource(aws, question, asking, others=crew)


def _audited(
    source: AuditSource,
    question: AuditQuestion,
    at: datetime,
    progress: AuditProgress,
    crew: Crew,
) -> Document:
    places = source.places()
    goldens = source.goldens(places.readable)
    unreadable = (*places.unreadable.items(), *goldens.unreadable.items())
    approved = approval.approved(source, question, goldens, unreadable, at)
    earlier = question.earlier.keys if question.earlier else None
    keep = question.keep is not None
    waivers = Waivers(question.waivers, at.date())
    findings = Findings(waivers, earlier, keep=keep, line=question.line)
    if isinstance(source, LiveSource):
        crew.prepare(question, approved, earlier, partial(_images_of, source, goldens))
    readable = [place for place in places.readable if place in goldens.produced]
    summaries = judged(source, readable, goldens, approved, findings, progress, crew)
    read = [summary.place_read for summary in summaries]
    read += [
        PlaceRead(account=place.account, region=place.region, unread=(why,))
        for place, why in unreadable
    ]
    if question.keep and findings.subjects is not None:
        with files.packing(question.keep) as out:
            head = _head(source, question, places, summaries, read, at)
            saved.write(head, findings.subjects, out)
    _refuse_no_instance(read, question)
    document = Audit(
        tool=f"goldenami {__version__}",
        at=at,
        account=source.account,
        source=source.name,
        complete=not any(place.unread for place in read),
        places=tuple(
            sorted(read, key=lambda place: (place.account != source.account, place.where))
        ),
        images=summary.images(summaries),
        rules=summary.rules(summaries),
        rules_asked=question.rules(source.scope),
        approved_by_list=question.listed.entries,
        release=question.release,
        open_findings=sum(place.findings for place in read),
        waived_findings=sum(place_summary.waived for place_summary in summaries),
        waivers_expired=findings.waivers.expired,
        waivers_unused=findings.waivers.unused,
        since=_since(source, question, findings, read),
    )
    lines = findings.open.lines if question.line else None
    return Document(document, findings.open, findings.waived, lines)


def _images_of(source: LiveSource, goldens: GoldenImages, place: AccountRegion) -> PlaceImages:
    return PlaceImages(source.own_at(place), goldens.produced[place])


def _head(
    source: AuditSource,
    question: AuditQuestion,
    places: AuditedPlaces,
    summaries: Iterable[PlaceSummary],
    read: Iterable[PlaceRead],
    at: datetime,
) -> saved.InventoryHead:
    """Return what a saved inventory has to tell beside its subjects."""
    produced = {str(summary.place): summary.produced.values() for summary in summaries}
    parameters = {}
    if question.listed.parameters:
        home = [place.region for place in places.readable if place.account == source.account]
        parameters = {region: source.listed(region) for region in home}
    return saved.InventoryHead(
        at=at,
        account=source.account,
        scope=source.scope,
        places=tuple(
            saved.SavedPlace(
                account=place.account,
                region=place.region,
                subjects=sum(place.subjects.values()),
                produced=tuple(produced.get(place.where, ())),
                unread=place.unread,
            )
            for place in read
        ),
        parameters=parameters,
    )


def _since(
    source: AuditSource, question: AuditQuestion, findings: Findings, read: Iterable[PlaceRead]
) -> Since | None:
    """Compare with the earlier audit: what is gone is fixed only where this one could see it."""
    earlier = question.earlier
    if earlier is None or findings.earlier is None:
        return None
    unread = {place.where for place in read if place.unread}
    seen = {place.where for place in read} - unread
    gone = sorted(set(findings.earlier) - findings.again)
    fixed = [key for key in gone if _would_be_seen(key, seen, source.scope)]
    changes = Counter(finding.change for finding in findings.open)
    return Since(
        at=earlier.at,
        new=changes["new"],
        open=changes["open"],
        fixed=len(fixed),
        unknown=len(gone) - len(fixed),
        fixed_findings=tuple(fixed),
        read_again=tuple(place.where for place in earlier.unread if place.where not in unread),
    )


def _would_be_seen(key: str, seen: Container[str], scope: AuditScope) -> bool:
    account, region, kind, rest = key.split("/", 3)
    return f"{account}/{region}" in seen and scope.covers(kind, rest.rpartition("/")[2])


def _inspected(place: PlaceRead) -> bool:
    """Tell whether anything was looked at but parameters, which run and launch nothing."""
    return bool(place.subjects.keys() - {Kind.PARAMETER.value})


def _refuse_no_instance(read: list[PlaceRead], question: AuditQuestion) -> None:
    if question.allow_empty or any(_inspected(place) or place.unread for place in read):
        return
    raise RefusedError(
        f"audit: no instance in {len(read)} regions, so nothing was inspected",
        fix="check the account and the regions; --allow-empty accepts an empty fleet",
    )
