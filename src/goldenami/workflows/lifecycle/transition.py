"""A change of a version's status, as actions: recorded first, then tagged, then in the manifest.

The record decides. So a change that was interrupted after it holds, whatever the tags still say,
and the same command again brings tags and manifest to what is recorded.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from goldenami.aws import manifests, records
from goldenami.bake.publish import WRITE_STATUS
from goldenami.domain import manifest, record, tags
from goldenami.domain.image import Image
from goldenami.domain.life import Change
from goldenami.domain.plan import Action
from goldenami.domain.status import Status, may_become, may_return
from goldenami.errors import RefusedError
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version

STATUS_PERMISSIONS = (
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DescribeImages",
    "ec2:DescribeSnapshots",
)
PERMISSIONS = (*records.WRITE_PERMISSIONS, *manifests.PERMISSIONS, *STATUS_PERMISSIONS)
"""What a change of the status takes."""


def decided(version: Version, change: Change) -> Change:
    """Return a change, or the same one that is recorded already: who was first, and when, stays."""
    return next((each for each in version.changes if each.status is change.status), change)


def refuse_illegal(version: Version, later: Status, *, restoring: bool = False) -> None:
    """See to it that a version may get a status: each of its images, and what is recorded.

    Raises:
        RefusedError: it may not; the fix says how it may.
    """
    if not (version.images or version.changes):
        raise RefusedError(
            f"{version.name} has no image: it was never released, or somebody else removed it",
            fix=f"`goldenami history {version.image}` shows what there is; `goldenami sweep` "
            "removes what an unfinished build has left",
        )
    may = may_return if restoring else may_become
    statuses = {each.status: each.image.id for each in version.images}
    statuses |= {each.status.value: "its record" for each in version.changes}
    if wrong := [
        f"{where} is {status or 'of no status'}"
        for status, where in statuses.items()
        if not may(status, later)
    ]:
        raise RefusedError(
            f"{version.name} cannot become {later}: {', '.join(wrong)}",
            fix="docs/lifecycle.md has the table of what may follow what",
        )


def changing(
    version: Version, change: Change, *, restoring: bool = False, after: Sequence[str] = ()
) -> tuple[Action, ...]:
    """Return the actions that give a version a status, as far as they are still to be done.

    Args:
        version: the version.
        change: the status, who, when, why.
        restoring: whether it goes back, which nothing but a restoration does.
        after: the ids of the actions that have to be done before it is recorded.
    """
    change = decided(version, change)
    recorded = [*_recorded(version, change, after)]
    written = [
        _written(version, each, change, restoring=restoring, after=_ids(recorded) or after)
        for each in version.images
        if not _says(each.image, version, change)
    ]
    noted = _noted(version, change, _ids([*recorded, *written]) or after)
    return (*recorded, *written, *noted)


def restored(version: Version, change: Change, *, after: Sequence[str]) -> tuple[Action, ...]:
    """Return the actions that take a version back to a status, as far as they are still to be done.

    Of a version that nothing has become of since its approval there is nothing to record.

    Args:
        version: the version.
        change: the status, who, when, why.
        after: the ids of the actions that have to be done before.
    """
    lives = (*version.changes, *(kept for kept in version.manifests if kept.manifest.life))
    if not lives and all(each.produced.golden for each in version.images):
        return ()
    return changing(version, change, restoring=True, after=after)


def status_action(each: ReleaseImage) -> str:
    """Return the id of the action that writes the status of an image."""
    return f"status:{each.place.name}:{each.image.id}"


def _ids(actions: Sequence[Action]) -> tuple[str, ...]:
    return tuple(action.id for action in actions)


def _recorded(version: Version, change: Change, after: Sequence[str]) -> Iterator[Action]:
    for build, each in version.builds.items():
        last = each.recorded.record.last
        if last and last.status is change.status:
            continue
        name = record.parameter(version.image, build)
        yield Action.at(
            each.place, f"record:{build}", records.WRITE,
            f"record that {version.name} is {change.status}",
            {
                "Name": name,
                "Change": {"change": msgspec.to_builtins(change)},
                "Version": each.recorded.version,
            },
            permissions=records.WRITE_PERMISSIONS,
            after=tuple(after),
        )  # fmt: skip


def _says(image: Image, version: Version, change: Change) -> bool:
    """Tell whether an image and its tags say it all already.

    Its snapshots say what it says, unless the call that tagged both has failed half-way: EC2 tags
    all resources of a call, or none.
    """
    expected, removed = _tags(version, change, image)
    return all(image.tags.get(key) == value for key, value in expected.items()) and not (
        removed & image.tags.keys()
    )


def _tags(version: Version, change: Change, image: Image) -> tuple[dict[str, str], set[str]]:
    """Return the tags that an image of a version gets, and the keys that it loses."""
    approval, written = version.approval_tag, change.tags
    lost = {tags.STATUS_WHY, tags.SUCCESSOR} - written.keys()
    if change.status is Status.APPROVED:
        written |= {approval.key: approval.value}
    elif approval.key != tags.STATUS and approval.on(image.tags):
        lost.add(approval.key)
    return written, lost


def _written(
    version: Version,
    each: ReleaseImage,
    change: Change,
    *,
    restoring: bool,
    after: Sequence[str],
) -> Action:
    written, lost = _tags(version, change, each.image)
    parameters: dict[str, Any] = {
        "ImageId": each.image.id,
        "SnapshotIds": list(each.image.snapshots),
        "Tags": written,
        "Remove": sorted(lost),
    }
    if restoring:
        parameters["Restore"] = True
    return Action.at(
        each.place, status_action(each), WRITE_STATUS,
        f"tag {each.image.id} and its snapshots: {change.status}", parameters,
        permissions=STATUS_PERMISSIONS,
        after=tuple(after),
    )  # fmt: skip


def _noted(version: Version, change: Change, after: Sequence[str]) -> Iterator[Action]:
    for each in version.manifests:
        life = each.manifest.life
        if life and life[-1].status is change.status:
            continue
        name = manifest.parameter(version.image, each.manifest.build)
        yield Action.at(
            each.place, f"manifest:{each.manifest.build}", manifests.CHANGE,
            f"note it in {name}", {"Name": name, "Change": msgspec.to_builtins(change)},
            permissions=manifests.PERMISSIONS,
            after=tuple(after),
        )  # fmt: skip
