"""Sweeping: what unfinished builds have left anywhere is removed, if it is proved to be theirs.

It is found by its tags. Whose it is, the records of the builds and EC2 say; what is not proved to
be a build's own is told by its id, and left alone.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from goldenami.aws import calls, images, lease, leftovers, records, regions, untagged, waits
from goldenami.aws.leftovers import (
    ClaimedLeftover,
    ClaimedLeftovers,
    Leftover,
    RegionLeases,
)
from goldenami.aws.parallel import RegionAnswers, UnreadRegion, in_regions
from goldenami.aws.session import Aws
from goldenami.domain import identity, lookup
from goldenami.domain.identity import Forgery, Recorded
from goldenami.domain.image import Image, bake_of, started
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.domain.record import parameter
from goldenami.errors import IncompleteError, RefusedError
from goldenami.workflows.execution import Execution

TERMINATION_TIMEOUT_S = 600.0
LEASE_END = "end:lease"
RECORD_END = "end:record"
_PERMISSIONS = {LEASE_END: lease.READ_PERMISSIONS, RECORD_END: records.READ_PERMISSIONS}
_CALLS = {
    "snapshot": ("ec2:DeleteSnapshot", "SnapshotId"),
    "volume": ("ec2:DeleteVolume", "VolumeId"),
    "key-pair": ("ec2:DeleteKeyPair", "KeyName"),
    "security-group": ("ec2:DeleteSecurityGroup", "GroupId"),
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
        forged = [f"left alone: {forgery}" for forgery in self.forgeries]
        if self.unread or self.kept:
            raise IncompleteError(
                f"not everything could be looked at, and {len(self.kept)} things are left alone",
                notes=[
                    *dict.fromkeys(f"{part.region}: {part.error.message}" for part in self.unread),
                    *(
                        f"left alone: {leftover.kind} {leftover.id} in {leftover.region}: whether "
                        f"its build {leftover.build} is under way could not be read"
                        for leftover in self.kept
                    ),
                    *forged,
                ],
                fix="give the caller access to these regions, and run it again",
            )
        if forged:
            raise RefusedError(
                "not everything that carries the tags of a build was made by that build",
                notes=forged,
                fix="find in CloudTrail who made it, and remove it by hand",
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
    own = _leases(aws, enabled)
    others = ((baker, _leases(baker, regions.enabled(baker))) for baker in bakers)
    books = _Books(aws, [(aws, own), *others])

    def swept(name: str) -> bool:
        mine = build in (name, bake_of(name))
        is_chosen = mine if build else _age(name, now) >= older_than
        return is_chosen and bake_of(name) not in books.running

    removed: list[Leftover] = []
    kept: list[Leftover] = []
    forgeries: list[Forgery] = []
    recorded_builds = [(region, [*read.records.values()]) for region, read in own.read.items()]
    bare = untagged.of_records(aws, recorded_builds, tuple(answers.read))
    books.originals = {each.image.id: each.image.source_instance for each in bare if each.image}
    for claim in (*(claim for read in answers.read.values() for claim in read.leftovers), *bare):
        if not swept(claim.leftover.build):
            continue
        if books.may_be_under_way(claim.leftover):
            kept.append(claim.leftover)
        elif forgery := books.forgery(claim):
            forgeries.append(forgery)
        else:
            removed.append(claim.leftover)
    if build and not (removed or kept or forgeries or answers.unread or books.unread):
        _refuse_unknown(build, answers, books)
    lapsed = [lease for region in chosen if region in own.read for lease in own.read[region].lapsed]
    removed += [leftover for leftover in lapsed if swept(leftover.build)]
    unread = (*answers.unread, *(part for part in books.unread if kept or part.region in chosen))
    if not unread and not kept and set(chosen) >= set(enabled):
        finished = {name for read in answers.read.values() for name in read.finished}
        removed += [
            _record(region, recorded, removed)
            for region, read in own.read.items()
            for recorded in read.records.values()
            if swept(recorded.record.build) and recorded.record.build not in finished
        ]
    count = len({leftover.build for leftover in removed})
    plan = Plan(
        title=f"remove {len(removed)} things that {count} unfinished builds have left",
        actions=tuple(step for leftover in removed for step in _removal(leftover, removed)),
        checks=leftovers.PERMISSIONS,
    )
    return Sweep(plan, tuple(removed), tuple(kept), tuple(forgeries), unread)


def carry_out(aws: Aws, sweep: Sweep, *, tell: Tell = silent) -> None:
    """Remove it.

    Raises:
        AwsError: something could not be removed; the notes name what else.
    """
    handlers = {
        "ec2:DeregisterImage": calls.deregister,
        LEASE_END: lease.remove,
        RECORD_END: records.removal,
        "wait:terminated": waits.terminated,
    }
    Execution(aws, handlers=handlers, tell=tell).run(sweep.plan)


class _Books:
    """The leases and records of builds: which are under way, and whose something is.

    What is neither an image nor an instance, nor belongs to one, has no origin that EC2 tells: the
    tags of a build that has a record are enough to remove it, for only the pipeline writes them.

    Args:
        aws: the account that is swept.
        accounts: the leases and records of each account whose builds may have left something there.
    """

    def __init__(
        self, aws: Aws, accounts: Sequence[tuple[Aws, RegionAnswers[RegionLeases]]]
    ) -> None:
        self._aws = aws
        self.running: set[str] = set()
        self.originals: dict[str, str] = {}
        """The instances of images that carry no tags, by those that copies may be made of."""
        self.unread: list[UnreadRegion] = []
        self._known: dict[str, tuple[Aws, str, Recorded]] = {}
        for baker, answers in accounts:
            self.unread += answers.unread
            for region, read in answers.read.items():
                self.running |= read.running
                for build, recorded in read.records.items():
                    self._known[build] = baker, region, recorded

    @property
    def known(self) -> frozenset[str]:
        """The builds that have a record or a lease."""
        return frozenset((*self._known, *self.running))

    def may_be_under_way(self, leftover: Leftover) -> bool:
        """Tell whether the lease of a build may be in a region whose leases could not be read."""
        if self.unread and leftover.build not in self._known:
            return True
        return any(leftover.build_region in ("", part.region) for part in self.unread)

    def forgery(self, claim: ClaimedLeftover) -> Forgery | None:
        """Return why something is not proved to be its build's own; None if it is."""
        if not (why := self._problem(claim)):
            return None
        item = claim.leftover
        return Forgery(kind=item.kind, id=item.id, region=item.region, build=item.build, why=why)

    def _problem(self, claim: ClaimedLeftover) -> str:
        known = self._known.get(claim.leftover.build)
        if known is None:
            return "that build has no record, so nothing proves that it is its own"
        baker, region, recorded = known
        if claim.instance:
            return identity.removal_problem(recorded.record, claim.instance)
        if claim.image:
            return self._of_image(baker, region, recorded, claim.image)
        return ""

    def _of_image(self, baker: Aws, region: str, recorded: Recorded, image: Image) -> str:
        record = recorded.record
        packers = record.method == "packer" and not record.image_id and baker is self._aws
        source_instance = image.source_instance or self.originals.get(image.source_image, "")
        if packers and source_instance == record.instance_id != "":
            return ""  # Packer was killed, and nobody saw whether it had ended
        if baker is self._aws and image.region == region:
            return identity.image_problem(recorded, image, baker.account)
        source = record.image_id
        if baker is not self._aws and image.source_region != region:
            source = self._lent(baker, recorded, image)
        return identity.copy_problem(record, image, source, self._aws.account)

    def _lent(self, baker: Aws, recorded: Recorded, image: Image) -> str:
        """Return the copy in the baker's account that another account's was made from, if it is."""
        record, region = recorded.record, image.source_region
        for copy in images.by_id(baker.in_region(region), [image.source_image]):
            if not identity.copy_problem(record, copy, record.image_id, baker.account):
                return copy.id
        return ""


def _refuse_unknown(build: str, answers: RegionAnswers[ClaimedLeftovers], books: _Books) -> None:
    """See to it that there is a trace of a build that has left nothing.

    Raises:
        UsageError: there is none.
    """
    known = set(books.known)
    for read in answers.read.values():
        known |= read.finished | {claim.leftover.build for claim in read.leftovers}
    if build not in known | {bake_of(name) for name in known}:
        raise lookup.unknown(
            "trace of a build", build, known,
            fix="`goldenami history IMAGE` lists the builds that have ended; what was swept before "
            "has left no trace",
        )  # fmt: skip


def _leases(aws: Aws, where: Sequence[str]) -> RegionAnswers[RegionLeases]:
    return in_regions(where, lambda region: leftovers.books(aws.in_region(region)))


def _record(region: str, recorded: Recorded, removed: Sequence[Leftover]) -> Leftover:
    """Return the record of a build, which goes with the last of what the build has left."""
    record = recorded.record
    return Leftover(
        region=region, kind="record", id=parameter(record.image, record.build), build=record.build,
        build_region=region, version=recorded.version,
        after=tuple(leftover.id for leftover in removed if leftover.build == record.build),
    )  # fmt: skip


def _age(build: str, now: datetime) -> timedelta:
    start = started(build)
    return now - start if start else timedelta.max


def _removal(leftover: Leftover, leftovers: Sequence[Leftover]) -> Iterator[Action]:
    name, kind = leftover.id, leftover.kind
    summary, permissions = f"delete the {kind} {name}", tuple[str, ...]()
    after = tuple(f"gone:{instance}" for instance in leftover.after)
    parameters: dict[str, Any]
    if kind == "instance":
        call, summary = "ec2:TerminateInstances", f"terminate {name}"
        parameters = {"InstanceIds": [name]}
    elif kind == "image":
        call, summary = "ec2:DeregisterImage", f"deregister {name} ({leftover.state})"
        parameters = {"ImageId": name, "DeleteAssociatedSnapshots": True}
        permissions = (call, "ec2:DeleteSnapshot")
    elif kind in _CALLS:
        call, key = _CALLS[kind]
        parameters = {key: name}
    else:
        call, parameters = f"end:{kind}", {"Name": name, "Version": leftover.version}
        permissions = ("ssm:DeleteParameter", *_PERMISSIONS[call])
        after = tuple(_action_id(other) for other in leftovers if other.id in leftover.after)
    yield Action(
        id=_action_id(leftover),
        summary=f"{summary} of build {leftover.build}",
        call=call,
        region=leftover.region,
        parameters=parameters,
        permissions=permissions,
        after=after,
    )
    if kind == "instance" and any(name in other.after for other in leftovers):
        yield Action(
            id=f"gone:{name}",
            summary=f"wait until {name} is terminated",
            call="wait:terminated",
            region=leftover.region,
            parameters={"InstanceId": name, "timeout_s": TERMINATION_TIMEOUT_S},
            permissions=("ec2:DescribeInstances",),
            after=(_action_id(leftover),),
        )


def _action_id(leftover: Leftover) -> str:
    return f"{leftover.kind}:{leftover.region}:{leftover.id}"
