"""Shows a plan, and what happens while it is carried out."""

from typing import Any, Literal

from goldenami.domain.plan import Action, Happened, Plan, shown
from goldenami.report.listing import fields, write_document
from goldenami.report.terminal import clean, line, say, table

SCHEMA = "goldenami.plan/v1"


def write(plan: Plan, form: Literal["table", "json"]) -> None:
    """Write a plan to stdout: a table of its actions, or the plan as data."""
    if form == "json":
        parts = fields(plan, ("title", "notes", "permissions", "roles"))
        checked = fields(plan.checked, ("fine", "unknown"))
        actions = [_as_data(action) for action in plan.actions]
        write_document(SCHEMA, **parts, checked=checked, actions=actions)
        return
    line(plan.title)
    table(
        ("", "region", "action", "call"),
        [
            (number, action.region, action.summary, action.call)
            for number, action in enumerate(plan.actions, 1)
        ],
        sentences=("action",),
        spare=("call", "region", ""),
    )
    for mark, checks in (("✓", plan.checked.fine), ("?", plan.checked.unknown)):
        for check in checks:
            line(clean(f"{mark} {check}"))
    line(f"permissions needed: {', '.join(plan.permissions)}")
    for role, needed in plan.roles.items():
        line(f"permissions needed by {role}: {', '.join(needed)}")


def _as_data(action: Action) -> dict[str, Any]:
    """Return an action as plain data; secrets are left out and references named."""
    columns = ("id", "summary", "region", "call", "parameters", "permissions", "after", "undo")
    undo = action.undo.summary if action.undo else None
    return fields(action, columns) | {"parameters": shown(action.parameters), "undo": undo}


class PlanProgress:
    """Tells on stderr what happens; a repeated line of progress is told once."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def __call__(self, happened: Happened) -> None:
        """Tell one event."""
        action = happened.action
        step = f"{action.region:<15} {action.summary}"
        match happened.kind:
            case "progress":
                if self._last.get(action.id) != happened.text:
                    self._last[action.id] = happened.text
                    say(f"    {action.region:<15} {' '.join(happened.text.split())}", "dim")
            case "done":
                say(f"  ✓ {step}{f'  {happened.text}' if happened.text else ''}")
            case "failed":
                say(f"  ✗ {step}", "red")
            case "kept":
                say(f"  · {step} (done before)", "dim")
            case "undone":
                say(f"  ↺ undone: {step}", "yellow")
            case "left":
                say(f"  ! LEFT BEHIND: {step}: {happened.text}", "bold red")
            case "interrupted":
                say(f"  ! {happened.text}", "bold yellow")
