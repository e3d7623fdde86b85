"""The waits. botocore's waiters give up too early, and stop at the first NotFound of a new id.

Polling backs off with jitter, forgives NotFound of what was just created, ends at the deadline of
the release file, and every failure carries AWS's own reason.
"""

import random
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, TypeVar

from msgspec import Struct

from goldenami.aws import snapshots
from goldenami.aws.answers.ec2 import (
    DescribeImages,
    DescribeInstances,
    DescribeInstanceStatus,
)
from goldenami.aws.answers.ssm import GetCommandInvocation, SendCommand
from goldenami.aws.errors import (
    NO_AGENT,
    NOT_FOUND,
    THROTTLED,
    UNKNOWN_ID,
    UNREADABLE,
    code_of,
)
from goldenami.aws.regional import RegionalAws
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, BakeError

T = TypeVar("T")

FIRST_POLL_S = 0.25
MOST_POLL_S = 15.0
STALE_S = 60.0
THROTTLED_S = 3600.0
UNREADABLE_S = 60.0
OUTPUT_LINES = 40
_COMMAND_ENDED_BADLY = ("Failed", "Cancelled", "TimedOut", "Cancelling")


class Doing(Struct, frozen=True, kw_only=True):
    """What one action is performed with. ``progress`` is told how far it is."""

    aws: Aws
    region: str
    summary: str
    parameters: Mapping[str, Any]
    cancelled: Event
    progress: Callable[[str], None]

    @property
    def regional(self) -> RegionalAws:
        """Whose AWS, and where."""
        return self.aws.in_region(self.region)


class Pending(Struct, frozen=True):
    """What a look returns whose thing is not ready: how far it is."""

    progress: str


def until(
    doing: Doing, look: Callable[[], T | Pending | None], *, timeout_s: float, thing: str
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
            found = look()
        except AwsError as error:
            gone = error.code in UNKNOWN_ID and time.monotonic() - started > STALE_S
            if gone or error.code not in NOT_FOUND | THROTTLED | UNREADABLE:
                raise
            found, last = None, error.message
        if isinstance(found, Pending):
            last = found.progress
            doing.progress(last)
        elif found is not None:
            return found
        if time.monotonic() + delay > deadline:
            raise BakeError(
                f"{doing.summary} in {doing.region}: {thing} not ready after {timeout_s:g} s "
                f"({last})",
                fix="raise the deadline under `timeouts` in the release file",
            )
        if doing.cancelled.wait(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            raise BakeError(f"{doing.summary} in {doing.region}: stopped while waiting for {thing}")
        delay = min(delay * 1.5, MOST_POLL_S)


def patiently(doing: Doing, make: Callable[[], T], *, created: bool = False) -> T:
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
            doing.progress("not known everywhere yet" if stale else _SLOWING[unreadable])
        if doing.cancelled.wait(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            raise BakeError(f"{doing.summary} in {doing.region}: stopped before it was done")
        delay = min(delay * 2, MOST_POLL_S)


_SLOWING = {False: "throttled, slowing down", True: "no readable answer, slowing down"}


def instance(doing: Doing) -> dict[str, Any]:
    """Wait until ``InstanceId`` runs and both its status checks pass.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
    """
    instance_id = doing.parameters["InstanceId"]

    def look() -> dict[str, Any] | None:
        several = doing.regional.ask(
            DescribeInstances, doing.summary, InstanceIds=[instance_id]
        ).instances
        if not several:
            return None
        state = several[0].state.name
        if state not in ("pending", "running"):
            raise BakeError(f"{instance_id} in {doing.region} is {state}: {several[0].why}")
        if state == "pending":
            return None
        checks = doing.regional.ask(
            DescribeInstanceStatus, doing.summary,
            InstanceIds=[instance_id],
        )  # fmt: skip
        for status in checks.instance_statuses:
            both = (status.instance_status.status, status.system_status.status)
            if "impaired" in both:
                raise BakeError(f"{instance_id} in {doing.region} fails its status checks")
            doing.progress(f"running, checks {both[0]}")
            if both == ("ok", "ok"):
                return {}
        return None

    return until(doing, look, timeout_s=doing.parameters["timeout_s"], thing=instance_id)


def image(doing: Doing) -> dict[str, Any]:
    """Wait until ``ImageId`` is available.

    Returns:
        ``snapshot_ids``: the snapshots behind it.

    Raises:
        BakeError: it failed; the message has AWS's StateReason.
    """
    image_id = doing.parameters["ImageId"]

    def look() -> dict[str, Any] | Pending | None:
        several = doing.regional.ask(
            DescribeImages, doing.summary,
            ImageIds=[image_id], IncludeDisabled=True,
        ).images  # fmt: skip
        if not several:
            return None
        found = several[0]
        if found.state == "pending":
            return Pending(f"pending{_progress(doing, found.snapshot_ids)}")
        doing.progress(found.state)
        if found.state != "available":
            raise BakeError(f"{image_id} in {doing.region} is {found.state}: {found.why}")
        return {"snapshot_ids": found.snapshot_ids}

    return until(doing, look, timeout_s=doing.parameters["timeout_s"], thing=image_id)


def command(doing: Doing) -> dict[str, Any]:
    """Run one shell command on ``InstanceId`` by SSM and wait for its end.

    The agent takes a while to register after boot, so an unknown instance is tried again.

    Raises:
        BakeError: it failed; the notes are the end of its output.
    """
    instance_id, line = doing.parameters["InstanceId"], doing.parameters["run"]
    timeout_s = doing.parameters["timeout_s"]

    def send() -> str | None:
        try:
            answer = doing.regional.ask(
                SendCommand, doing.summary,
                InstanceIds=[instance_id],
                DocumentName="AWS-RunShellScript",
                Parameters={
                    "commands": [line],
                    "executionTimeout": [str(max(1, int(timeout_s)))],
                },
            )  # fmt: skip
        except AwsError as error:
            if code_of(error) in NO_AGENT:
                doing.progress("waiting for the SSM agent")
                return None
            raise
        return answer.command.command_id

    command_id = until(doing, send, timeout_s=timeout_s, thing=f"the SSM agent of {instance_id}")

    def look() -> dict[str, Any] | None:
        answer = doing.regional.ask(
            GetCommandInvocation, doing.summary,
            CommandId=command_id, InstanceId=instance_id,
        )  # fmt: skip
        if answer.status in _COMMAND_ENDED_BADLY:
            raise _failed_command(doing, line, answer)
        return {} if answer.status == "Success" else None

    return until(doing, look, timeout_s=timeout_s, thing=f"`{line}`")


def _progress(doing: Doing, snapshot_ids: list[str]) -> str:
    """Tell how much of the snapshots is there; what cannot be read is no reason to fail.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html
    """
    doing_what = "reading the progress of snapshots"
    try:
        described = snapshots.by_id(doing.regional, snapshot_ids, doing_what)
    except AwsError:
        return ""
    done = sum(snapshot.percent * snapshot.volume_size for snapshot in described)
    whole = sum(snapshot.volume_size for snapshot in described)
    return f", snapshots {done // whole} %" if whole else ""


def _failed_command(doing: Doing, line: str, answer: GetCommandInvocation) -> BakeError:
    lines = (answer.standard_output_content + answer.standard_error_content).splitlines()
    cut = (
        [f"(the first {len(lines) - OUTPUT_LINES} lines left out)"]
        if len(lines) > OUTPUT_LINES
        else []
    )
    return BakeError(
        f"validation failed in {doing.region}: `{line}` ended {answer.status} "
        f"with exit code {answer.response_code}",
        fix="mend the base image or its user data, or the step",
        notes=[*cut, *lines[-OUTPUT_LINES:]] or ["it printed nothing"],
    )
