"""Instances of bakes under way: a base or test instance is no finding as long as its build lives.

Its tags alone are no reason to leave an instance out: its build has to hold a lease right now.
"""

from collections.abc import Iterable, Iterator

from goldenami.aws import leftovers
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.audit.subject import Subject
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit.sources import Baking, Batches


def without(batches: Iterable[list[Subject]], aws: Aws, region: str) -> Batches:
    """Yield the instances of a region, and apart from them those of bakes under way.

    Raises:
        AwsError: the leases could not be read. Everything else was yielded, but for the instances
            that say they belong to a bake.
    """
    alive: frozenset[str] | None = None
    problem: GoldenamiError | None = None
    for batch in batches:
        claims = {one.id: build for one in batch if (build := _build(one))}
        if claims and alive is None and problem is None:
            try:
                alive = leftovers.leases(aws, region).running
            except GoldenamiError as error:
                problem = error
        if problem is None:
            of_bakes = {name for name, build in claims.items() if build in (alive or ())}
            yield from _parted(batch, of_bakes)
        else:
            yield [one for one in batch if one.id not in claims]
    if problem:
        raise problem


def _parted(batch: list[Subject], of_bakes: set[str]) -> Iterator[list[Subject] | Baking]:
    yield [one for one in batch if one.id not in of_bakes] if of_bakes else batch
    if of_bakes:
        yield Baking(tuple(one for one in batch if one.id in of_bakes))


def _build(subject: Subject) -> str:
    """Return the build that an instance says it belongs to, empty if it says nothing."""
    if subject.tags.get(tags.ROLE) not in set(tags.Role):
        return ""
    return subject.tags.get(tags.BUILD, "")
