"""What builds left beside their images, where only the pipeline writes: records and manifests."""

from collections.abc import Iterable

from goldenami.aws import parameters, records
from goldenami.aws.errors import FORBIDDEN, code_of
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import manifest, prefixes, record, tags
from goldenami.domain.audit.approved import Builds, Known
from goldenami.domain.image import Image, bake_of
from goldenami.domain.tags import ApprovalTag


def recorded_builds(aws: Aws, images: Iterable[Image], approval: ApprovalTag) -> Builds:
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
    names = _parameter_names(images, approval)
    answers = in_regions(
        names,
        lambda region: parameters.parameters(
            aws.in_region(region), names[region], "reading builds"
        ),
    )
    for unread in answers.unread:
        if code_of(unread.error) not in FORBIDDEN:
            raise unread.error
    known: dict[str, Known | None] = {
        build: None for region in answers.read for build in names[region].values() if build
    }
    manifests = {}
    for region, several in answers.read.items():
        for parameter in several.values():
            if recorded := records.recorded(parameter):  # what is none proves as little as none
                known[recorded.record.build] = Known(region, recorded)
            is_manifest = parameter.name.startswith(prefixes.MANIFESTS)
            if listed := manifest.read(parameter.value) if is_manifest else None:
                manifests[listed.build] = frozenset(image.image_id for image in listed.images)
    return Builds(manifests, records=known)


def _parameter_names(images: Iterable[Image], approval: ApprovalTag) -> dict[str, dict[str, str]]:
    """Return what to read by region: the build of each record, and nothing for a manifest."""
    names: dict[str, dict[str, str]] = {}
    for image in images:
        build = image.tags.get(tags.BUILD)
        if image.image and build:
            of_region = names.setdefault(image.source_region or image.region, {})
            of_region[record.parameter(image.image, build)] = build
            if approval.on(image.tags):
                of_region[manifest.parameter(image.image, bake_of(build))] = ""
    return names
