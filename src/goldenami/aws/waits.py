"""The waits. botocore's waiters give up too early, and stop at the first NotFound of a new id.

Polling backs off with jitter, forgives NotFound of what was just created, ends at the deadline of
the release file, and every failure carries AWS's own reason.
"""

import random
import time
from collections.abc import Callable
from typing import Any, Required, TypedDict, TypeVar, Unpack

from msgspec import Struct

from goldenami.aws import denials, patience, snapshots
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import (
    DescribeImages,
    DescribeInstances,
    DescribeInstanceStatus,
    InstanceAnswer,
)
from goldenami.aws.answers.interface import Answer
from goldenami.aws.errors import (
    NOT_FOUND,
    THROTTLED,
    UNKNOWN_ID,
    UNREADABLE,
)
from goldenami.errors import AwsError, BakeError, SlowError

T = TypeVar("T")
A = TypeVar("A", bound=Answer)

FIRST_POLL_S = 0.1
MOST_POLL_S = 15.0
STALE_S = 60.0
THROTTLED_S = 3600.0
UNREADABLE_S = 60.0
LIVING = ("pending", "running")
"""The states of an instance in which something may still come of it."""


class Pending(Struct, frozen=True):
    """What a look returns whose thing is not ready: how far it is."""

    progress: str


def until(
    context: ActionContext,
    look: Callable[[], T | Pending | None],
    *,
    timeout_s: float,
    thing: str,
    fix: str,
    meanwhile: Callable[[], None] | None = None,
    keeps: bool = False,
) -> T:
    """Call ``look`` until it returns something; what is `Pending` is told as progress.

    Args:
        context: what waits.
        look: returns what is waited for.
        timeout_s: how long to wait.
        thing: what is waited for, as the error names it.
        fix: what helps if it is not ready by then: `later` if that is a key of the release file.
        meanwhile: is called after each look in vain, and raises what ends the wait at once.
        keeps: whether AWS goes on with it, so that a passed deadline is no failure of it.

    Raises:
        SlowError: the deadline passed, and AWS goes on with it.
        BakeError: the deadline passed, or the run was cancelled.
        AwsError: what ``look`` raised, unless it is a NotFound, a throttle or an answer that cannot
            be read. An id that AWS does not know for ``STALE_S`` is gone.
    """
    started = time.monotonic()
    deadline = started + timeout_s
    delay = FIRST_POLL_S
    last, kind = "still waiting", SlowError if keeps else BakeError
    while True:
        result = _forgiving(look, started)
        match result:
            case AwsError():
                last = result.message
            case Pending():
                last = result.progress
                context.progress(last)
            case _ if result is not None:
                return result
        if meanwhile:
            _forgiving(meanwhile, started)
        if time.monotonic() + delay > deadline:
            raise kind(
                f"{context.headline}: {thing} not ready after {timeout_s:g} s ({last})", fix=fix
            )
        if context.cancelled.wait(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            raise BakeError(f"{context.headline}: stopped while waiting for {thing}")
        delay = min(delay * 1.5, MOST_POLL_S)


def _forgiving(look: Callable[[], T], started: float) -> T | AwsError:
    """Return what a look finds, or the error that waiting may mend; raise any other."""
    try:
        return look()
    except AwsError as error:
        gone = error.code in UNKNOWN_ID and time.monotonic() - started > STALE_S
        if gone or error.code not in NOT_FOUND | THROTTLED | UNREADABLE:
            raise
        return error


def later(context: ActionContext, otherwise: str = "") -> str:
    """Return the fix of a wait whose deadline is a key of the release file.

    Args:
        context: what waits; its ``deadline`` is the key.
        otherwise: what may help too, if it is not merely slow.
    """
    fix = f"raise `{context.parameters['deadline']}` in the release file"
    return f"{fix}, or {otherwise}" if otherwise else fix


def living(context: ActionContext, instance_id: str) -> Callable[[], None]:
    """Return what ends a wait for something on an instance that is no longer there to do it."""

    def look() -> None:
        for described in context.ask(DescribeInstances, InstanceIds=[instance_id]).instances:
            _refuse_dead(context, described)

    return look


def _refuse_dead(context: ActionContext, described: InstanceAnswer) -> None:
    state = described.state.name
    if state not in LIVING:
        raise BakeError(
            f"{described.instance_id} in {context.region} is {state}: {described.why}",
            fix="look who or what has stopped it: CloudTrail, its user data, a step",
        )


def patiently(
    context: ActionContext, make: Callable[[], T], *, created: bool = False, call: str = ""
) -> T:
    """Make one call, slower and slower as long as AWS throttles it, or answers nothing readable.

    Args:
        context: what it is made for.
        make: makes it.
        created: whether it names what was created just before: AWS may not know it everywhere yet,
            so that NotFound is forgiven for a while.
        call: its operation, of which `patience` says what passes by itself.

    Raises:
        AwsError: what the call raised in the end.
        BakeError: the run was cancelled.
    """
    started = time.monotonic()
    delay = FIRST_POLL_S
    while True:
        try:
            return make()
        except AwsError as error:
            spent_s = time.monotonic() - started
            stale = created and error.code in UNKNOWN_ID and spent_s < STALE_S
            throttled = error.code in THROTTLED and spent_s < THROTTLED_S
            unreadable = error.code in UNREADABLE and spent_s < UNREADABLE_S
            busy = patience.is_busy(call, error, spent_s, context.patience_s)
            if not (stale or throttled or unreadable or busy):
                raise
            slowing = f"{error.code}, waiting" if busy else _SLOWING[unreadable]
            context.progress("not known everywhere yet" if stale else slowing)
        if context.cancelled.wait(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            raise BakeError(f"{context.headline}: stopped before it was done")
        delay = min(delay * 2, MOST_POLL_S)


def answered(
    context: ActionContext, kind: type[A], *, created: bool = False, **parameters: Any
) -> A:
    """Make one AWS call of an action `patiently`, and return its answer."""
    with denials.explained(context.regional):
        return patiently(
            context, lambda: context.ask(kind, **parameters), created=created, call=kind.call
        )


_SLOWING = {False: "throttled, slowing down", True: "no readable answer, slowing down"}


def instance(context: ActionContext) -> dict[str, Any]:
    """Wait until ``InstanceId`` runs and both its status checks pass.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
    """
    instance_id = context.parameters["InstanceId"]
    log = f"look at its log: `aws ec2 get-console-output --instance-id {instance_id}`"

    def look() -> dict[str, Any] | None:
        several = context.ask(DescribeInstances, InstanceIds=[instance_id]).instances
        if not several:
            return None
        _refuse_dead(context, several[0])
        if several[0].state.name == "pending":
            return None
        checks = context.ask(DescribeInstanceStatus, InstanceIds=[instance_id])
        for status in checks.rows:
            both = (status.instance_status.status, status.system_status.status)
            if "impaired" in both:
                raise BakeError(
                    f"{instance_id} in {context.region} fails its status checks",
                    fix=log,
                )
            context.progress(f"running, checks {both[0]}")
            if both == ("ok", "ok"):
                return {}
        return None

    return _until(context, look, thing=instance_id, fix=later(context, log))


def image(context: ActionContext) -> dict[str, Any]:
    """Wait until ``ImageId`` is available.

    Returns:
        ``snapshot_ids``: the snapshots behind it.

    Raises:
        SlowError: it has not failed by the deadline, and may be available some time.
        BakeError: it failed; the message has AWS's StateReason.
    """
    image_id = context.parameters["ImageId"]

    def look() -> dict[str, Any] | Pending | None:
        several = context.ask(DescribeImages, ImageIds=[image_id], IncludeDisabled=True).rows
        if not several:
            return None
        described = several[0]
        if described.state == "pending":
            return Pending(f"pending{_progress(context, described.snapshot_ids)}")
        context.progress(described.state)
        if described.state != "available":
            raise BakeError(f"{image_id} in {context.region} is {described.state}: {described.why}")
        return {"snapshot_ids": described.snapshot_ids}

    return _until(context, look, thing=image_id, fix=later(context), keeps=True)


def terminated(context: ActionContext) -> dict[str, Any]:
    """Wait until an instance is terminated, since its security group cannot go before."""
    instance_id = context.parameters["InstanceId"]

    def look() -> dict[str, Any] | None:
        answer = context.ask(DescribeInstances, InstanceIds=[instance_id])
        states = [instance.state.name for instance in answer.instances]
        return {} if states == ["terminated"] else None

    fix = f"run the same command again; if it stays so, look at {instance_id}"
    return _until(context, look, thing=instance_id, fix=fix)


class _Further(TypedDict, total=False):
    thing: Required[str]
    fix: Required[str]
    keeps: bool


def _until(
    context: ActionContext, look: Callable[[], T | Pending | None], **further: Unpack[_Further]
) -> T:
    return until(context, look, timeout_s=context.parameters["timeout_s"], **further)


def _progress(context: ActionContext, snapshot_ids: list[str]) -> str:
    """Tell how much of the snapshots is there; what cannot be read is no reason to fail.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html
    """
    purpose = "reading the progress of snapshots"
    try:
        described = snapshots.by_id(context.regional, snapshot_ids, purpose)
    except AwsError:
        return ""
    done = sum(snapshot.percent * snapshot.volume_size for snapshot in described)
    whole = sum(snapshot.volume_size for snapshot in described)
    return f", snapshots {done // whole} %" if whole else ""
