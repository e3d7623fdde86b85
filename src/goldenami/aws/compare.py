"""Reads a finished image back: a copy that lost its tags or its shares looks finished and is not.

CopyImage copies neither launch permissions nor the deprecation, and tags arrive a moment later.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html
"""

from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from typing import Any

from goldenami.aws import snapshots
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import (
    DescribeImages,
    DescribeLaunchPermissions,
    DescribeSnapshotPermissions,
)
from goldenami.aws.waits import until
from goldenami.domain import tags
from goldenami.errors import BakeError

_FIX = (
    "look in CloudTrail who changes the image beside this build, and take back what differs; or "
    "who may not write it"
)


def image(context: ActionContext) -> dict[str, Any]:
    """Wait until an image is what its parameters say.

    Tags are compared on the image and all its snapshots; its launch permissions, who may use its
    snapshots, and its deprecation must be the wanted ones: ``exactly``, or nobody else's as yet.

    Raises:
        BakeError: after ``timeout_s`` something still differs; the notes say what.
    """
    differences: list[str] = []

    def look() -> dict[str, Any] | None:
        differences[:] = _differences(context)
        return None if differences else {}

    try:
        return until(
            context, look, timeout_s=context.parameters["timeout_s"], thing="the image", fix=_FIX
        )
    except BakeError as error:
        error.notes = (*error.notes, *differences)
        raise


def _differences(context: ActionContext) -> Iterator[str]:
    image_id, expected_tags = context.parameters["ImageId"], context.parameters["tags"]
    described_images = context.ask(DescribeImages, ImageIds=[image_id], IncludeDisabled=True).rows
    if not described_images:
        yield f"{image_id} is not there"
        return
    image = described_images[0]
    described = snapshots.by_id(context.regional, image.snapshot_ids, context.summary)
    permissions = context.ask(
        DescribeLaunchPermissions, ImageId=image_id, Attribute="launchPermission"
    ).rows
    yield from _missing_tags(image_id, image.tag_values, expected_tags)
    for snapshot in described:
        yield from _missing_tags(snapshot.snapshot_id, snapshot.tag_values, expected_tags)
    for snapshot in described if context.parameters["snapshot_accounts"] else ():
        yield from _snapshot_shares(context, snapshot.snapshot_id)
    for name, expected in context.parameters["attributes"].items():
        if (actual := getattr(image, name)) != expected:
            yield f"{image_id} has {name} {actual or '(none)'}, not {expected}"
    expected_mark = context.parameters["watermark"]
    if expected_mark and expected_mark not in image.watermark_keys:
        yield f"{image_id} lacks the watermark {expected_mark}"
    shares = {permission.named for permission in permissions}
    wanted_shares = {tuple(share.items()) for share in context.parameters["shares"]}
    if _differ(shares, wanted_shares, exactly=context.parameters["exactly"]):
        yield f"{image_id} is shared with {sorted(shares)}, not as wanted"
    text = context.parameters["deprecate_at"]
    wanted_at = datetime.fromisoformat(text) if text else None
    if image.deprecation_time != wanted_at and wanted_at:
        yield f"{image_id} has no deprecation on {wanted_at:%Y-%m-%d}"


def _snapshot_shares(context: ActionContext, snapshot_id: str) -> Iterator[str]:
    answer = context.ask(
        DescribeSnapshotPermissions, SnapshotId=snapshot_id, Attribute="createVolumePermission"
    )
    actual = {permission.user_id or "everybody" for permission in answer.rows}
    expected = set(context.parameters["snapshot_accounts"])
    if _differ(actual, expected, exactly=context.parameters["exactly"]):
        yield f"{snapshot_id} may be used by {sorted(actual)}, not as wanted"


def _differ(actual: Set[Any], expected: Set[Any], *, exactly: bool) -> bool:
    return actual != expected if exactly else not actual <= expected


def _missing_tags(
    resource: str, actual: Mapping[str, str], expected: Mapping[str, str]
) -> Iterator[str]:
    for key, value in expected.items():
        if key != tags.STATUS and actual.get(key) != value:  # the status moves on
            yield f"{resource} has the tag {key}={actual.get(key, '(none)')}, not {value}"
