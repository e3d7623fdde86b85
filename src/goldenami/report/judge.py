"""What became of events: a line as soon as each is judged, a document at the end, or JSON lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.choices import VerdictFormat
from goldenami.domain.events.verdict import EventOutcome, EventVerdict, VerdictCounts
from goldenami.report.audit.items import encode, write_line, write_list
from goldenami.report.audit.rows import fix
from goldenami.report.terminal import clean, line

SCHEMA = "goldenami.judge/v1"
COUNTED = (EventOutcome.OTHER, EventOutcome.REPEATED, EventOutcome.ELSEWHERE)
"""Of which people see no line; programs see none of the others."""
OTHERS_SHOWN = NAMES_SHOWN = 5

_STYLES: Mapping[EventOutcome, str] = {
    EventOutcome.BROKEN: "red", EventOutcome.UNREAD: "red", EventOutcome.FINDINGS: "bold",
    EventOutcome.COMPLIANT: "green",
}  # fmt: skip
_WORDS: Mapping[EventOutcome, str] = {
    EventOutcome.BROKEN: "broken",
    EventOutcome.UNREAD: "not judged",
    EventOutcome.FINDINGS: "with findings",
    EventOutcome.WAIVED: "with findings that are waived",
    EventOutcome.COMPLIANT: "compliant",
    EventOutcome.BAKING: "of bakes",
    EventOutcome.GONE: "with nothing to judge",
    EventOutcome.FAILED: "of failed calls",
    EventOutcome.OTHER: "not about launches or images",
    EventOutcome.REPEATED: "repeated",
    EventOutcome.ELSEWHERE: "of regions that are not looked at",
}

Writer = Callable[[Iterable[EventVerdict], VerdictCounts, TextIO], None]


def write_text(verdicts: Iterable[EventVerdict], _: VerdictCounts, out: TextIO) -> None:
    """Write a line for each event that somebody may want to see, and one for each finding."""
    for verdict in verdicts:
        if verdict.outcome in COUNTED:
            continue
        line(clean(_headline(verdict)), _STYLES.get(verdict.outcome, ""), out=out)
        for finding in verdict.findings:
            line(clean(f"  {_sentence(finding)}"), out=out)
        for waived in verdict.waived:
            accepted = f"waived by {waived.waiver.owner} until {waived.waiver.expires}"
            line(clean(f"  {_sentence(waived.finding)} ({accepted})"), out=out)
        out.flush()


def write_json(verdicts: Iterable[EventVerdict], counts: VerdictCounts, out: TextIO) -> None:
    """Write one document: every event but those of other things, then what there was in all."""
    head = {"schema": SCHEMA, "at": datetime.now(UTC)}
    out.write(msgspec.json.format(encode(head), indent=2).decode().removesuffix("\n}"))
    out.write(',\n  "events": ')
    write_list(out, _about_images(verdicts), indent="    ", end="  ")
    out.write(f',\n  "counts": {encode(_numbers(counts)).decode()}\n}}\n')


def write_jsonl(verdicts: Iterable[EventVerdict], counts: VerdictCounts, out: TextIO) -> None:
    """Write a line for each event as it is judged, and what there was in all at the end."""
    for verdict in _about_images(verdicts):
        write_line(out, {"line": "event", **msgspec.to_builtins(verdict)})
        out.flush()
    write_line(out, {"line": "summary", "schema": SCHEMA, **_numbers(counts)})


def writer(form: VerdictFormat) -> Writer:
    """Return what writes a format."""
    return _WRITERS[form]


_WRITERS: Mapping[VerdictFormat, Writer] = {
    VerdictFormat.TEXT: write_text,
    VerdictFormat.JSON: write_json,
    VerdictFormat.JSONL: write_jsonl,
}


def summary(counts: VerdictCounts) -> str:
    """Return what there was, in a sentence."""
    total = counts.outcomes.total()
    parts = [f"{number} {_words(outcome, counts)}" for outcome, number in _ordered(counts)]
    return f"{total} event{'s' * (total != 1)}" + (f": {', '.join(parts)}" if parts else "")


def _words(outcome: EventOutcome, counts: VerdictCounts) -> str:
    words = _WORDS[outcome]
    if outcome is EventOutcome.FINDINGS:
        levels = (f"{counts.severities[level]} {level.value}" for level in Severity
                  if counts.severities[level])  # fmt: skip
        return f"{words} ({', '.join(levels)})"
    if outcome is EventOutcome.OTHER:
        most = [f"{call} {number}" for call, number in counts.others.most_common(OTHERS_SHOWN)]
        more = ["…"] if len(counts.others) > OTHERS_SHOWN else []
        return f"{words} ({', '.join([*most, *more])})"
    return words


def _ordered(counts: VerdictCounts) -> Iterator[tuple[EventOutcome, int]]:
    return ((each, counts.outcomes[each]) for each in EventOutcome if counts.outcomes[each])


def _numbers(counts: VerdictCounts) -> dict[str, object]:
    return {
        **{outcome.value: number for outcome, number in _ordered(counts)},
        "others": dict(counts.others),
    }


def _about_images(verdicts: Iterable[EventVerdict]) -> Iterator[EventVerdict]:
    return (verdict for verdict in verdicts if verdict.outcome is not EventOutcome.OTHER)


def _headline(verdict: EventVerdict) -> str:
    at = f"{verdict.at:%Y-%m-%dT%H:%M:%SZ}" if verdict.at else ""
    who = f"by {verdict.by}" if verdict.by else ""
    what = _some([resource.split("/", 3)[3] for resource in verdict.resources])
    images = (
        f"({', '.join(verdict.images)})" if verdict.images and what not in verdict.images else ""
    )
    parts = (at, verdict.call or verdict.origin, verdict.where, who)
    result = f"{verdict.outcome.value}{f': {verdict.why}' if verdict.why else ''}"
    return " ".join(
        part for part in (*parts, f"{result}{f': {what}' * bool(what)}", images) if part
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _sentence(finding: Finding) -> str:
    subject = finding.subject
    return f"{finding.severity.value} {finding.rule} {subject.id}: {finding.reason}. {fix(finding)}"
