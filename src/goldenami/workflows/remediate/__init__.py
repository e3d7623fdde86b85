"""Remediation: what an audit named, as far as it still is so, is tagged, stopped, … or renewed.

Nothing is remembered: who runs it again has what is done already left out, since every step looks
at what there is now.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from threading import Lock
from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.calls import call
from goldenami.aws.session import Aws
from goldenami.aws.waits import Doing
from goldenami.domain.audit.document import Saved
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind
from goldenami.domain.place import Place
from goldenami.domain.plan import Action, Happened, Plan, Tell, silent
from goldenami.errors import GoldenamiError, InterruptedRunError, RefusedError
from goldenami.workflows.execute import Execution
from goldenami.workflows.remediate import instances, refresh
from goldenami.workflows.remediate.interface import Asked, Step, What


class Remediation(Struct, frozen=True, kw_only=True):
    """What is to be done, step by step, and what is left alone with the reason."""

    plan: Plan
    steps: tuple[Step, ...]


class Result(Struct, frozen=True, kw_only=True):
    """How it ended for one thing: ``done``, ``left alone``, ``failed``, ``not begun``."""

    account: str
    region: str
    id: str
    result: str
    detail: str = ""


def prepare(aws: Aws, audit: Saved, asked: Asked) -> Remediation:
    """Compare what the audit named with what there is now, and plan the rest.

    Raises:
        RefusedError: the audit has nothing of the kind, or is of another account.
        AwsError: what there is now could not be read.
    """
    if audit.account != aws.account:
        raise RefusedError(
            f"the audit is of account {audit.account}, and you are in {aws.account}",
            fix="use the credentials that the audit was made with",
        )
    wanted = [one for one in audit.findings if _wanted(one, asked)]
    if not wanted:
        raise RefusedError(
            "the audit has no such finding, so there is nothing to do",
            fix="look at it, and at --rule, --severity and --region",
        )
    waived = [one.finding.subject for one in audit.waived]
    planned = []
    for place, findings in _by_place(aws, wanted, asked).items():
        if asked.what is What.REFRESH:
            planned += refresh.steps(aws, place, findings, waived, asked)
        else:
            planned += instances.steps(aws, place, findings, waived, asked)
    steps = tuple(planned)
    count = sum(bool(one.actions) for one in steps)
    plan = Plan(
        title=f"{asked.what.value} {count} of {len(steps)} that the audit names",
        # Two groups may share a template, which is moved once.
        actions=tuple({action.id: action for one in steps for action in one.actions}.values()),
        notes=tuple(f"left alone: {one.id}: {one.left}" for one in steps if one.left),
        checks=refresh.PERMISSIONS if asked.what is What.REFRESH else instances.PERMISSIONS,
    )
    return Remediation(plan=plan, steps=steps)


def carry_out(
    aws: Aws, remediation: Remediation, asked: Asked, *, tell: Tell = silent
) -> tuple[list[Result], GoldenamiError | None]:
    """Do it, no faster than was asked for; what fails does not stop the others.

    Returns:
        The result for each thing the audit named, and the first error, if there was one.
    """
    done: set[str] = set()
    failed: dict[str, str] = {}

    def listen(happened: Happened) -> None:
        if happened.kind == "done":
            done.add(happened.action.id)
        elif happened.kind == "failed":
            failed[happened.action.id] = happened.text
        tell(happened)

    pace = Pace(asked.per_minute)
    handlers: dict[str, Callable[[Doing], Mapping[str, object]]] = {
        one.call: _paced(one, pace) for one in remediation.plan.actions
    }
    error: GoldenamiError | None
    try:
        error = Execution(aws, handlers=handlers, tell=listen).attempt(remediation.plan).error
    except InterruptedRunError:
        error = InterruptedRunError(
            "interrupted", fix="run the same command again: what is done already is left out"
        )
    return [_result(one, done, failed) for one in remediation.steps], error


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


def _paced(action: Action, pace: Pace) -> Callable[[Doing], Mapping[str, object]]:
    name, outputs = action.call, action.outputs

    def handle(doing: Doing) -> Mapping[str, object]:
        if doing.cancelled.wait(pace.turn_in_s()):
            raise GoldenamiError(f"{doing.summary}: not begun")
        if name in instances.CHECKED:
            instances.still_matches(doing)
        parameters = {key: one for key, one in doing.parameters.items() if key != instances.EXPECT}
        answer = call(replace(doing, parameters=parameters), name, outputs)
        return {key: str(one) for key, one in answer.items()}  # EC2 takes versions as text

    return handle


def _result(step: Step, done: Container[str], failed: Mapping[str, str]) -> Result:
    why = next((failed[one.id] for one in step.actions if one.id in failed), "")
    if step.left:
        result, detail = "left alone", step.left
    elif why:
        result, detail = "failed", why
    elif all(one.id in done for one in step.actions):
        result, detail = "done", step.actions[-1].summary
    else:
        result, detail = "not begun", "what comes before it was not done"
    return Result(
        account=step.place.account, region=step.place.region, id=step.id, result=result,
        detail=detail,
    )  # fmt: skip


def _wanted(finding: Finding, asked: Asked) -> bool:
    kinds = refresh.KINDS if asked.what is What.REFRESH else (Kind.INSTANCE,)
    if finding.subject.kind not in kinds:
        return False
    if asked.rules and finding.rule not in asked.rules:
        return False
    if asked.regions and finding.subject.region not in asked.regions:
        return False
    return finding.severity.reaches(asked.severity)


def _by_place(
    aws: Aws, findings: Iterable[Finding], asked: Asked
) -> dict[Place, Sequence[Finding]]:
    found: dict[Place, list[Finding]] = {}
    for one in findings:
        account, region = one.subject.account, one.subject.region
        role = aws.role_in(account, asked.role)
        if role and not asked.role:
            raise RefusedError(
                f"{one.subject.id} is in account {account}: by which role?",
                fix="pass --role NAME",
            )
        found.setdefault(Place(region, account, role), []).append(one)
    return dict(found)
