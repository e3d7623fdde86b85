"""What an enforcement changes: each policy, where it is attached, and how its document differs."""

from goldenami.report.terminal import say, tell
from goldenami.workflows.enforce.interface import Enforcement, EnforcementProof


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


def show(prepared: Enforcement) -> None:
    """Write the difference to stderr, for people."""
    tell(prepared.plan.notes)
    for change in prepared.changes:
        say(f"{change.kind:<7} {change.policy}", "bold")
        if change.attach:
            say(f"        attach to {', '.join(change.attach)}")
        if change.detach:
            say(f"        detach from {', '.join(change.detach)}")
        for line in change.diff.splitlines():
            say(f"        {line}", {"+": "green", "-": "red"}.get(line[:1], ""))
