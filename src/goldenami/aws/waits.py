"""The waits. botocore's waiters give up too early, and stop at the first NotFound of a new id.

Polling backs off with jitter, forgives NotFound of what was just created, ends at the deadline of
the release file, and every failure carries AWS's own reason.
"""

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from goldenami.aws import snapshots
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import (
    DescribeImages,
    DescribeInstances,
    DescribeInstanceStatus,
)
from goldenami.aws.answers.interface import Answer
from goldenami.aws.errors import (
    NOT_FOUND,
    THROTTLED,
    UNKNOWN_ID,
    UNREADABLE,
)
from goldenami.errors import AwsError, BakeError

T = TypeVar("T")
A = TypeVar("A", bound=Answer)

FIRST_POLL_S = 0.25
MOST_POLL_S = 15.0
STALE_S = 60.0
THROTTLED_S = 3600.0
UNREADABLE_S = 60.0


class Pending(Struct, frozen=True):
    """What a look returns whose thing is not ready: how far it is."""

    progress: str


def until(
    context: ActionContext, look: Callable[[], T | Pending | None], *, timeout_s: float, thing: str
) -> T:
    """Call ``look`` until it returns something; what is `Pending` is told as progress.

    Raises:
        BakeError: the deadline passed, or the run was cancelled.
        AwsError: what ``look`` raised, unless it is a NotFound, a throttle or an answer that cannot
            be read. An id that AWS does not know for ``STALE_S`` is gone.
    """
    started = time.monotonic()
    deadline = started + timeout_s
    delay = FIRST_POLL_S
    last = "still waiting"
    while True:
        try:
            result = look()
        except AwsError as error:
            gone = error.code in UNKNOWN_ID and time.monotonic() - started > STALE_S
            if gone or error.code not in NOT_FOUND | THROTTLED | UNREADABLE:
                raise
            result, last = None, error.message
        if isinstance(result, Pending):
            last = result.progress
            context.progress(last)
        elif result is not None:
            return result
        if time.monotonic() + delay > deadline:
            raise BakeError(
                f"{context.headline}: {thing} not ready after {timeout_s:g} s ({last})",
                fix="raise the deadline under `timeouts` in the release file",
            )
        if context.cancelled.wait(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            raise BakeError(f"{context.headline}: stopped while waiting for {thing}")
        delay = min(delay * 1.5, MOST_POLL_S)


def patiently(context: ActionContext, make: Callable[[], T], *, created: bool = False) -> T:
    """Make one call, slower and slower as long as AWS throttles it, or answers nothing readable.

    ``created`` tells that it names what was created just before: AWS may not know it everywhere
    yet, so that NotFound is forgiven for a while.

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
            if not (stale or throttled or unreadable):
                raise
            context.progress("not known everywhere yet" if stale else _SLOWING[unreadable])
        if context.cancelled.wait(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            raise BakeError(f"{context.headline}: stopped before it was done")
        delay = min(delay * 2, MOST_POLL_S)


def answered(
    context: ActionContext, kind: type[A], *, created: bool = False, **parameters: Any
) -> A:
    """Make one AWS call of an action `patiently`, and return its answer."""
    return patiently(context, lambda: context.ask(kind, **parameters), created=created)


_SLOWING = {False: "throttled, slowing down", True: "no readable answer, slowing down"}


def instance(context: ActionContext) -> dict[str, Any]:
    """Wait until ``InstanceId`` runs and both its status checks pass.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
    """
    instance_id = context.parameters["InstanceId"]

    def look() -> dict[str, Any] | None:
        several = context.ask(DescribeInstances, InstanceIds=[instance_id]).instances
        if not several:
            return None
        state = several[0].state.name
        if state not in ("pending", "running"):
            raise BakeError(f"{instance_id} in {context.region} is {state}: {several[0].why}")
        if state == "pending":
            return None
        checks = context.ask(DescribeInstanceStatus, InstanceIds=[instance_id])
        for status in checks.rows:
            both = (status.instance_status.status, status.system_status.status)
            if "impaired" in both:
                raise BakeError(f"{instance_id} in {context.region} fails its status checks")
            context.progress(f"running, checks {both[0]}")
            if both == ("ok", "ok"):
                return {}
        return None

    return until(context, look, timeout_s=context.parameters["timeout_s"], thing=instance_id)


def image(context: ActionContext) -> dict[str, Any]:
    """Wait until ``ImageId`` is available.

    Returns:
        ``snapshot_ids``: the snapshots behind it.

    Raises:
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

    return until(context, look, timeout_s=context.parameters["timeout_s"], thing=image_id)


def terminated(context: ActionContext) -> dict[str, Any]:
    """Wait until an instance is terminated, since its security group cannot go before."""
    instance_id = context.parameters["InstanceId"]

    def look() -> dict[str, Any] | None:
        answer = context.ask(DescribeInstances, InstanceIds=[instance_id])
        states = [instance.state.name for instance in answer.instances]
        return {} if states == ["terminated"] else None

    return until(context, look, timeout_s=context.parameters["timeout_s"], thing=instance_id)


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
