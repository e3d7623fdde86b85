"""Instances of bakes under way: a base or test instance is no finding as long as its build lives.

Its tags are no reason to leave an instance out: its build has to hold a lease right now, and it has
to be the build's own by its record. One that is no build's own is told as such.
"""

from collections.abc import Mapping

from msgspec import structs

from goldenami.aws import builds, leftovers
from goldenami.aws.instances_by_image import SomeInstances
from goldenami.aws.leftovers import RegionLeases
from goldenami.aws.session import RegionalAws
from goldenami.domain import tags
from goldenami.domain.audit.rules import forged_build
from goldenami.domain.audit.subject import Subject
from goldenami.domain.identity import Recorded, instance_problem, is_unrecorded
from goldenami.domain.image import bake_of
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit.sources import Batch

MARK = tags.ROLE
"""The tag without which no instance is taken for one of a bake."""

_ROLES = frozenset(tags.InstanceRole)


class Bakes:
    """The bakes under way in a region, asked for when an instance says it belongs to one.

    ``problem`` is why leases or records could not be read; None if they were, or none was needed.
    """

    def __init__(self, regional: RegionalAws) -> None:
        self._regional = regional
        self._books: RegionLeases | None = None
        self.problem: GoldenamiError | None = None

    def apart(self, some: SomeInstances) -> Batch:
        """Return instances of the region, and apart from them those of bakes under way.

        With a problem those that say they belong to a bake are in neither.
        """
        instances = some.subjects
        claims = {instance.id: build for instance in instances if (build := build_of(instance))}
        if not claims:
            return Batch(subjects=instances, compliant=some.compliant)
        forged: dict[str, str] = {}
        try:
            if not self.problem:
                self._books = self._books or leftovers.books(self._regional)
                forged = _forged(self._regional, self._books.records, claims)
        except GoldenamiError as error:
            self.problem = error
        running = self._books.running if self._books else ()
        alive = {name for name, build in claims.items() if bake_of(build) in running}
        baking = claims.keys() if self.problem else alive - forged.keys()
        belonging = [subject for subject in instances if subject.id in baking]
        return Batch(
            subjects=[_noted(subject, forged) for subject in instances if subject.id not in baking],
            compliant=some.compliant,
            baking=() if self.problem else tuple(belonging),
        )


def _forged(
    regional: RegionalAws, records: Mapping[str, Recorded], claims: Mapping[str, str]
) -> dict[str, str]:
    """Return which instances are not of the build they claim to be of, and why."""
    forged: dict[str, str] = {}
    unsure: set[str] = set()
    for name, build in claims.items():
        if build not in records:
            forged[name] = f"build {build} has no record, so nothing proves that it launched it"
        elif records[build].record.instance_id != name:
            unsure.add(build)
    for build in unsure:
        record = records[build].record
        for instance in builds.instances(regional, tags.BUILD, build):
            problem = instance_problem(record, instance)
            if problem and instance.id in claims and not is_unrecorded(record, instance):
                forged[instance.id] = problem
    return forged


def _noted(subject: Subject, forged: dict[str, str]) -> Subject:
    why = forged.get(subject.id)
    if not why:
        return subject
    return structs.replace(subject, facts={**subject.facts, forged_build.FACT: why})


def build_of(subject: Subject) -> str:
    """Return the build that an instance says it belongs to, empty if it says nothing.

    A base instance on its own (`goldenami base launch`) names no release file.
    """
    if subject.tags.get(MARK) not in _ROLES or tags.SPEC not in subject.tags:
        return ""
    return subject.tags.get(tags.BUILD, "")
