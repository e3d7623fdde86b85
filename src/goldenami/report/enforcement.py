"""What an enforcement changes: each policy, where it is attached, and how its document differs."""

from goldenami.report.terminal import say
from goldenami.workflows.enforce.interface import Enforcement


def show(prepared: Enforcement) -> None:
    """Write the difference to stderr, for people."""
    for note in prepared.plan.notes:
        say(f"note: {note}", "yellow")
    for change in prepared.changes:
        say(f"{change.kind:<7} {change.policy}", "bold")
        if change.attach:
            say(f"        attach to {', '.join(change.attach)}")
        if change.detach:
            say(f"        detach from {', '.join(change.detach)}")
        for line in change.diff.splitlines():
            say(f"        {line}", {"+": "green", "-": "red"}.get(line[:1], ""))
