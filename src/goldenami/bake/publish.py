"""The last steps: approve the complete images (or propose them), share them, tell the consumers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from goldenami.aws import parameters
from goldenami.bake import pointing, record
from goldenami.bake.actions import approved, at, complete, image_id, on_image, snapshot_ids
from goldenami.bake.distribute import sharing
from goldenami.bake.interface import Recipe
from goldenami.bake.manifest import MANIFEST, write
from goldenami.bake.manifest import together as together_in_manifest
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.manifest import Approval
from goldenami.domain.plan import Action
from goldenami.domain.status import Status

WRITE_STATUS = "write:status"

Places = Sequence[AccountRegion]


def approval(recipe: Recipe, places: Places, decision: Approval) -> tuple[Action, ...]:
    """Return the approval of the image in these places, and what may be done from then on alone.

    It is recorded first, and then written on the images; then others may have them, and get copies
    of their own, which are approved when they are complete. From its approval to the end of the
    release an image carries the places that are not published, so that half a release can be told
    from a whole one at any time.

    Args:
        recipe: what is baked.
        places: where the image is complete; the other places of the release stay unpublished.
        decision: who approves, an ARN, and when.
    """
    tag = recipe.release.approval_tag
    written = {
        tags.STATUS: Status.APPROVED.value,
        tag.key: tag.value,
        tags.APPROVED_BY: decision.by[: tags.VALUE_LENGTH],
        tags.APPROVED_AT: decision.at,
        tags.UNPUBLISHED: _names(recipe.places),
    }
    summary = f"approve the image: {tag.key} = {tag.value}"

    def approve(place: AccountRegion, after: str) -> Action:
        return _status(recipe, place, "approve", summary, written, after)

    recorded = record.approved(recipe, decision)
    approvals = [approve(place, recorded.id) for place in places]
    shared = sharing(recipe, places, _ids(approvals))
    copied = [place for place in recipe.places if complete(place) in _ids(shared)]
    return (recorded, *approvals, *shared, *(approve(place, complete(place)) for place in copied))


def publication(recipe: Recipe, places: Places, decision: Approval) -> tuple[Action, ...]:
    """Return the publication of the image in these places, after its approval in all of them.

    Args:
        recipe: what is baked.
        places: where the image is approved; the other places of the release stay unpublished.
        decision: who has approved it, an ARN, and when.
    """
    after = tuple(approved(place) for place in places)
    steps = [
        action
        for step in (_publish, _protect)
        for place in places
        for action in step(recipe, place, after)
    ]
    manifest = write(recipe, places, decision, (*after, *_ids(steps)))
    missing = [place for place in recipe.places if place not in places]
    ends = [_end(recipe, place, missing, manifest.id) for place in places]
    return (*steps, manifest, *ends)


def together(parts: Mapping[str, Sequence[Action]], bake: str) -> tuple[Action, ...]:
    """Return the last steps of several builds, which have one manifest.

    Args:
        parts: the last steps of each build, by architecture, as parts of one plan.
        bake: the id of their bake.
    """
    manifests = {
        name: action for name, steps in parts.items() for action in steps if action.id == MANIFEST
    }
    every = [action for steps in parts.values() for action in steps if action.id != MANIFEST]
    return (
        *(action for action in every if MANIFEST not in action.after),
        together_in_manifest(manifests, bake),
        *(action for action in every if MANIFEST in action.after),
    )


def candidacy(recipe: Recipe) -> tuple[Action, ...]:
    """Return what makes the complete images candidates, which somebody has to approve."""
    places, written = recipe.proposed_places, {tags.STATUS: Status.CANDIDATE.value}
    summary = "make the image a candidate"
    proposed = tuple(
        _status(recipe, place, Status.CANDIDATE.value, summary, written) for place in places
    )
    return (*proposed, write(recipe, places, Approval(), _ids(proposed)))


def _names(places: Places) -> str:
    return " ".join(place.name for place in places)[: tags.VALUE_LENGTH]


def _ids(actions: Iterable[Action]) -> tuple[str, ...]:
    return tuple(action.id for action in actions)


def _end(recipe: Recipe, place: AccountRegion, missing: Places, after: str) -> Action:
    call, tag, summary = "ec2:DeleteTags", {"Key": tags.UNPUBLISHED}, "the release is whole"
    if missing:
        call, summary = "ec2:CreateTags", f"mark what is missing: {_names(missing)}"
        tag["Value"] = _names(missing)
    resources = [image_id(recipe, place), snapshot_ids(place)]
    return at(place, "end", call, summary, {"Resources": resources, "Tags": [tag]}, after=(after,))


def _status(
    recipe: Recipe, place: AccountRegion, step: str, summary: str, written: tags.Tags, *after: str
) -> Action:
    return on_image(
        recipe, place, step, WRITE_STATUS, summary,
        {"SnapshotIds": [snapshot_ids(place)], "Tags": dict(written)},
        permissions=("ec2:CreateTags", "ec2:DescribeImages", "ec2:DescribeSnapshots"),
        after=after,
    )  # fmt: skip


def _protect(recipe: Recipe, place: AccountRegion, after: tuple[str, ...]) -> Iterator[Action]:
    """Protect what is approved, and not before: what failed has to go."""
    if recipe.release.lifecycle.protect:
        yield on_image(
            recipe, place, "protect", "protect:image", "protect the image from deregistration",
            {"timeout_s": pointing.TIMEOUT_S},
            permissions=("ec2:EnableImageDeregistrationProtection", "ec2:DescribeImageAttribute"),
            after=after,
        )  # fmt: skip


def _publish(recipe: Recipe, place: AccountRegion, after: tuple[str, ...]) -> Iterator[Action]:
    if not recipe.parameter:
        return
    name, build = recipe.parameter, recipe.build
    put = at(
        place, "publish", "ssm:PutParameter", f"publish as {name}",
        pointing.content(name, image_id(recipe, place), build.ami_name, build.id),
        permissions=parameters.PUBLISH_PERMISSIONS,
        after=after,
    )  # fmt: skip
    yield from (put, *pointing.confirmed(place, put, build.version))
