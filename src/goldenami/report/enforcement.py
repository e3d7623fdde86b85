"""What an enforcement changes: each policy, where it is attached, and how its document differs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import structs

from goldenami.report.listing import fields
from goldenami.report.terminal import Verbosity, clean, line, say, tell
from goldenami.workflows.enforce.interface import Enforcement, EnforcementProof, PolicyChange


def show_proof(proved: EnforcementProof) -> None:
    """Write what the proof of an enforcement found, in short, to stderr."""
    tell(proved.warnings, "warning")
    promised = [row for row in proved.rows if row.required]
    if not proved.failures:
        denied = sum(row.expected == "denied" for row in promised)
        say(
            f"proved: {len(promised) - denied} golden launches and pipeline steps stay allowed, "
            f"{denied} others are denied",
            "green",
        )


def tell_notes(prepared: Enforcement) -> None:
    """Tell what is to be known of an enforcement; of one that changes nothing it is known."""
    tell(prepared.plan.notes, level=Verbosity.DETAIL if prepared.nothing_to_do else None)


def tell_changes(prepared: Enforcement, level: Verbosity = Verbosity.NORMAL) -> None:
    """Write the difference to stderr, for people."""
    for text, style in _lines(prepared.changes):
        say(text, style, level)


def write_changes(prepared: Enforcement) -> None:
    """Write the difference to stdout, as a part of the plan."""
    for text, style in _lines(prepared.changes):
        line(clean(text), style)


def as_data(prepared: Enforcement) -> list[dict[str, Any]]:
    """Return every change as plain data."""
    columns = ("policy", "kind", "region", "diff", "attach", "detach")
    return [fields(change, columns) for change in prepared.changes]


def _lines(changes: Iterable[PolicyChange]) -> Iterator[tuple[str, str]]:
    """Yield each line with its style; what is the same in several regions comes once."""
    equal = dict[PolicyChange, list[str]]()
    for change in changes:
        equal.setdefault(structs.replace(change, region=""), []).append(change.region)
    for change, regions in equal.items():
        yield f"{change.kind:<7} {change.policy}{_in_regions([*filter(None, regions)])}", "bold"
        if change.attach:
            yield f"        attach to {', '.join(change.attach)}", ""
        if change.detach:
            yield f"        detach from {', '.join(change.detach)}", ""
        for part in change.diff.splitlines():
            yield f"        {part}", {"+": "green", "-": "red"}.get(part[:1], "")


def _in_regions(regions: Sequence[str]) -> str:
    if len(regions) < 2:
        return "".join(f" in {region}" for region in regions)
    return f" in {len(regions)} regions: {', '.join(regions)}"
