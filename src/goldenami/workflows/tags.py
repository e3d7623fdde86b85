"""Tagging: an image, its copies in the other regions, and all their snapshots."""

from collections.abc import Sequence

from goldenami.aws import images, regions
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import names, tags
from goldenami.domain.image import Image
from goldenami.domain.plan import Action, Plan
from goldenami.errors import GoldenamiError, UsageError


def plan(aws: Aws, image_ids: Sequence[str], wanted: dict[str, str]) -> Plan:
    """Find the images wherever they are, and plan the tagging of each region.

    An image that goldenami made is tagged in all regions of its build; another one where it is.

    Raises:
        UsageError: an id or a tag is malformed, or a tag is goldenami's own.
        GoldenamiError: an image is not there, or would have too many tags.
        IncompleteError: a region could not be read.
    """
    _check(image_ids, wanted)
    answers = in_regions(regions.enabled(aws), lambda region: _own(aws, region, list(image_ids)))
    seen = [one for found in answers.complete("looking for the images").values() for one in found]
    named = [one for one in seen if one.id in image_ids]
    missing = sorted(set(image_ids) - {one.id for one in named})
    if missing:
        raise GoldenamiError(
            f"no image {', '.join(missing)} of this account in any of {len(answers.read)} regions",
            fix="`goldenami images` lists the golden ones",
        )
    builds = {one.tags[tags.BUILD] for one in named if tags.BUILD in one.tags}
    all_of_them = [one for one in seen if one.id in image_ids or one.tags.get(tags.BUILD) in builds]
    full = [one for one in all_of_them if len({**one.tags, **wanted}) > tags.TAGS_PER_RESOURCE]
    if full:
        raise GoldenamiError(
            f"{full[0].id} in {full[0].region} would have more than {tags.TAGS_PER_RESOURCE} tags"
        )
    listed = ", ".join(f"{key}={value}" for key, value in wanted.items())
    return Plan(
        title=f"tag {len(all_of_them)} images with {listed}",
        actions=tuple(_action(one, wanted) for one in all_of_them),
    )


def _check(image_ids: Sequence[str], wanted: dict[str, str]) -> None:
    for image_id in image_ids:
        if not names.AMI_ID.fullmatch(image_id):
            raise UsageError(f"`{image_id}` is no image id (`ami-` and 8 or 17 hex digits)")
    for key, value in wanted.items():
        if wrong := tags.problem(key, value):
            raise UsageError(f"--tag {key}={value}: {wrong}")


def _own(aws: Aws, region: str, image_ids: list[str]) -> list[Image]:
    account = aws.account
    listed = [one for one in images.by_id(aws.in_region(region), image_ids) if one.owner == account]
    golden = images.produced(aws.in_region(region))
    return list({one.id: one for one in (*golden, *listed)}.values())


def _action(image: Image, wanted: dict[str, str]) -> Action:
    return Action(
        id=f"tag:{image.id}",
        summary=f"tag {image.id} and {len(image.snapshots)} snapshots",
        call="ec2:CreateTags",
        region=image.region,
        parameters={"Resources": [image.id, *image.snapshots], "Tags": tags.to_aws(wanted)},
    )
