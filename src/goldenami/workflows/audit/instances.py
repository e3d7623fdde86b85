"""The instances of a place as they are judged, whichever processes read them."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from goldenami.aws.instances_by_image import ByImage, SomeInstances
from goldenami.aws.inventory import InstanceInventory
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.rules import Judge
from goldenami.domain.audit.subject import Subject
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit import bakes
from goldenami.workflows.audit.ancestors import explained_by_ancestors, with_ancestors
from goldenami.workflows.audit.bakes import Bakes
from goldenami.workflows.audit.sources import Batch, Batches

AHEAD = 8
"""How many pages may wait: for one that another process judges, and for their turn behind it."""


def read(
    listing: InstanceInventory,
    regional: RegionalAws,
    seen: SeenImages,
    approved: Approved,
    *,
    whole: bool,
) -> Batches:
    """Yield the instances of a listing, with what their images were made from.

    Args:
        listing: the listing.
        regional: whose, and where.
        seen: looks images up.
        approved: what counts as golden there.
        whole: whether each instance is needed, and not only what has findings.

    Raises:
        GoldenamiError: a page, a lease or a record could not be read.
    """
    by_image = None if whole else judged_by_image(seen, approved)
    yield from with_ancestors(apart(listing.instances(seen, by_image), regional), seen, approved)


def judged_by_image(seen: SeenImages, approved: Approved) -> ByImage:
    """Return what tells by their images which instances of a place have findings.

    Args:
        seen: looks images up.
        approved: what counts as golden there.
    """
    judge = Judge(approved)

    def judged(samples: Sequence[Subject]) -> Sequence[tuple[Subject, bool]]:
        explained = explained_by_ancestors(samples, seen, approved)
        return [(sample, bool(judge(sample))) for sample in explained]

    return ByImage(judged, bakes.MARK)


def apart(instances: Iterable[SomeInstances], regional: RegionalAws) -> Batches:
    """Yield instances, and apart from them those of bakes under way.

    Raises:
        GoldenamiError: a page could not be read. Or the leases or the records could not be: then
            everything else was yielded, but for the instances that say they belong to a bake.
    """
    under_way = Bakes(regional)
    problem: GoldenamiError | None = None
    for some in _in_order(instances):
        if some.elsewhere is not None:
            judged = some.elsewhere.result()
            yield Batch(share=judged.share)
            if judged.error:
                raise judged.error
            problem = problem or judged.problem
        else:
            yield under_way.apart(some)
    if problem := problem or under_way.problem:
        raise problem


def _in_order(instances: Iterable[SomeInstances]) -> Iterator[SomeInstances]:
    """Yield instances in their order; pages are read while other processes judge the ones before.

    Raises:
        GoldenamiError: a page could not be read; what comes before it was yielded.
    """
    waiting: deque[SomeInstances] = deque()
    problem: GoldenamiError | None = None
    try:
        for some in instances:
            waiting.append(some)
            while waiting and (len(waiting) > AHEAD or _is_there(waiting[0])):
                yield waiting.popleft()
    except GoldenamiError as error:
        problem = error
    yield from waiting
    if problem:
        raise problem


def _is_there(some: SomeInstances) -> bool:
    return some.elsewhere is None or some.elsewhere.done()
