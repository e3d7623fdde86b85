"""Tagging: an image, its copies in the other regions, and all their snapshots."""

from collections.abc import Sequence

from goldenami.aws import images, regions
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import lookup, names, tags
from goldenami.domain.image import Image
from goldenami.domain.plan import Action, Plan
from goldenami.errors import GoldenamiError, UsageError


def plan(aws: Aws, image_ids: Sequence[str], further: dict[str, str]) -> Plan:
    """Find the images wherever they are, and plan the tagging of each region.

    An image that goldenami made is tagged in all regions of its build; another one where it is.

    Raises:
        UsageError: an id or a tag is malformed, an image is not there, or a tag is goldenami's own.
        GoldenamiError: an image would have too many tags.
        IncompleteError: a region could not be read.
    """
    _check(image_ids, further)
    answers = in_regions(
        regions.enabled(aws), lambda region: _own(aws.in_region(region), list(image_ids))
    )
    by_region = answers.complete("looking for the images")
    seen = [image for images in by_region.values() for image in images]
    named = [image for image in seen if image.id in image_ids]
    missing = sorted(set(image_ids) - {image.id for image in named})
    if missing:
        raise lookup.unknown(
            f"image of this account in any of {len(answers.read)} regions:",
            ", ".join(missing), (), fix="`goldenami images` lists the golden ones",
        )  # fmt: skip
    builds = {image.tags[tags.BUILD] for image in named if tags.BUILD in image.tags}
    chosen = [image for image in seen if image in named or image.tags.get(tags.BUILD) in builds]
    for image in chosen:
        if len({**image.tags, **further}) > tags.TAGS_PER_RESOURCE:
            raise GoldenamiError(
                f"{image.id} in {image.region} would have more than {tags.TAGS_PER_RESOURCE} tags"
            )
    listed = ", ".join(f"{key}={value}" for key, value in further.items())
    return Plan(
        title=f"tag {len(chosen)} images with {listed}",
        actions=tuple(_action(image, further) for image in chosen),
    )


def _check(image_ids: Sequence[str], further: dict[str, str]) -> None:
    for image_id in image_ids:
        if not names.AMI_ID.fullmatch(image_id):
            raise UsageError(f"`{image_id}` is no image id (`ami-` and 8 or 17 hex digits)")
    for key, value in further.items():
        if problem := tags.problem(key, value):
            raise UsageError(f"--tag {key}={value}: {problem}")


def _own(regional: RegionalAws, image_ids: list[str]) -> list[Image]:
    account = regional.aws.account
    listed = [image for image in images.by_id(regional, image_ids) if image.owner == account]
    return list({image.id: image for image in (*images.produced(regional), *listed)}.values())


def _action(image: Image, further: dict[str, str]) -> Action:
    return Action(
        id=f"tag:{image.id}",
        summary=f"tag {image.id} and {len(image.snapshots)} snapshots",
        call="ec2:CreateTags",
        region=image.region,
        parameters={"Resources": [image.id, *image.snapshots], "Tags": tags.to_aws(further)},
    )
