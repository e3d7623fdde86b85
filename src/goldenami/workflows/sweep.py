"""Sweeping: what unfinished builds have left anywhere, found by its tags and removed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from goldenami.aws import leftovers, regions, removal
from goldenami.aws.leftovers import InRegion, Leftover
from goldenami.aws.parallel import Answers, in_regions
from goldenami.aws.session import Aws
from goldenami.bake.create_image import deregister
from goldenami.domain.image import started
from goldenami.domain.place import Place
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.workflows.execute import Execution

TERMINATION_TIMEOUT_S = 600.0
_CALLS: dict[str, tuple[str, str, str]] = {
    "snapshot": ("ec2:DeleteSnapshot", "SnapshotId", "delete"),
    "volume": ("ec2:DeleteVolume", "VolumeId", "delete"),
    "key-pair": ("ec2:DeleteKeyPair", "KeyName", "delete"),
    "security-group": ("ec2:DeleteSecurityGroup", "GroupId", "delete"),
    "lease": ("ssm:DeleteParameter", "Name", "delete"),
}


class Sweep(Struct, frozen=True):
    """What is to be removed, and the regions that could not be read."""

    plan: Plan
    leftovers: tuple[Leftover, ...]
    answers: Answers[InRegion]


def prepare(
    aws: Aws,
    *,
    where: Iterable[str] | None,
    build: str | None,
    older_than: timedelta,
    now: datetime,
) -> Sweep:
    """Find what unfinished builds have left; a build that is under way is left alone.

    Args:
        aws: whose account.
        where: the regions, all enabled ones if None.
        build: this build alone, of any age.
        older_than: builds that were started later than that are left alone.
        now: what the age is counted to.
    """
    answers = in_regions(where or regions.enabled(aws), lambda region: leftovers.read(aws, region))
    running = frozenset[str]().union(*(one.running for one in answers.read.values()))
    found = tuple(
        one
        for several in answers.read.values()
        for one in several.leftovers
        if one.build not in running
        and (one.build == build if build else _age(one.build, now) >= older_than)
    )
    count = len({one.build for one in found})
    plan = Plan(
        title=f"remove {len(found)} things that {count} unfinished builds have left",
        actions=tuple(step for one in found for step in _removal(one, found)),
        checks=leftovers.PERMISSIONS,
    )
    return Sweep(plan, found, answers)


def carry_out(aws: Aws, sweep: Sweep, *, tell: Tell = silent) -> None:
    """Remove it.

    Raises:
        AwsError: something could not be removed; the notes name what else.
    """
    handlers = {"ec2:DeregisterImage": removal.image, "wait:terminated": removal.terminated}
    Execution(aws, handlers=handlers, tell=tell).run(sweep.plan)


def _age(build: str, now: datetime) -> timedelta:
    start = started(build)
    return now - start if start else timedelta.max


def _removal(one: Leftover, found: tuple[Leftover, ...]) -> list[Action]:
    of = f"of build {one.build}"
    if one.kind == "instance":
        return _termination(one, of, wait=any(one.id in other.after for other in found))
    after = tuple(f"gone:{other}" for other in one.after)
    if one.kind == "image":
        action = deregister(Place(one.region), "")
        call, parameters = action.call, {**action.parameters, "ImageId": one.id}
        return [_action(one, f"deregister {one.id} ({one.state}) {of}", call, parameters, after)]
    call, name, verb = _CALLS[one.kind]
    return [_action(one, f"{verb} the {one.kind} {one.id} {of}", call, {name: one.id}, after)]


def _termination(one: Leftover, of: str, *, wait: bool) -> list[Action]:
    summary = f"terminate {one.id} {of}"
    steps = [_action(one, summary, "ec2:TerminateInstances", {"InstanceIds": [one.id]}, ())]
    if wait:
        steps.append(
            Action(
                id=f"gone:{one.id}",
                summary=f"wait until {one.id} is terminated",
                call="wait:terminated",
                region=one.region,
                parameters={"InstanceId": one.id, "timeout_s": TERMINATION_TIMEOUT_S},
                permissions=("ec2:DescribeInstances",),
                after=(steps[0].id,),
            )
        )
    return steps


def _action(
    one: Leftover, summary: str, call: str, parameters: dict[str, Any], after: tuple[str, ...]
) -> Action:
    permissions = (call, "ec2:DeleteSnapshot") if one.kind == "image" else (call,)
    return Action(
        id=f"{one.kind}:{one.region}:{one.id}",
        summary=summary,
        call=call,
        region=one.region,
        parameters=parameters,
        permissions=permissions,
        after=after,
    )
