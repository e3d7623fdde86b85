"""The instances of a place as they are judged, whichever processes read them."""

from collections.abc import Iterable, Sequence

from goldenami.aws.instances_by_image import ByImage, SomeInstances
from goldenami.aws.inventory import PageElsewhere
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.rules import Judge
from goldenami.domain.audit.subject import Subject
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit.ancestors import explained_by_ancestors, with_ancestors
from goldenami.workflows.audit.bakes import MARK, Bakes
from goldenami.workflows.audit.sources import Batch, Batches


def by_image(seen: SeenImages, approved: Approved) -> ByImage:
    """Return what tells by their images which instances have to be read: those with findings.

    Whoever needs more of the others than how many there are has to read all of them.

    Args:
        seen: the images of the place.
        approved: what counts as golden there.
    """
    judge = Judge(approved)

    def judged(samples: Sequence[Subject]) -> Sequence[tuple[Subject, bool]]:
        explained = explained_by_ancestors(samples, seen, approved)
        return [(sample, bool(judge(sample))) for sample in explained]

    return ByImage(judged, MARK)


def batches(
    instances: Iterable[SomeInstances | PageElsewhere],
    regional: RegionalAws,
    seen: SeenImages,
    approved: Approved,
) -> Batches:
    """Yield instances, with what their images were made from, apart from those of bakes under way.

    Args:
        instances: all of the place, or pages of them that another process has judged.
        regional: the place.
        seen: its images.
        approved: what counts as golden there.

    Raises:
        GoldenamiError: as `apart`.
    """
    return with_ancestors(apart(instances, regional), seen, approved)


def apart(instances: Iterable[SomeInstances | PageElsewhere], regional: RegionalAws) -> Batches:
    """Yield instances, and apart from them those of bakes under way.

    Raises:
        GoldenamiError: a page could not be read. Or the leases or the records could not be: then
            everything else was yielded, but for the instances that say they belong to a bake.
    """
    bakes = Bakes(regional)
    problem: GoldenamiError | None = None
    for some in instances:
        if isinstance(some, PageElsewhere):
            judged = some.result.result()
            yield Batch(share=judged.share)
            if judged.error:
                raise judged.error
            problem = problem or judged.problem
        else:
            yield bakes.apart(some)
    if problem := problem or bakes.problem:
        raise problem
