"""What builds left beside their images, where only the pipeline writes: records and manifests."""

from collections.abc import Iterable

from goldenami.aws import parameters, records
from goldenami.aws.errors import FORBIDDEN, code_of
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import manifest, prefixes, record, tags
from goldenami.domain.audit.approved import Builds, Known
from goldenami.domain.image import Image
from goldenami.domain.tags import ApprovalTag


def kept(aws: Aws, images: Iterable[Image], approval: ApprovalTag) -> Builds:
    """Return what the builds that images name have recorded, and which images they list.

    Both lie in the build region, so they are looked for wherever an image of the build comes from;
    a manifest only if the image is approved. What may not be read is not in the answer: then the
    tags of the images are all that is known.

    Args:
        aws: the caller, whose account's builds count.
        images: images that may be theirs.
        approval: the approval tag.

    Raises:
        AwsError: a region's parameters could not be read.
    """
    wanted: dict[str, dict[str, str]] = {}
    for one in images:
        build = one.tags.get(tags.BUILD)
        if one.image and build:
            names = wanted.setdefault(one.source_region or one.region, {})
            names[record.parameter(one.image, build)] = build
            if approval.on(one.tags):
                names[manifest.parameter(one.image, build)] = ""
    answers = in_regions(
        wanted,
        lambda region: parameters.parameters(
            aws.in_region(region), wanted[region], "reading builds"
        ),
    )
    refused = [one.error for one in answers.unread if code_of(one.error) not in FORBIDDEN]
    if refused:
        raise refused[0]
    told = (
        manifest.read(one.value)
        for found in answers.read.values()
        for name, one in found.items()
        if name.startswith(prefixes.MANIFESTS)
    )
    absent = {build: None for region in answers.read for build in wanted[region].values() if build}
    recorded = {  # what is no record proves as little as none
        found.record.build: Known(region, found)
        for region, several in answers.read.items()
        for parameter in several.values()
        if (found := records.recorded(parameter))
    }
    return Builds(
        {one.build: frozenset(placed.image_id for placed in one.images) for one in told if one},
        records={**absent, **recorded},
    )
