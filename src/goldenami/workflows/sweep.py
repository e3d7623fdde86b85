"""Sweeping: what unfinished builds have left anywhere is removed, if it is proved to be theirs.

It is found by its tags. Whose it is, the records of the builds and EC2 say; what is not proved to
be a build's own is told by its id, and left alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from goldenami.aws import lease, leftovers, records, regions, removal
from goldenami.aws.leftovers import Leftover, RegionLeases
from goldenami.aws.parallel import RegionAnswers, UnreadRegion, in_regions
from goldenami.aws.session import Aws
from goldenami.domain.identity import Forgery, Recorded
from goldenami.domain.image import started
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.domain.record import parameter
from goldenami.errors import IncompleteError, RefusedError
from goldenami.workflows.attribution import Owner
from goldenami.workflows.execution import Execution

TERMINATION_TIMEOUT_S = 600.0
LEASE_END = "end:lease"
RECORD_END = "end:record"
_PARAMETERS = {"lease": LEASE_END, "record": RECORD_END}
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
        forgeries: what is left alone, since it is not proved that its build has made it.
        unread: the regions of which not everything could be read, and why.
    """

    plan: Plan
    leftovers: tuple[Leftover, ...]
    kept: tuple[Leftover, ...]
    forgeries: tuple[Forgery, ...]
    unread: tuple[UnreadRegion, ...]

    def complete(self) -> None:
        """Say what could not be read, and what is left alone, for that or as it may be forged.

        Raises:
            IncompleteError: something could not be read.
            RefusedError: something is not proved to be its build's own.
        """
        forged = [f"left alone: {one}" for one in self.forgeries]
        if not self.unread and not self.kept:
            if forged:
                raise RefusedError(
                    "not everything that carries the tags of a build was made by that build",
                    notes=forged,
                    fix="find in CloudTrail who made it, and remove it by hand",
                )
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
                *forged,
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
    answers = in_regions(chosen, lambda region: leftovers.read(aws.in_region(region)))
    own = _books(aws, enabled)
    books = (own, *(_books(baker, regions.enabled(baker)) for baker in bakers))
    running = {one for answer in books for read in answer.read.values() for one in read.running}
    unsure = tuple(one for answer in books for one in answer.unread)

    def swept(one: str) -> bool:
        age = one == build if build else _age(one, now) >= older_than
        return age and one not in running

    claims = [one for several in answers.read.values() for one in several.left]
    old = [one for one in claims if swept(one.leftover.build)]
    owner = Owner(aws, bakers, books)
    kept = tuple(
        one.leftover
        for one in old
        if _may_be_under_way(one.leftover, unsure)
        or (unsure and not owner.knows(one.leftover.build))
    )
    judged = [one for one in old if one.leftover not in kept]
    forgeries = tuple(found for one in judged if (found := owner.forged(one)))
    forged = {(one.region, one.id) for one in forgeries}
    removed = [
        *(one.leftover for one in judged if (one.leftover.region, one.leftover.id) not in forged),
        *(one for region in chosen if region in own.read for one in own.read[region].lapsed
          if swept(one.build)),
    ]  # fmt: skip
    unread = (*answers.unread, *(one for one in unsure if kept or one.region in chosen))
    if not unread and not kept and set(chosen) >= set(enabled):
        finished = {one for several in answers.read.values() for one in several.finished}
        removed += [
            _record(region, one, removed)
            for region, read in own.read.items()
            for one in read.records.values()
            if swept(one.record.build) and one.record.build not in finished
        ]
    return _planned(tuple(removed), kept, forgeries, unread)


def carry_out(aws: Aws, sweep: Sweep, *, tell: Tell = silent) -> None:
    """Remove it.

    Raises:
        AwsError: something could not be removed; the notes name what else.
    """
    handlers = {
        "ec2:DeregisterImage": removal.image,
        LEASE_END: lease.remove,
        RECORD_END: records.removal,
        "wait:terminated": removal.terminated,
    }
    Execution(aws, handlers=handlers, tell=tell).run(sweep.plan)


def _books(aws: Aws, where: Sequence[str]) -> RegionAnswers[RegionLeases]:
    return in_regions(where, lambda region: leftovers.books(aws.in_region(region)))


def _record(region: str, one: Recorded, removed: Sequence[Leftover]) -> Leftover:
    """Return the record of a build, which goes with the last of what the build has left."""
    record = one.record
    return Leftover(
        region=region, kind="record", id=parameter(record.image, record.build), build=record.build,
        build_region=region, version=one.version,
        after=tuple(there.id for there in removed if there.build == record.build),
    )  # fmt: skip


def _may_be_under_way(one: Leftover, unread: Sequence[UnreadRegion]) -> bool:
    """Say whether the lease of a build may be in a region whose leases could not be read."""
    return any(one.build_region in ("", region.region) for region in unread)


def _planned(
    removed: tuple[Leftover, ...],
    kept: tuple[Leftover, ...],
    forgeries: tuple[Forgery, ...],
    unread: tuple[UnreadRegion, ...],
) -> Sweep:
    count = len({one.build for one in removed})
    plan = Plan(
        title=f"remove {len(removed)} things that {count} unfinished builds have left",
        actions=tuple(step for one in removed for step in _removal(one, removed)),
        checks=leftovers.PERMISSIONS,
    )
    return Sweep(plan, removed, kept, forgeries, unread)


def _age(build: str, now: datetime) -> timedelta:
    start = started(build)
    return now - start if start else timedelta.max


def _removal(one: Leftover, found: tuple[Leftover, ...]) -> list[Action]:
    of = f"of build {one.build}"
    if one.kind == "instance":
        return _termination(one, of, wait=any(one.id in other.after for other in found))
    if one.kind in _PARAMETERS:
        after = tuple(_action_id(other) for other in found if other.id in one.after)
        parameters = {"Name": one.id, "Version": one.version}
        summary = f"delete the {one.kind} {one.id} {of}"
        return [_action(one, summary, _PARAMETERS[one.kind], parameters, after)]
    after = tuple(f"gone:{other}" for other in one.after)
    if one.kind == "image":
        parameters = {"ImageId": one.id, "DeleteAssociatedSnapshots": True}
        summary = f"deregister {one.id} ({one.state}) {of}"
        return [_action(one, summary, "ec2:DeregisterImage", parameters, after)]
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


def _action_id(one: Leftover) -> str:
    return f"{one.kind}:{one.region}:{one.id}"


def _action(
    one: Leftover, summary: str, call: str, parameters: dict[str, Any], after: tuple[str, ...]
) -> Action:
    permissions = {
        "image": (call, "ec2:DeleteSnapshot"),
        "lease": ("ssm:DeleteParameter", *lease.READ_PERMISSIONS),
        "record": ("ssm:DeleteParameter", *records.READ_PERMISSIONS),
    }.get(one.kind, (call,))
    return Action(
        id=_action_id(one),
        summary=summary,
        call=call,
        region=one.region,
        parameters=parameters,
        permissions=permissions,
        after=after,
    )
