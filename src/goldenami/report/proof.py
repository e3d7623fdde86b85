"""What a proof found: expected against decided, and the statement that decided."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import structs

from goldenami.iam.evaluator.decide import Verdict
from goldenami.iam.profiles import OpenWay
from goldenami.iam.proof.prove import Proof, ProofRow
from goldenami.iam.reach.search import Reach, ReachPath, lines
from goldenami.report.listing import fields
from goldenami.report.terminal import say, table, tell
from goldenami.workflows.prove import Disagreement

SCHEMA = "goldenami.proof/v1"
VERDICT_SCHEMA = "goldenami.verdict/v1"
KNOWN = "known open"
_CASE = (
    "case", "topic", "subject", "region", "image", "expected", "decided", "required", "reason",
)  # fmt: skip


def write(
    proof: Proof,
    form: str,
    ways: Sequence[OpenWay],
    differing: Sequence[Disagreement] | None,
    access: Reach | None = None,
) -> None:
    """Write a proof to stdout, as a table or as JSON; its summary to stderr.

    Args:
        proof: every case, decided.
        form: ``table`` or ``json``.
        ways: the ways around that the proved profiles know, tried or not.
        differing: what IAM's simulator decides otherwise; None if it was not asked.
        access: who can become the pipeline role; None if that was not asked.
    """
    if form == "json":
        _write_json(proof, ways, differing, access)
    else:
        table(
            ("result", "case", "where", "expected", "decided", "by"),
            [(_result(row), row.case, f"{row.region} {row.image}".strip(),
              row.expected, row.decided, row.reason)
             for row in proof.rows],
            sentences=("case", "where", "by"),
            spare=("expected", "by", "where", "decided"),
        )  # fmt: skip
        if ways:
            table(
                ("result", "way around", "why", "what helps"),
                [(KNOWN, way.name, way.why, way.helps) for way in ways],
                sentences=("way around", "why", "what helps"),
            )
        if differing:
            table(Disagreement.__struct_fields__, [structs.astuple(row) for row in differing])
        if access:
            _write_access(access)
    _summary(proof, ways, differing)


def write_verdict(verdict: Verdict, form: str) -> None:
    """Write how a launch was decided: the answer first, then every resource of it."""
    requests = [
        {
            **fields(decision.request, ("action", "resource")),
            "decision": decision.outcome,
            "reason": decision.reason,
        }
        for decision in verdict.decisions
    ]
    if form == "json":
        document = {
            "schema": VERDICT_SCHEMA,
            "allowed": verdict.allowed,
            "decision": verdict.deciding.outcome,
            "reason": verdict.deciding.reason,
            "requests": requests,
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    sys.stdout.write(f"{_answer(verdict)}{verdict.deciding.reason}\n")
    table(
        ("action", "resource", "decision", "by"),
        [request.values() for request in requests],
        sentences=("by",),
        spare=("action", "by", "resource"),
    )


def _answer(verdict: Verdict) -> str:
    """Return the answer in a word; the reason of one that is unknown begins with it."""
    if verdict.unknown:
        return ""
    return "yes: " if verdict.allowed else "no: "


def _write_access(access: Reach) -> None:
    """Write who can become the pipeline role, each way once; what is not known to stderr."""
    rows = [("become", line) for line in lines(access.become)]
    rows += [("change or pass on", line) for line in lines(access.change)]
    columns = (f"who can … {access.role}", "by")
    table(columns, rows or [("become", "nobody was found")], sentences=columns)
    tell(access.notes)


def _result(row: ProofRow) -> str:
    if row.as_expected:
        return "ok"
    if row.required:
        return "FAILED"
    return KNOWN if row.way else "open"


def _write_json(
    proof: Proof,
    ways: Sequence[OpenWay],
    differing: Sequence[Disagreement] | None,
    access: Reach | None,
) -> None:
    tried = {row.way for row in proof.rows}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "proved": not proof.failed,
        "cases": [
            {
                **fields(row, _CASE),
                "known_open": row.way if not (row.as_expected or row.required) else "",
            }
            for row in proof.rows
        ],
        "known_open": [{**structs.asdict(way), "tried": way.name in tried} for way in ways],
    }
    if differing is not None:
        document["aws_disagrees"] = [structs.asdict(row) for row in differing]
    if access:
        paths = [_path(path) for path in access.paths]
        document["pipeline_access"] = {**fields(access, ("role", "notes")), "paths": paths}
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _path(path: ReachPath) -> dict[str, Any]:
    return {
        **fields(path, ("kind", "name", "becomes", "certain")),
        "steps": [
            {
                "to": step.to,
                "ways": [{"call": way.call, "depends_on": list(way.depends)} for way in step.ways],
            }
            for step in path.steps
        ],
    }


def _summary(
    proof: Proof, ways: Sequence[OpenWay], differing: Sequence[Disagreement] | None
) -> None:
    required = [row for row in proof.rows if row.required]
    kept = len(required) - len(proof.failed)
    say(f"{kept} of {len(required)} promised cases are as they have to be")
    for topic, rows in _by_topic(row for row in proof.open if not row.way).items():
        first, more = rows[0], len({row.case for row in rows}) - 1
        others = f", and {more} more of {topic}" if more else ""
        why = f" ({first.why})" if first.why else ""
        say(f"open: {first.case}: {first.decided}{why}{others}", "yellow")
    if ways:
        say(f"known open: {len(ways)} ways that no policy closes, each with what helps", "yellow")
    if differing is not None:
        agreement = "agrees" if not differing else f"disagrees on {len(differing)} requests"
        say(f"IAM's policy simulator {agreement}", "yellow" if differing else "green")


def _by_topic(rows: Iterable[ProofRow]) -> dict[str, list[ProofRow]]:
    topics: dict[str, list[ProofRow]] = {}
    for row in rows:
        topics.setdefault(row.topic, []).append(row)
    return topics
