"""Reads a finished image back: a copy that lost its tags or its shares looks finished and is not.

CopyImage copies neither launch permissions nor the deprecation, and tags arrive a moment later.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.images import when
from goldenami.aws.waits import Doing, snapshots_of, until
from goldenami.domain import tags
from goldenami.errors import BakeError


def image(doing: Doing) -> dict[str, Any]:
    """Wait until an image is what its parameters say.

    Tags are compared on the image and all its snapshots; its launch permissions, who may use its
    snapshots, and its deprecation must be exactly the wanted ones.

    Raises:
        BakeError: after ``timeout_s`` something still differs; the notes say what.
    """
    differences: list[str] = []

    def look() -> dict[str, Any] | None:
        differences[:] = _differences(doing)
        return None if differences else {}

    try:
        return until(doing, look, timeout_s=doing.parameters["timeout_s"], thing="the image")
    except BakeError as error:
        error.notes = (*error.notes, *differences)
        raise


def _differences(doing: Doing) -> Iterator[str]:
    client = doing.aws.client("ec2", doing.region)
    image_id, wanted = doing.parameters["ImageId"], doing.parameters["tags"]
    with explained(doing.summary, doing.region):
        found = client.describe_images(ImageIds=[image_id], IncludeDisabled=True)["Images"]
        if not found:
            yield f"{image_id} is not there"
            return
        snapshots = client.describe_snapshots(SnapshotIds=snapshots_of(found[0]))["Snapshots"]
        attribute = client.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    yield from _missing_tags(image_id, found[0], wanted)
    for snapshot in snapshots:
        yield from _missing_tags(snapshot["SnapshotId"], snapshot, wanted)
    for snapshot in snapshots if doing.parameters["snapshot_accounts"] else ():
        yield from _snapshot_shares(doing, snapshot["SnapshotId"])
    shares = {tuple(one.items()) for one in attribute["LaunchPermissions"]}
    if shares != {tuple(one.items()) for one in doing.parameters["shares"]}:
        yield f"{image_id} is shared with {sorted(shares)}, not as wanted"
    wanted_at = when(doing.parameters["deprecate_at"])
    if when(found[0].get("DeprecationTime")) != wanted_at and wanted_at:
        yield f"{image_id} has no deprecation on {wanted_at:%Y-%m-%d}"


def _snapshot_shares(doing: Doing, snapshot_id: str) -> Iterator[str]:
    with explained(doing.summary, doing.region):
        told = doing.aws.client("ec2", doing.region).describe_snapshot_attribute(
            SnapshotId=snapshot_id, Attribute="createVolumePermission"
        )
    there = {one.get("UserId", "everybody") for one in told["CreateVolumePermissions"]}
    if there != set(doing.parameters["snapshot_accounts"]):
        yield f"{snapshot_id} may be used by {sorted(there)}, not as wanted"


def _missing_tags(
    resource: str, described: Mapping[str, Any], wanted: Mapping[str, str]
) -> Iterator[str]:
    there = tags.from_aws(described.get("Tags"))
    for key, value in wanted.items():
        if key != tags.STATUS and there.get(key) != value:  # the status moves on
            yield f"{resource} has the tag {key}={there.get(key, '(none)')}, not {value}"
