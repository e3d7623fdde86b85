"""Carrying a remediation out: paced, and each action looked at once more right before it."""

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.session import Aws
from goldenami.domain.plan import Action, Happened, Plan, Tell, silent
from goldenami.errors import (
    AwsError,
    GoldenamiError,
    IncompleteError,
    InterruptedRunError,
    LeftAloneError,
)
from goldenami.workflows.execution import Execution
from goldenami.workflows.remediate.interface import Guard, RemediationRequest, RemediationStep


class Remediation(Struct, frozen=True, kw_only=True):
    """What is to be done, step by step, and what is left alone with the reason."""

    plan: Plan
    steps: tuple[RemediationStep, ...]

    @property
    def unread(self) -> IncompleteError | None:
        """The error of having left things alone because something could not be read, if any was."""
        return _incomplete([f"{step.id}: {step.reason}" for step in self.steps if step.unread])


class RemediationResult(Struct, frozen=True, kw_only=True):
    """How it ended for one thing: ``done``, ``left alone``, ``failed``, ``not begun``."""

    account: str
    region: str
    id: str
    result: str
    detail: str = ""


Adopt = Callable[[ActionContext, AwsError], Mapping[str, object] | None]
"""Finds the result of a call whose answer was lost in what its repetition is refused with."""


def carry_out(
    aws: Aws,
    remediation: Remediation,
    request: RemediationRequest,
    *,
    adopt: Mapping[str, Adopt] | None = None,
    tell: Tell = silent,
) -> tuple[list[RemediationResult], GoldenamiError | None]:
    """Do it, no faster than was asked for; what fails does not stop the others.

    Returns:
        The result for each thing the audit named, and the first error, if there was one.
    """
    run = _Run(remediation, Pace(request.per_minute), adopt or {}, tell)
    try:
        Execution(aws, handlers=run.handlers, tell=run.listen).attempt(run.plan)
        error = run.error
    except InterruptedRunError:
        error = InterruptedRunError(
            "interrupted", fix="run the same command again: what is done already is left out"
        )
    return [run.result(step) for step in remediation.steps], error


class Pace:
    """Lets so many calls begin in a minute, evenly, by a clock in seconds."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = monotonic) -> None:
        self._every_s = 60 / per_minute
        self._clock = clock
        self._next = clock()
        self._lock = Lock()

    def turn_in_s(self) -> float:
        """Take the next turn, and return how long it is until then."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._every_s
        return turn - now


class _Run:
    """One run: how each action ended."""

    def __init__(
        self, remediation: Remediation, pace: Pace, adopt: Mapping[str, Adopt], tell: Tell
    ) -> None:
        self._remediation = remediation
        self._pace = pace
        self._adopt = adopt
        self._tell = tell
        self._done: set[str] = set()
        self._left: dict[str, LeftAloneError] = {}
        self._failed: dict[str, GoldenamiError] = {}
        guards = {action.id: step.guard for step in remediation.steps for action in step.actions}
        actions = remediation.plan.actions
        # Each action is a handler of its own, which knows what to look at before.
        self.plan = replace(
            remediation.plan, actions=tuple(replace(action, call=action.id) for action in actions)
        )
        self.handlers = {action.id: self._handler(action, guards[action.id]) for action in actions}

    def listen(self, happened: Happened) -> None:
        """Tell on what happens; what is left alone is no failure."""
        reason = self._left.get(happened.action.id)
        if happened.kind == "failed" and reason:
            line = f"left alone: {happened.action.summary}: {reason.message}"
            self._tell(Happened("progress", happened.action, line))
        else:
            self._tell(happened)

    @property
    def error(self) -> GoldenamiError | None:
        """The first failure with the others; else what could not be read."""
        failures = list(self._failed.values())
        if failures:
            first = failures[0]
            first.notes = (
                *first.notes,
                *(f"also failed: {failure.message}" for failure in failures[1:]),
            )
            return first
        unjudged = [
            f"{self._summary(name)}: {reason.message}"
            for name, reason in self._left.items()
            if reason.unread
        ]
        unread = [f"{step.id}: {step.reason}" for step in self._remediation.steps if step.unread]
        return _incomplete([*unread, *unjudged])

    def result(self, step: RemediationStep) -> RemediationResult:
        """Return how it ended for a thing."""
        result, detail = self._ended(step)
        return RemediationResult(
            account=step.place.account, region=step.place.region, id=step.id, result=result,
            detail=detail,
        )  # fmt: skip

    def _ended(self, step: RemediationStep) -> tuple[str, str]:
        if step.reason:
            return "left alone", step.reason
        done = [action.summary for action in step.actions if action.id in self._done]
        for name in (action.id for action in step.actions):
            if name in self._failed:
                return "failed", self._failed[name].message
            if name in self._left:
                before = f" (done before: {', '.join(done)})" if done else ""
                return "left alone", f"{self._left[name].message}{before}"
        if len(done) == len(step.actions):
            return "done", done[-1]
        return "not begun", "what comes before it was not done"

    def _summary(self, name: str) -> str:
        return next(action.summary for action in self.plan.actions if action.id == name)

    def _handler(
        self, action: Action, guard: Guard
    ) -> Callable[[ActionContext], Mapping[str, object]]:
        def handle(context: ActionContext) -> Mapping[str, object]:
            try:
                self._take_turn(context)
                _look(action, guard)
                outputs = self._called(action, context)
            except LeftAloneError as reason:
                self._left[action.id] = reason
                raise
            except GoldenamiError as error:
                self._failed[action.id] = error
                raise
            except Exception as error:
                self._failed[action.id] = GoldenamiError(
                    f"{context.summary}: unexpected {type(error).__name__}: {error}",
                    fix="run it again with --debug and report what it shows",
                )
                raise
            self._done.add(action.id)
            return {
                name: str(output) for name, output in outputs.items()
            }  # EC2 takes versions as text

        return handle

    def _take_turn(self, context: ActionContext) -> None:
        if context.cancelled.wait(self._pace.turn_in_s()):
            raise GoldenamiError(f"{context.summary}: not begun")

    def _called(self, action: Action, context: ActionContext) -> Mapping[str, object]:
        try:
            return call(context, action.call, action.outputs)
        except AwsError as error:
            adopted = (
                self._adopt[action.call](context, error) if action.call in self._adopt else None
            )
            if adopted is None:
                raise
            return adopted


def _look(action: Action, guard: Guard) -> None:
    """Look once more; what cannot be read any more is left alone."""
    try:
        guard(action)
    except LeftAloneError:
        raise
    except GoldenamiError as error:
        raise LeftAloneError(f"it could not be looked at: {error.message}", unread=True) from error


def _incomplete(notes: list[str]) -> IncompleteError | None:
    if not notes:
        return None
    return IncompleteError(
        f"{len(notes)} of what the audit named could not be judged again, and are left alone",
        notes=notes,
        fix="give the caller access to it, and run the same command again",
    )
