"""Executes a plan: in parallel where its order allows, journalled, and undone if it fails."""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

from msgspec import Struct

from goldenami.aws.already import NONE, THERE
from goldenami.aws.calls import call
from goldenami.aws.errors import NOT_FOUND, code_of
from goldenami.aws.session import Aws
from goldenami.aws.waits import Doing
from goldenami.domain.plan import Action, Happened, Plan, Results, Tell, references, resolve, silent
from goldenami.errors import GoldenamiError, InterruptedRunError, LeaseLostError
from goldenami.journal import Journal

WORKERS = 32
LOOKS = ("wait:", "compare:", "verify:")
"""How the calls begin that change nothing, and so need no guard."""

Handler = Callable[[Doing], Mapping[str, Any]]


class Failure(Struct, frozen=True):
    """An action that failed, and why."""

    action: Action
    error: GoldenamiError


class Outcome(Struct, frozen=True):
    """What a run has done, and the error that some of it ended in."""

    results: Results
    error: GoldenamiError | None = None


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
    ) -> None:
        self._aws = aws
        self._handlers = handlers or {}
        self._journal = journal
        self._tell = tell
        self._guard = guard
        self._cancelled = Event()
        self._done: dict[str, Mapping[str, Any]] = dict(done or {})
        self._failures: list[Failure] = []
        self._lost: LeaseLostError | None = None

    def run(self, plan: Plan) -> Results:
        """Execute a plan of which all must be done.

        Returns:
            The outputs of every action.

        Raises:
            GoldenamiError: see `attempt`.
            InterruptedRunError: Ctrl-C; nothing is undone, the notes list what there is.
        """
        outcome = self.attempt(plan)
        if outcome.error:
            raise outcome.error
        return outcome.results

    def attempt(self, plan: Plan) -> Outcome:
        """Execute every action whose predecessors are done, until all are.

        A failed action stops what comes after it and nothing else; at the end everything that no
        later action has settled is undone.

        Returns:
            The outputs of what was done, and the first error, with notes on what was undone, what
            is left, and what else failed.

        Raises:
            InterruptedRunError: Ctrl-C; nothing is undone, the notes list what there is.
        """
        try:
            self._run_all(plan)
        except KeyboardInterrupt as error:
            raise InterruptedRunError("interrupted", notes=self._standing(plan)) from error
        failure = self._after_failure(plan) if self._failures and not self._lost else None
        if self._lost:  # also while undoing
            failed = (f"failed before: {one.error.message}" for one in self._failures)
            self._lost.notes = (*self._lost.notes, *failed, *self._standing(plan))
        return Outcome(self._done, self._lost or failure)

    def _run_all(self, plan: Plan) -> None:
        waiting = {one.id: one for one in plan.actions if one.id not in self._done}
        for action in plan.actions:
            if action.id in self._done:
                self._tell(Happened("kept", action))
        running: dict[Future[Mapping[str, Any]], Action] = {}
        with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="goldenami") as pool:
            try:
                while True:
                    ready = [] if self._lost else [*filter(self._ready, waiting.values())]
                    for action in ready:
                        del waiting[action.id]
                        running[pool.submit(self._perform, action)] = action
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        self._collect(running.pop(future), future)
            finally:
                self._cancelled.set()
                for future, action in running.items():
                    self._collect(action, future)

    def _ready(self, action: Action) -> bool:
        return all(one in self._done for one in action.after)

    def _collect(self, action: Action, future: "Future[Mapping[str, Any]]") -> None:
        try:
            self._done[action.id] = future.result()
        except LeaseLostError as error:
            self._lost = self._lost or error
            self._cancelled.set()
        except GoldenamiError as error:
            self._failures.append(Failure(action, error))
        except Exception as error:
            wrapped = GoldenamiError(
                f"{action.summary}: unexpected {type(error).__name__}: {error}",
                fix="run it again with --debug and report what it shows",
            )
            wrapped.__cause__ = error
            self._failures.append(Failure(action, wrapped))

    def _perform(self, action: Action) -> Mapping[str, Any]:
        if not action.call.startswith(LOOKS):
            self._guard()
        self._tell(Happened("started", action))
        if self._journal:
            self._journal.intent(action)
        try:
            outputs = self._result(action)
        except GoldenamiError as error:
            if self._journal:
                self._journal.failed(action, error)
            self._tell(Happened("failed", action, error.message))
            raise
        if self._journal:
            self._journal.result(action, outputs)
        self._tell(Happened("done", action, _told(outputs)))
        return outputs

    def _result(self, action: Action) -> Mapping[str, Any]:
        doing = Doing(
            aws=self._aws.at(action.role),
            region=action.region,
            summary=action.summary,
            parameters=resolve(action.parameters, self._done),
            cancelled=self._cancelled,
            progress=lambda text: self._tell(Happened("progress", action, text)),
        )
        if action.call in self._handlers:
            return self._handlers[action.call](doing)
        try:
            created = bool(references(action.parameters))
            return call(doing, action.call, action.outputs, created=created)
        except GoldenamiError as error:
            if action.adopt and code_of(error) in THERE.get(action.call, NONE):
                adopted = self._handlers[action.adopt](doing)
                if adopted.keys() >= action.outputs.keys():
                    return adopted
            raise

    def _standing(self, plan: Plan) -> list[str]:
        return [
            f"kept: {action.summary}: {_told(self._done[action.id])}"
            for action in plan.actions
            if action.undo and action.id in self._done and not self._settled(plan, action)
        ]

    def _settled(self, plan: Plan, action: Action) -> bool:
        return any(action.id in one.settles and one.id in self._done for one in plan.actions)

    def _after_failure(self, plan: Plan) -> GoldenamiError:
        first = self._failures[0].error
        notes = list(first.notes)
        notes += [f"also failed: {one.error.message}" for one in self._failures[1:]]
        for action in reversed(plan.actions):
            if action.undo and action.id in self._done and not self._settled(plan, action):
                try:
                    self._guard()
                except LeaseLostError as error:
                    self._lost = error
                    break
                notes.append(self._undo(action, action.undo))
        first.notes = tuple(notes)
        return first

    def _undo(self, action: Action, undo: Action) -> str:
        what = f"{action.summary}: {_told(self._done[action.id])}"
        doing = Doing(
            aws=self._aws.at(undo.role),
            region=undo.region,
            summary=undo.summary,
            parameters=resolve(undo.parameters, self._done),
            cancelled=Event(),
            progress=lambda _: None,
        )
        try:
            if undo.call in self._handlers:
                self._handlers[undo.call](doing)
            else:
                call(doing, undo.call, undo.outputs)
        except GoldenamiError as error:
            if code_of(error) not in NOT_FOUND:
                self._tell(Happened("left", action, error.message))
                return f"LEFT BEHIND: {what}: {error.message}"
        if self._journal:
            self._journal.undone(action)
        self._tell(Happened("undone", action))
        return f"undone: {what}"


def _told(outputs: Mapping[str, Any]) -> str:
    """Show the ids and counts among an action's outputs."""
    return " ".join(map(_words, outputs.values()))


def _words(output: Any) -> str:
    match output:
        case Mapping():
            return ", ".join(f"{count} {kind}" for kind, count in output.items()) or "none"
        case list():
            return ", ".join(output)
    return str(output)
