"""Sweeping: what unfinished builds have left anywhere, found by its tags and removed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from goldenami.aws import lease, leftovers, regions, removal
from goldenami.aws.leftovers import Leases, Leftover
from goldenami.aws.parallel import Answers, Unread, in_regions
from goldenami.aws.session import Aws
from goldenami.bake.create_image import deregister
from goldenami.domain.image import started
from goldenami.domain.place import Place
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.errors import IncompleteError
from goldenami.workflows.execute import Execution

TERMINATION_TIMEOUT_S = 600.0
_CALLS: dict[str, tuple[str, str, str]] = {
    "snapshot": ("ec2:DeleteSnapshot", "SnapshotId", "delete"),
    "volume": ("ec2:DeleteVolume", "VolumeId", "delete"),
    "key-pair": ("ec2:DeleteKeyPair", "KeyName", "delete"),
    "security-group": ("ec2:DeleteSecurityGroup", "GroupId", "delete"),
}


class Sweep(Struct, frozen=True):
    """What is to be removed.

    Args:
        plan: how.
        leftovers: what.
        kept: what is left alone, since nobody knows whether its build is under way.
        unread: the regions of which not everything could be read, and why.
    """

    plan: Plan
    leftovers: tuple[Leftover, ...]
    kept: tuple[Leftover, ...]
    unread: tuple[Unread, ...]

    def complete(self) -> None:
        """Say what could not be read, and what is left alone for that.

        Raises:
            IncompleteError: there is some.
        """
        if not self.unread and not self.kept:
            return
        raise IncompleteError(
            f"not everything could be looked at, and {len(self.kept)} things are left alone",
            notes=[
                *dict.fromkeys(f"{one.region}: {one.error.message}" for one in self.unread),
                *(
                    f"left alone: {one.kind} {one.id} in {one.region}: whether its build "
                    f"{one.build} is under way could not be read"
                    for one in self.kept
                ),
            ],
            fix="give the caller access to these regions, and run it again",
        )


def prepare(
    aws: Aws,
    *,
    where: Sequence[str] | None,
    build: str | None,
    older_than: timedelta,
    now: datetime,
    bakers: Sequence[Aws] = (),
) -> Sweep:
    """Find what unfinished builds have left; a build that is under way is left alone.

    A build is known not to be under way if the leases of its region were read, and none is its own:
    of every region, where the build's is not known.

    Args:
        aws: whose account.
        where: the regions, all enabled ones if None.
        build: this build alone, of any age.
        older_than: builds that were started later than that are left alone.
        now: what the age is counted to.
        bakers: further accounts whose builds may have left something in this one.
    """
    enabled = regions.enabled(aws)
    chosen = tuple(where or enabled)
    answers = in_regions(chosen, lambda region: leftovers.read(aws, region))
    own = _leases(aws, enabled)
    leases = (own, *(_leases(baker, regions.enabled(baker)) for baker in bakers))
    running = {one for answer in leases for read in answer.read.values() for one in read.running}
    unsure = tuple(one for answer in leases for one in answer.unread)
    there = [
        *(one for several in answers.read.values() for one in several),
        *(one for region in chosen if region in own.read for one in own.read[region].lapsed),
    ]
    old = [
        one
        for one in there
        if one.build not in running
        and (one.build == build if build else _age(one.build, now) >= older_than)
    ]
    kept = tuple(one for one in old if _may_be_under_way(one, unsure))
    unread = (*answers.unread, *(one for one in unsure if kept or one.region in chosen))
    return _planned(tuple(one for one in old if one not in kept), kept, unread)


def carry_out(aws: Aws, sweep: Sweep, *, tell: Tell = silent) -> None:
    """Remove it.

    Raises:
        AwsError: something could not be removed; the notes name what else.
    """
    handlers = {
        "ec2:DeregisterImage": removal.image,
        "ssm:DeleteParameter": lease.remove,
        "wait:terminated": removal.terminated,
    }
    Execution(aws, handlers=handlers, tell=tell).run(sweep.plan)


def _leases(aws: Aws, where: Sequence[str]) -> Answers[Leases]:
    return in_regions(where, lambda region: leftovers.leases(aws, region))


def _may_be_under_way(one: Leftover, unread: Sequence[Unread]) -> bool:
    """Say whether the lease of a build may be in a region whose leases could not be read."""
    return any(one.build_region in ("", region.region) for region in unread)


def _planned(
    removed: tuple[Leftover, ...], kept: tuple[Leftover, ...], unread: tuple[Unread, ...]
) -> Sweep:
    count = len({one.build for one in removed})
    plan = Plan(
        title=f"remove {len(removed)} things that {count} unfinished builds have left",
        actions=tuple(step for one in removed for step in _removal(one, removed)),
        checks=leftovers.PERMISSIONS,
    )
    return Sweep(plan, removed, kept, unread)


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
    if one.kind == "lease":
        parameters = {"Name": one.id, "Version": one.version}
        summary = f"delete the lease {one.id} {of}"
        return [_action(one, summary, "ssm:DeleteParameter", parameters, after)]
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
