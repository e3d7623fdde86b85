"""Carrying a remediation out: paced, and each action looked at once more right before it."""

from collections.abc import Callable, Mapping
from functools import partial
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
from goldenami.workflows.remediate import groups
from goldenami.workflows.remediate.interface import Guard, RemediationRequest, RemediationStep


class Remediation(Struct, frozen=True, kw_only=True):
    """What is to be done, step by step, and what is left alone with the reason."""

    plan: Plan
    steps: tuple[RemediationStep, ...]

    def unread(self, *further: str) -> IncompleteError | None:
        """Return the error of having left things alone that could not be read, if any was.

        Args:
            further: those that could not be read any more when it was their turn.
        """
        notes = [f"{step.id}: {step.reason}" for step in self.steps if step.unread]
        notes += further
        if not notes:
            return None
        return IncompleteError(
            f"{len(notes)} of what the audit named could not be judged again, and are left alone",
            notes=notes,
            fix="give the caller access to it, and run the same command again",
        )


class RemediationResult(Struct, frozen=True):
    """How it ended for one thing: ``done``, ``left alone``, ``failed``, ``not begun``."""

    account: str
    region: str
    id: str
    result: str
    detail: str = ""


ADOPT = {groups.START: groups.adopt}
"""By call, what finds the result of one whose answer was lost in its repetition's refusal."""


def carry_out(
    aws: Aws, remediation: Remediation, request: RemediationRequest, *, tell: Tell = silent
) -> tuple[list[RemediationResult], GoldenamiError | None]:
    """Do it, no faster than was asked for; what fails does not stop the others.

    Returns:
        The result for each thing the audit named, and the first error, if there was one.
    """
    run = _Run(remediation, Pace(request.per_minute), tell)
    try:
        Execution(aws, handlers=run.handlers, tell=run.listen).attempt(run.plan)
        error = run.error
    except InterruptedRunError:
        error = InterruptedRunError(
            "interrupted", fix="run the same command again: what is done already is left out"
        )
    return [run.result(step) for step in remediation.steps], error


class Pace:
    """Lets so many calls begin in any minute, by a clock in seconds.

    A tenth of them may begin at once, so that a few things wait for nothing; the others evenly.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = monotonic) -> None:
        ahead = max(per_minute // 10 - 1, 0)
        self._every_s = 60 / (per_minute - ahead)
        self._ahead_s = ahead * self._every_s
        self._clock = clock
        self._next = clock()
        self._lock = Lock()

    def turn_in_s(self) -> float:
        """Take the next turn, and return how long it is until then."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next - self._ahead_s)
            self._next = max(now, self._next) + self._every_s
        return turn - now


class _Run:
    """One run: how each action ended."""

    def __init__(self, remediation: Remediation, pace: Pace, tell: Tell) -> None:
        self._remediation = remediation
        self._pace = pace
        self._tell = tell
        self._ends: dict[str, GoldenamiError | None] = {}
        guards = {action.id: step.guard for step in remediation.steps for action in step.actions}
        actions = remediation.plan.actions
        # Each action is a handler of its own, which knows what to look at before.
        self.plan = replace(
            remediation.plan, actions=tuple(replace(action, call=action.id) for action in actions)
        )
        self.handlers = {
            action.id: partial(self._perform, action, guards[action.id]) for action in actions
        }

    def listen(self, happened: Happened) -> None:
        """Tell on what happens; what is left alone is no failure."""
        reason = self._ends.get(happened.action.id)
        if isinstance(reason, LeftAloneError) and happened.kind == "failed":
            self._tell(Happened("left alone", happened.action, reason.message))
        else:
            self._tell(happened)

    @property
    def error(self) -> GoldenamiError | None:
        """The first failure with the others; else what could not be read."""
        unread, failures = [], []
        summaries = {action.id: action.summary for action in self.plan.actions}
        for name, error in self._ends.items():
            if isinstance(error, LeftAloneError) and error.unread:
                unread.append(f"{summaries[name]}: {error.message}")
            elif error and not isinstance(error, LeftAloneError):
                failures.append(error)
        if not failures:
            return self._remediation.unread(*unread)
        first, *others = failures
        first.notes = (*first.notes, *(f"also failed: {error.message}" for error in others))
        return first

    def result(self, step: RemediationStep) -> RemediationResult:
        """Return how it ended for a thing."""
        place = step.place
        return RemediationResult(place.account, place.region, step.id, *self._ended(step))

    def _ended(self, step: RemediationStep) -> tuple[str, str]:
        if step.reason:
            return "left alone", step.reason
        ended = [action for action in step.actions if action.id in self._ends]
        done = [action.summary for action in ended if self._ends[action.id] is None]
        for action in ended:
            error = self._ends[action.id]
            if isinstance(error, LeftAloneError):
                before = f" (done before: {', '.join(done)})" if done else ""
                return "left alone", f"{error.message}{before}"
            if error:
                return "failed", error.message
        if len(done) == len(step.actions):
            return "done", done[-1]
        return "not begun", "what comes before it was not done"

    def _perform(
        self, action: Action, guard: Guard, context: ActionContext
    ) -> Mapping[str, object]:
        try:
            self._take_turn(context)
            _look(action, guard)
            outputs = _called(action, context)
        except GoldenamiError as error:
            self._ends[action.id] = error
            raise
        except Exception as error:
            self._ends[action.id] = GoldenamiError(
                f"{context.summary}: unexpected {type(error).__name__}: {error}",
                fix="run it again with --debug and report what it shows",
            )
            raise
        self._ends[action.id] = None
        # EC2 takes versions as text.
        return {name: str(output) for name, output in outputs.items()}

    def _take_turn(self, context: ActionContext) -> None:
        if context.cancelled.wait(self._pace.turn_in_s()):
            raise GoldenamiError(f"{context.summary}: not begun")


def _called(action: Action, context: ActionContext) -> Mapping[str, object]:
    try:
        return call(context, action.call, action.outputs)
    except AwsError as error:
        adopt = ADOPT.get(action.call)
        if adopt and (adopted := adopt(context, error)):
            return adopted
        raise


def _look(action: Action, guard: Guard) -> None:
    """Look once more; what cannot be read any more is left alone."""
    try:
        guard(action)
    except LeftAloneError:
        raise
    except GoldenamiError as error:
        raise LeftAloneError(f"it could not be looked at: {error.message}", unread=True) from error
