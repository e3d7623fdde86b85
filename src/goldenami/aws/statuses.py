"""Writes the status of an image and its snapshots; it never goes back by itself, whoever writes.

What a plan was made from may be out of date when it is carried out: somebody may have approved the
image meanwhile. So the tags are read right before they are written.
"""

from typing import Any

from goldenami.aws import snapshots
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.waits import answered, patiently
from goldenami.domain import tags
from goldenami.domain.status import Status, may_become, may_return, reached
from goldenami.domain.tags import Tags
from goldenami.errors import AwsError, RefusedError

Missing = tuple[tuple[str, str], ...]
"""Tags that something lacks: keys and values."""


def write(context: ActionContext) -> dict[str, Any]:
    """Give ``ImageId`` and ``SnapshotIds`` the status and the other tags of ``Tags``.

    Only what is missing is written, and of the tags in ``Remove`` only what is there is removed.
    With ``Restore`` the status may go back as far as a restoration may take it. Who approved an
    image, and when, stays as it was recorded first; an approved one is not marked as unpublished
    again.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html

    Raises:
        RefusedError: something is farther in its life than that already; nothing is written.
        AwsError: AWS refused.
    """
    expected = context.parameters["Tags"]
    may = may_return if context.parameters.get("Restore") else may_become
    actual = patiently(context, lambda: _read(context), created=True)
    past = [
        f"{resource} is {written[tags.STATUS]}"
        for resource, written in actual.items()
        if not may(written.get(tags.STATUS, ""), Status(expected[tags.STATUS]))
    ]
    if past:
        raise RefusedError(
            f"{context.headline}: {', '.join(past)}, and that does not become "
            f"{expected[tags.STATUS]}",
            fix="look who was faster: `goldenami history IMAGE`",
        )
    for missing, resources in _by_missing(actual, expected).items():
        answered(
            context, kinds()["ec2:CreateTags"], created=True,
            Resources=resources, Tags=tags.to_aws(dict(missing)),
        )  # fmt: skip
    _remove(context, actual)
    return {}


def _remove(context: ActionContext, actual: dict[str, Tags]) -> None:
    for key in context.parameters.get("Remove", ()):
        if resources := [resource for resource, written in actual.items() if key in written]:
            answered(context, kinds()["ec2:DeleteTags"], Resources=resources, Tags=[{"Key": key}])


def _read(context: ActionContext) -> dict[str, Tags]:
    """Return the tags of the image and of its snapshots, by id: of all of them."""
    regional, summary = context.regional, context.summary
    image, ids = context.parameters["ImageId"], list(context.parameters["SnapshotIds"])
    images = regional.ask(DescribeImages, summary, ImageIds=[image], IncludeDisabled=True).rows
    there: dict[str, Tags] = {described.image_id: described.tag_values for described in images}
    there |= {
        described.snapshot_id: described.tag_values
        for described in snapshots.by_id(regional, ids, summary)
    }
    for resource in (image, *ids):
        if resource not in there:
            raise AwsError(
                f"{context.headline}: {resource} is not there",
                code="InvalidAMIID.NotFound",
            )
    return there


def _by_missing(actual: dict[str, Tags], expected: Tags) -> dict[Missing, list[str]]:
    """Group what is to be tagged by the tags that it lacks; usually that is one group."""
    groups: dict[Missing, list[str]] = {}
    for resource, written in actual.items():
        if missing := _missing(written, expected):
            groups.setdefault(missing, []).append(resource)
    return groups


def _missing(written: Tags, expected: Tags) -> Missing:
    kept = {key for key in (tags.APPROVED_BY, tags.APPROVED_AT) if key in written}
    if reached(written.get(tags.STATUS, ""), Status.APPROVED):
        kept.add(tags.UNPUBLISHED)
    return tuple(
        (key, value)
        for key, value in expected.items()
        if key not in kept and written.get(key) != value
    )
