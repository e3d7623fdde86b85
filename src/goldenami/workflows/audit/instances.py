"""The instances of a place as they are judged, whichever process reads them."""

from collections.abc import Sequence

from goldenami.aws.instances_by_image import ByImage
from goldenami.aws.inventory import InstanceInventory
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.rules import Judge
from goldenami.domain.audit.subject import Subject
from goldenami.workflows.audit import bakes
from goldenami.workflows.audit.ancestors import explained_by_ancestors, with_ancestors
from goldenami.workflows.audit.sources import Batch, Batches


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
        AwsError: a page, a lease or a record could not be read.
    """
    judge = Judge(approved)

    def judged(samples: Sequence[Subject]) -> Sequence[tuple[Subject, bool]]:
        explained = explained_by_ancestors(samples, seen, approved)
        return [(sample, bool(judge(sample))) for sample in explained]

    by_image = None if whole else ByImage(judged, bakes.MARK)
    batches = (
        Batch(subjects=some.subjects, compliant=some.compliant)
        for some in listing.instances(seen, by_image)
    )
    yield from with_ancestors(bakes.without(batches, regional), seen, approved)
