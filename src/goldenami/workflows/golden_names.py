"""The names of golden images: of what there is, and of what is no longer there but recorded."""

from goldenami.aws import images, manifests, records, regions
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import lookup


def refuse_unknown(aws: Aws, name: str) -> None:
    """See to it that there is, or was, a golden image of a name in the caller's account.

    Raises:
        UsageError: there is none.
        IncompleteError: none was found, and a region could not be read.
    """
    answers = in_regions(regions.enabled(aws), lambda region: _names(aws.in_region(region)))
    known = frozenset[str]().union(*answers.read.values())
    if name in known:
        return
    answers.complete(f"looking for {name}")
    raise lookup.unknown("golden image", name, known, fix="`goldenami images` lists all")


def _names(regional: RegionalAws) -> frozenset[str]:
    tagged = (image.image for image in images.produced(regional))
    recorded = (each.record.image for each in records.every(regional).values())
    released = (each.image for each in manifests.every(regional))
    return frozenset((*tagged, *recorded, *released))
