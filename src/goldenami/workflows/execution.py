"""Executes a plan: in parallel where its order allows, journalled, and undone if it fails.

The main thread alone keeps the books; threads that no exit waits for do the work and report to its
queue. A signal is one more report: the first one lets what is under way come to its end, the second
ends at once, and both tell by id what there is.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import nullcontext
from queue import SimpleQueue
from threading import Event
from typing import Any

from msgspec import Struct

from goldenami.aws.action import ActionContext, Handler
from goldenami.aws.calls import NONE, THERE, call
from goldenami.aws.errors import NOT_FOUND, code_of
from goldenami.aws.parallel import WORKERS, take
from goldenami.aws.session import Aws
from goldenami.domain.plan import Action, Happened, Plan, Results, Tell, refers, resolve, silent
from goldenami.errors import GoldenamiError, InterruptedRunError, LeaseLostError, SlowError
from goldenami.journal import Journal
from goldenami.workflows.interrupts import Interrupts

LOOKS = ("wait:", "compare:", "verify:")
"""How the calls begin that change nothing, and so need no guard."""


class RunOutcome(Struct, frozen=True):
    """What a run has done, the error that some of it ended in, and what else is to be told."""

    results: Results
    error: GoldenamiError | None = None
    notes: tuple[str, ...] = ()

    def then(self, later: "RunOutcome") -> "RunOutcome":
        """Return this outcome and that of a later part of the run as one."""
        notes = tuple(dict.fromkeys((*self.notes, *later.notes)))
        return RunOutcome(later.results, self.error or later.error, notes)


class _Ended(Struct, frozen=True):
    """What a thread reports of its action: its outputs, or why it failed."""

    action: Action
    outputs: Mapping[str, Any] = {}
    error: GoldenamiError | None = None


class _AbandonedError(Exception):
    """A second signal: nothing is waited for any longer."""


def unguarded() -> None:
    """Let everything be done."""


class Execution:
    """One run of one plan.

    Args:
        aws: whose AWS is called.
        handlers: what performs the calls that are no plain AWS calls, by name.
        journal: where intents and results are written; None for plans that need no resuming.
        done: the outputs of the actions that an earlier run has done.
        tell: is told of every event, from several threads.
        guard: is called before each action that changes something, and before each undo. When it
            raises a `LeaseLostError`, nothing more is begun, and nothing undone.
        interrupts: the signals so far, if there is more to the run than this plan.
        keep: the ids of actions that are not undone when it fails.
    """

    def __init__(
        self,
        aws: Aws,
        *,
        handlers: Mapping[str, Handler] | None = None,
        journal: Journal | None = None,
        done: Results | None = None,
        tell: Tell = silent,
        guard: Callable[[], None] = unguarded,
        interrupts: Interrupts | None = None,
        keep: Collection[str] = (),
    ) -> None:
        self._aws = aws
        self._handlers = handlers or {}
        self._journal = journal
        self._listener = tell
        self._guard = guard
        self._keep = keep
        self._interrupts = interrupts or Interrupts()
        self._signals = nullcontext(interrupts) if interrupts else self._interrupts
        self._reports: SimpleQueue[_Ended | None] = SimpleQueue()
        self._running: dict[str, Action] = {}
        self._cancelled = Event()
        self._abandoned = False
        self._done: dict[str, Mapping[str, Any]] = dict(done or {})
        self._failures: list[GoldenamiError] = []
        self._slow: set[str] = set()
        self._stopped: list[GoldenamiError] = []
        self._lost: LeaseLostError | None = None

    def run(self, plan: Plan) -> Results:
        """Execute a plan of which all must be done.

        Returns:
            The outputs of every action.

        Raises:
            GoldenamiError: see `attempt`.
            InterruptedRunError: a signal; see `attempt`.
        """
        outcome = self.attempt(plan)
        if outcome.error:
            raise outcome.error
        return outcome.results

    def attempt(self, plan: Plan) -> RunOutcome:
        """Execute every action whose predecessors are done, until all are.

        A failed action stops what comes after it and nothing else; at the end everything that no
        later action has settled is undone. What is merely slow is kept, with all that it and what
        comes after it would settle: another run goes on with it.

        Returns:
            The outputs of what was done, and the first error, with notes on what was undone, what
            is left, and what else failed.

        Raises:
            InterruptedRunError: a signal (Ctrl-C). Nothing more is begun; an undo that has begun
                is finished, else nothing is undone. The notes list what there is, by id, and with
                a second signal also what is not known.
        """
        with self._signals:
            try:
                return self._attempt(plan)
            except _AbandonedError as error:
                self._abandoned = True
                running = self._running.values()
                unknown = [f"not known: {action.summary} in {action.region}" for action in running]
                raise self._interrupted([*self._standing(plan), *unknown]) from error
            finally:
                if plan.actions:
                    self._listener(Happened("ended", plan.actions[-1]))

    def _attempt(self, plan: Plan) -> RunOutcome:
        self._reports = self._interrupts.inbox()
        self._run_all(plan)
        if self._interrupts.count:
            raise self._interrupted(self._standing(plan))
        if self._lost:
            return RunOutcome(self._done, self._stands(self._lost, self._standing(plan)))
        error = self._after_failure(plan) if self._failures else None
        return RunOutcome(self._done, error, () if error else self._journal_trouble())

    def _run_all(self, plan: Plan) -> None:
        waiting = {action.id: action for action in plan.actions if action.id not in self._done}
        for action in plan.actions:
            if action.id in self._done:
                self._tell(Happened("kept", action))
        while True:
            if not self._interrupts.count and not self._lost:
                ready = [action for action in waiting.values() if self._is_ready(action)]
                for action in ready[: WORKERS - len(self._running)]:
                    del waiting[action.id]
                    self._begin(action, self._perform)
            if not self._running:
                return
            self._collect(self._report("interrupted: what is under way comes to its end"))

    def _is_ready(self, action: Action) -> bool:
        return self._done.keys() >= set(action.after)

    def _begin(self, action: Action, do: Callable[[Action], Mapping[str, Any]]) -> None:
        self._running[action.id] = action
        threading.Thread(target=self._work, args=(action, do), daemon=True).start()

    def _work(self, action: Action, do: Callable[[Action], Mapping[str, Any]]) -> None:
        try:
            ended = _Ended(action, do(action))
        except GoldenamiError as error:
            ended = _Ended(action, error=error)
        except BaseException as error:  # whatever it is, somebody waits for the report
            wrapped = GoldenamiError(
                f"{action.summary}: unexpected {type(error).__name__}: {error}",
                fix="run it again with --debug and report what it shows",
            )
            wrapped.__cause__ = error
            ended = _Ended(action, error=wrapped)
        self._reports.put(ended)

    def _report(self, first: str) -> _Ended:
        """Wait for the next report of a thread; tell what a first signal means.

        Raises:
            _AbandonedError: a second signal.
        """
        while (report := take(self._reports)) is None:
            self._cancelled.set()
            if self._interrupts.count > 1:
                raise _AbandonedError
            under_way = next(iter(self._running.values()))
            text = f"{first}; interrupt again to end at once"
            self._tell(Happened("interrupted", under_way, text))
        del self._running[report.action.id]
        return report

    def _collect(self, report: _Ended) -> None:
        if report.error is None:
            self._done[report.action.id] = report.outputs
        elif isinstance(report.error, LeaseLostError):
            self._lost = self._lost or report.error
            self._cancelled.set()
        else:
            errors = self._stopped if self._cancelled.is_set() else self._failures
            errors.append(report.error)
            if isinstance(report.error, SlowError):
                self._slow.add(report.action.id)

    def _perform(self, action: Action) -> Mapping[str, Any]:
        if not action.call.startswith(LOOKS):
            self._guard()
        self._tell(Happened("started", action))
        try:
            if self._journal:
                self._journal.intent(action)
            outputs = self._result(action)
        except GoldenamiError as error:
            if self._journal:
                self._journal.failed(action, error)
            self._tell(Happened("failed", action, error.message))
            raise
        if self._journal:
            self._journal.result(action, outputs)
        self._tell(Happened("done", action, _shown(outputs)))
        return outputs

    def _result(self, action: Action) -> Mapping[str, Any]:
        context = self._context(
            action, self._cancelled, lambda text: self._tell(Happened("progress", action, text))
        )
        try:
            return self._call(action, context, created=refers(action.parameters))
        except GoldenamiError as error:
            if action.adopt and code_of(error) in THERE.get(action.call, NONE):
                adopted = self._handlers[action.adopt](context)
                if adopted.keys() >= action.outputs.keys():
                    return adopted
            raise

    def _context(
        self, action: Action, cancelled: Event, progress: Callable[[str], None]
    ) -> ActionContext:
        return ActionContext(
            regional=self._aws.acting_as(action.role).in_region(action.region),
            summary=action.summary,
            parameters=resolve(action.parameters, self._done),
            cancelled=cancelled,
            progress=progress,
            patience_s=action.patience_s,
        )

    def _call(self, action: Action, context: ActionContext, *, created: bool) -> Mapping[str, Any]:
        if handler := self._handlers.get(action.call):
            return handler(context)
        return call(context, action.call, action.outputs, created=created)

    def _unsettled(self, plan: Plan, ended: Collection[str]) -> Iterator[Action]:
        """Give what was made and no action that has ended settles, the newest first."""
        for action in reversed(plan.actions):
            settled = any(
                action.id in later.settles and later.id in ended for later in plan.actions
            )
            if action.undo and action.id in self._done and not settled:
                yield action

    def _outlasting(self, plan: Plan) -> set[str]:
        """Return the actions that were merely slow, and all that come after them."""
        ids, more = set[str](), self._slow
        while more:
            ids |= more
            more = {action.id for action in plan.actions if ids & {*action.after}} - ids
        return ids

    def _standing(self, plan: Plan) -> list[str]:
        unsettled = reversed([*self._unsettled(plan, self._done)])
        return [f"kept: {self._what(action)}" for action in unsettled]

    def _what(self, action: Action) -> str:
        return f"{action.summary}: {_shown(self._done[action.id])}"

    def _troubles(self) -> list[str]:
        """Say what failed, and what was stopped while it was under way."""
        return [
            *(f"failed before: {error.with_fix}" for error in self._failures),
            *(f"stopped: {error.message}" for error in self._stopped),
            *([self._lost.message] if self._lost else []),
            *self._journal_trouble(),
        ]

    def _stands(self, lost: LeaseLostError, there: list[str]) -> LeaseLostError:
        troubles = [trouble for trouble in self._troubles() if trouble != lost.message]
        lost.notes = (*lost.notes, *troubles, *there)
        return lost

    def _journal_trouble(self) -> tuple[str, ...]:
        trouble = self._journal.trouble if self._journal else ""
        return (trouble,) if trouble else ()

    def _interrupted(self, there: list[str]) -> InterruptedRunError:
        error = InterruptedRunError(
            "interrupted",
            notes=[*self._troubles(), *there],
            fix="run the same command again: it begins with a look at what there is",
        )
        if self._failures:
            error.__cause__ = self._failures[0]
        return error

    def _after_failure(self, plan: Plan) -> GoldenamiError:
        """Undo one after the other.

        Raises:
            InterruptedRunError: a signal; after a second one not everything was undone.
        """
        first = self._failures[0]
        unsettled = self._unsettled(plan, self._done.keys() | self._outlasting(plan))
        waiting = [action for action in unsettled if action.id not in self._keep]
        kept = [each for each in self._unsettled(plan, self._done) if each not in waiting]
        notes = [f"kept: {self._what(action)}" for action in kept]
        try:
            while waiting and not self._lost:
                self._begin(waiting[0], self._undo)
                report = self._report("interrupted: the undo is carried on")
                if isinstance(report.error, LeaseLostError):
                    self._lost = report.error
                else:
                    notes.append(self._undone(waiting.pop(0), report.error))
        except _AbandonedError as error:
            self._abandoned = True
            unknown = f"not known whether undone: {self._what(waiting[0])}"
            behind = [f"LEFT BEHIND: {self._what(action)}" for action in waiting[1:]]
            raise self._interrupted([*notes, unknown, *behind]) from error
        if self._interrupts.count:
            raise self._interrupted(notes)
        if self._lost:
            notes += [f"kept: {self._what(action)}" for action in waiting]
            return self._stands(self._lost, notes)
        others = [f"also failed: {error.with_fix}" for error in self._failures[1:]]
        first.notes = (*first.notes, *others, *self._journal_trouble(), *notes)
        return first

    def _undo(self, action: Action) -> Mapping[str, Any]:
        undo = action.undo
        if undo is None:
            return {}
        self._guard()
        context = self._context(undo, Event(), lambda _: None)
        try:
            self._call(undo, context, created=False)
        except GoldenamiError as error:
            if code_of(error) not in NOT_FOUND:
                raise
        if self._journal:
            self._journal.undone(action)
        return {}

    def _undone(self, action: Action, error: GoldenamiError | None) -> str:
        if error:
            self._tell(Happened("left", action, error.message))
            return f"LEFT BEHIND: {self._what(action)}: {error.message}"
        self._tell(Happened("undone", action))
        return f"undone: {self._what(action)}"

    def _tell(self, happened: Happened) -> None:
        if not self._abandoned:  # a thread that is left behind has nothing more to say
            self._listener(happened)


def _shown(outputs: Mapping[str, Any]) -> str:
    """Show the ids and counts among an action's outputs."""
    return " ".join(map(_words, outputs.values()))


def _words(output: Any) -> str:
    match output:
        case Mapping():
            return ", ".join(f"{count} {kind}" for kind, count in output.items()) or "none"
        case list():
            return ", ".join(output)
    return str(output)
