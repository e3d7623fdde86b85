"""The images that builds say they made: a tag can be written by hand, a manifest is kept apart."""

from collections.abc import Iterable, Mapping

from goldenami.aws import parameters
from goldenami.aws.errors import FORBIDDEN, code_of
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import manifest, tags
from goldenami.domain.image import Image
from goldenami.domain.tags import ApprovalTag


def images_by_build(
    aws: Aws, images: Iterable[Image], approval: ApprovalTag
) -> Mapping[str, frozenset[str]]:
    """Return the ids of the images that each build made, by the manifests there are.

    A manifest is looked for wherever an approved image of the build comes from, since it lies in
    the build region. A build without one, or whose manifest may not be read, is not in the answer:
    what is known of its images is then in their tags alone.

    Raises:
        AwsError: a region's parameters could not be read.
    """
    wanted: dict[str, set[str]] = {}
    for one in images:
        build = one.tags.get(tags.BUILD)
        if one.image and build and approval.on(one.tags):
            region = one.source_region or one.region
            wanted.setdefault(region, set()).add(manifest.parameter(one.image, build))
    answers = in_regions(
        wanted, lambda region: parameters.values(aws, region, wanted[region], "reading manifests")
    )
    refused = [one.error for one in answers.unread if code_of(one.error) not in FORBIDDEN]
    if refused:
        raise refused[0]
    told = (manifest.read(text) for found in answers.read.values() for text in found.values())
    return {one.build: frozenset(placed.image_id for placed in one.images) for one in told if one}
