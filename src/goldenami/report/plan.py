"""Shows a plan, and what happens while it is carried out."""

import re
from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from time import monotonic
from typing import Any, Literal, TextIO

from msgspec import Struct

from goldenami.domain.equal_actions import EqualActions, grouped
from goldenami.domain.plan import Action, Happened, Plan, shown
from goldenami.report.alike import FEW, together
from goldenami.report.listing import fields, write_document
from goldenami.report.speech import elapsed, refresh, unwatch, watch
from goldenami.report.streams import words
from goldenami.report.terminal import Verbosity, clean, line, say, table

SCHEMA = "goldenami.plan/v1"
_PERCENTAGE = re.compile(r"\d+(?:\.\d+)? ?%")


def where(regions: Sequence[str]) -> str:
    """Return how regions are shown in a line: by name, or how many."""
    return ", ".join(regions) if len(regions) <= FEW else f"{len(regions)} regions"


def write(plan: Plan, form: Literal["table", "json"], **further: object) -> None:
    """Write a plan to stdout: a table of its actions, or the plan as data.

    Args:
        plan: the plan.
        form: ``table`` or ``json``.
        further: what else the data has.
    """
    if form == "json":
        parts = fields(plan, ("title", "notes", "permissions", "roles"))
        checked = fields(plan.checked, ("fine", "unknown"))
        actions = [_as_data(action) for action in plan.actions]
        write_document(SCHEMA, **parts, checked=checked, actions=actions, **further)
        return
    show(plan)


def show(plan: Plan, out: TextIO | None = None) -> None:
    """Write a plan for people, equal actions of several regions as one; to stdout, or ``out``."""
    if not plan.actions:
        line(f"{plan.title}: there is nothing to do", out=out)
        return
    line(plan.title, out=out)
    _steps(plan.actions, out)
    for mark, checks in (("✓", plan.checked.fine), ("?", plan.checked.unknown)):
        for check in together(checks):
            line(clean(f"{mark} {check}"), out=out)
    line(f"permissions needed: {', '.join(plan.permissions)}", out=out)
    for role, needed in plan.roles.items():
        line(f"permissions needed by {role}: {', '.join(needed)}", out=out)


def _steps(actions: Iterable[Action], out: TextIO | None) -> None:
    groups = grouped(actions)
    table(
        ("", "region", "action", "call"),
        [
            (number, where(group.regions), group.actions[0].summary, group.actions[0].call)
            for number, group in enumerate(groups, 1)
        ],
        sentences=("region", "action"),
        spare=("call", "region", ""),
        out=out,
    )
    counted = dict[tuple[str, ...], list[str]]()
    for number, group in enumerate(groups, 1):
        if len(group.regions) > FEW:
            counted.setdefault(group.regions, []).append(str(number))
    for regions, numbers in counted.items():
        line(f"in {len(regions)} regions ({', '.join(numbers)}): {', '.join(regions)}", out=out)


def show_to_be_asked(plan: Plan) -> None:
    """Write a plan to stderr, where it is asked whether to go on with it."""
    show(plan, words())


def _as_data(action: Action) -> dict[str, Any]:
    """Return an action as plain data; secrets are left out and references named."""
    columns = ("id", "summary", "region", "call", "parameters", "permissions", "after", "undo")
    undo = action.undo.summary if action.undo else None
    return fields(action, columns) | {"parameters": shown(action.parameters), "undo": undo}


class _Ends(Struct):
    """Which of some equal actions have ended without more to tell of each, and how long they took.

    ``few`` are those that are told together, by how they ended.
    """

    equal: EqualActions
    ids: set[str]
    few: dict[str, list[tuple[Action, float]]] = {}


class PlanProgress:
    """Tells on stderr what happens while a plan is carried out, and how far it is.

    Each step is told once it has ended: how many of all have, and the time that it took. What ends
    alike in several regions is told together. Progress that says nothing new but a percentage is
    left to the line that is refreshed.

    Args:
        plan: what is carried out; steps of another one are told, and not counted.
        now: the clock, in seconds.
    """

    def __init__(self, plan: Plan | None = None, now: Callable[[], float] = monotonic) -> None:
        actions = plan.actions if plan else ()
        self._now = now
        self._began: float | None = None
        self._ids = {action.id for action in actions}
        self._equal = {
            action.id: ends
            for group in grouped(actions)
            if len(group.actions) > 1
            for ends in [_Ends(group, {action.id for action in group.actions})]
            for action in group.actions
        }
        self._lock = RLock()
        self._ended = set[str]()
        self._running = dict[str, tuple[Action, float]]()
        self._texts = dict[str, str]()

    def __call__(self, happened: Happened) -> None:
        """Tell one event; it may come from any thread."""
        with self._lock:
            self._tell(happened.kind, happened.action, happened.text)
        if happened.kind == "started":
            watch(self.line)
        elif happened.kind == "ended":
            unwatch(self.line)
        else:
            refresh()

    def line(self) -> str:
        """Return the line that tells how far it is; empty if nothing is under way."""
        with self._lock:
            if not self._running:
                return ""
            (action, _), *others = self._running.values()
            parts = (
                f"{self._number}{elapsed(self._now() - (self._began or 0))}",
                f"{len(others) + 1} under way" if others else "",
                f"{action.region}: {self._texts.get(action.id, '')}".removesuffix(": "),
                action.summary,
            )
            return ", ".join(part for part in parts if part)

    @property
    def _number(self) -> str:
        return f"{len(self._ended & self._ids)}/{len(self._ids)} " if self._ids else ""

    def _tell(self, kind: str, action: Action, text: str) -> None:
        match kind:
            case "started":
                self._running[action.id] = action, self._now()
                if self._began is None:
                    self._began = self._now()
            case "progress":
                self._progress(action, " ".join(text.split()))
            case "done":
                self._end(action, "✓", text)
            case "kept":
                self._end(action, "·", "(done before)", alike=True)
            case "left alone":
                self._end(action, "·", f"left alone: {text}")
            case "ended":
                self._flush()
                self._running.clear()
            case _:
                self._trouble(kind, action, text)

    def _trouble(self, kind: str, action: Action, text: str) -> None:
        match kind:
            case "failed":
                self._flush()
                self._end(action, "✗")
            case "undone":
                say(f"  ↺ undone: {_step(action)}", "yellow", Verbosity.PROBLEM)
            case "left":
                say(f"  ! LEFT BEHIND: {_step(action)}: {text}", "bold red", Verbosity.PROBLEM)
            case "interrupted":
                self._flush()
                say(f"  ! {text}", "bold yellow", Verbosity.PROBLEM)

    def _progress(self, action: Action, text: str) -> None:
        last = self._texts.get(action.id)
        self._texts[action.id] = text
        if last is None or _PERCENTAGE.sub("%", last) != _PERCENTAGE.sub("%", text):
            say(f"    {action.region:<15} {text}", "dim")

    def _end(self, action: Action, mark: str, text: str = "", *, alike: bool = False) -> None:
        """Tell that an action has ended, or keep that until its equals have."""
        _, began = self._running.pop(action.id, (action, self._now()))
        took_s = self._now() - began
        again = action.id in self._ended
        self._ended.add(action.id)
        ends = self._equal.get(action.id)
        if ends is None or mark == "✗" or (text and not alike):
            self._say(mark, action.region, action, text, took_s)
        elif not again:
            ends.few.setdefault(f"{mark} {text}", []).append((action, took_s))
        if ends and ends.ids <= self._ended:
            self._together(ends)

    def _flush(self) -> None:
        for ends in self._equal.values():
            self._together(ends)

    def _together(self, ends: _Ends) -> None:
        for key, several in ends.few.items():
            mark, _, text = key.partition(" ")
            regions = where([action.region for action, _ in several])
            self._say(mark, regions, ends.equal.first, text, max(took_s for _, took_s in several))
        ends.few = {}

    def _say(self, mark: str, regions: str, action: Action, text: str, took_s: float) -> None:
        took = f"({elapsed(took_s)})" if took_s >= 1 else ""
        text = "  ".join(part for part in (f"{regions:<15} {action.summary}", text, took) if part)
        style, level = _MARKS[mark]
        say(f"  {mark} {self._number}{text}", style, level)


_MARKS = {
    "✓": ("", Verbosity.NORMAL),
    "·": ("dim", Verbosity.NORMAL),
    "✗": ("red", Verbosity.PROBLEM),
}


def _step(action: Action) -> str:
    return f"{action.region:<15} {action.summary}"
