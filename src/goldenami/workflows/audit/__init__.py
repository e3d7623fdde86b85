"""The audit: where, what is golden, what there is, the verdict, the document."""

from collections import Counter
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from goldenami import __version__, files
from goldenami.aws.parallel import stoppable
from goldenami.aws.session import Aws
from goldenami.domain.audit.document import Audit, Document, PlaceRead, Since
from goldenami.domain.audit.waivers import Waivers
from goldenami.errors import (
    InterruptedRunError,
    RefusedError,
    UsageError,
)
from goldenami.workflows.audit import approving, saved, tally
from goldenami.workflows.audit.aggregator import Aggregator
from goldenami.workflows.audit.judging import judged
from goldenami.workflows.audit.live import Live
from goldenami.workflows.audit.places import Places, Unreadable
from goldenami.workflows.audit.progress import Progress
from goldenami.workflows.audit.question import Question, Scope
from goldenami.workflows.audit.saved import Saved
from goldenami.workflows.audit.sources import Goldens, Source
from goldenami.workflows.audit.tally import Findings

ASKING = 8
"""How many calls that were made ahead are under way at once."""


def audit(
    aws: Aws | None,
    question: Question,
    *,
    progress: Progress | None = None,
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
    at, progress = now or datetime.now(UTC), progress or Progress()
    try:
        with stoppable(ASKING) as asking:
            return _audited(_source(aws, question, asking), question, at, progress)
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            "the audit was interrupted, and nothing is written", fix="run the same command again"
        ) from error


def _source(aws: Aws | None, question: Question, asking: ThreadPoolExecutor) -> Source:
    kind, _, name = question.source.partition(":")
    if kind == "file":
        return Saved(Path(name))
    if aws is None:
        raise UsageError("only a saved inventory can be judged without AWS")
    if kind == "config":
        alone = replace(question, parts=frozenset(), accounts=(), organization=False)
        return Aggregator(aws, question, Live(aws, alone, asking), name)
    return Live(aws, question, asking)


def _audited(source: Source, question: Question, at: datetime, progress: Progress) -> Document:
    places = source.places()
    goldens = source.goldens((*places.home, *places.others))
    unreadable = (*places.unreadable, *goldens.unreadable)
    approved = approving.approved(source, question, places.home, goldens, at)
    approving.refuse_none(approved, goldens, unreadable)
    findings = Findings(
        Waivers(question.waivers, at.date()), _earlier(question), keep=question.keep is not None
    )
    readable = [one for one in (*places.home, *places.others) if one in goldens.produced]
    done = judged(source, readable, goldens, approved, findings, progress)
    tallies, read = [one for one, _ in done], [one for _, one in done]
    read += [_unread(one) for one in unreadable]
    if question.keep and findings.subjects is not None:
        with files.writing(question.keep) as out:
            head = _head(source, question, places, goldens, read, at)
            saved.write(saved.Inventory(head, findings.subjects), out)
    _refuse_no_instance(read, question)
    document = Audit(
        tool=f"goldenami {__version__}",
        at=at,
        account=source.account,
        source=source.name,
        complete=not any(one.unread for one in read),
        places=tuple(sorted(read, key=lambda one: (one.account != source.account, one.where))),
        images=tally.images(tallies),
        rules=tally.rules(tallies),
        rules_asked=question.rules(source.scope),
        approved_by_list=question.listed.given,
        release=question.release,
        open_findings=sum(one.findings for one in read),
        waived_findings=sum(one.waived for one in tallies),
        waivers_expired=findings.waivers.expired,
        waivers_unused=findings.waivers.unused,
        since=_since(source, question, findings, read),
    )
    return Document(document, findings.open, findings.waived)


def _head(
    source: Source,
    question: Question,
    places: Places,
    goldens: Goldens,
    read: Iterable[PlaceRead],
    at: datetime,
) -> saved.Head:
    """Return what a saved inventory has to tell beside its subjects."""
    made = {(place.account, place.region): one for place, one in goldens.produced.items()}
    parameters = {}
    if question.listed.parameters:
        parameters = {one.region: source.listed(one.region) for one in places.home}
    return saved.Head(
        at=at,
        account=source.account,
        scope=source.scope,
        places=tuple(
            saved.SavedPlace(
                account=one.account,
                region=one.region,
                subjects=sum(one.subjects.values()),
                produced=tuple(made.get((one.account, one.region), {}).values()),
                unread=one.unread,
            )
            for one in read
        ),
        parameters=parameters,
    )


def _unread(one: Unreadable) -> PlaceRead:
    return PlaceRead(account=one.place.account, region=one.place.region, unread=(one.why,))


def _earlier(question: Question) -> frozenset[str] | None:
    if question.earlier is None:
        return None
    return frozenset(one.key for one in question.earlier.findings)


def _since(
    source: Source, question: Question, findings: Findings, read: Iterable[PlaceRead]
) -> Since | None:
    """Compare with the earlier audit: what is gone is fixed only where this one could see it."""
    earlier = question.earlier
    if earlier is None or findings.earlier is None:
        return None
    unread = {one.where for one in read if one.unread}
    seen = {one.where for one in read} - unread
    gone = sorted(set(findings.earlier) - findings.again)
    fixed = [key for key in gone if _would_be_seen(key, seen, source.scope)]
    changes = Counter(one.change for one in findings.open)
    return Since(
        at=earlier.at,
        new=changes["new"],
        open=changes["open"],
        fixed=len(fixed),
        unknown=len(gone) - len(fixed),
        fixed_findings=tuple(fixed),
        read_again=tuple(one.where for one in earlier.unread if one.where not in unread),
    )


def _would_be_seen(key: str, seen: Container[str], scope: Scope) -> bool:
    account, region, kind, rest = key.split("/", 3)
    return f"{account}/{region}" in seen and scope.covers(kind, rest.rpartition("/")[2])


def _refuse_no_instance(read: list[PlaceRead], question: Question) -> None:
    if question.allow_empty or any(one.subjects or one.unread for one in read):
        return
    raise RefusedError(
        f"audit: no instance in {len(read)} regions, so nothing was inspected",
        fix="check the account and the regions; --allow-empty accepts an empty fleet",
    )
