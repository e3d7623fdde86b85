"""The last steps: approve the complete images (or propose them), share them, tell the consumers."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import structs

from goldenami.aws import parameters
from goldenami.bake import record
from goldenami.bake.distribute import complete, image_id, sharing
from goldenami.bake.interface import Recipe
from goldenami.bake.manifest import compose, content, write
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Action, Ref
from goldenami.domain.tags import Status

PUBLISH_TIMEOUT_S = 300.0
WRITE_STATUS = "write:status"
_STATUS_PERMISSIONS = ("ec2:CreateTags", "ec2:DescribeImages", "ec2:DescribeSnapshots")


def approval(
    recipe: Recipe, places: Sequence[AccountRegion], *, by: str, at: str
) -> tuple[Action, ...]:
    """Return the approval of the image in these places, and what may be done from then on alone.

    It is recorded first, and then written on the images; then others may have them, and get copies
    of their own, which are approved when they are complete. From its approval to the end of the
    release an image carries the places that are not published, so that half a release can be told
    from a whole one at any time.

    Args:
        recipe: what is baked.
        places: where the image is complete; the other places of the release stay unpublished.
        by: who approves, an ARN.
        at: when, as `moment` tells it.
    """
    written = {
        tags.STATUS: Status.APPROVED.value,
        recipe.release.approval_tag.key: recipe.release.approval_tag.value,
        tags.APPROVED_BY: by[: tags.VALUE_LENGTH],
        tags.APPROVED_AT: at,
        tags.UNPUBLISHED: _listed(recipe.places),
    }
    recorded = record.approved(recipe, by=by, at=at)
    approvals = [_approve(recipe, place, written, recorded.id) for place in places]
    shared = sharing(recipe, places, [one.id for one in approvals])
    copied = [one for one in recipe.places if complete(one) in {step.id for step in shared}]
    theirs = [_approve(recipe, place, written, complete(place)) for place in copied]
    return (recorded, *approvals, *shared, *theirs)


def publication(
    recipe: Recipe, places: Sequence[AccountRegion], *, by: str, at: str
) -> tuple[Action, ...]:
    """Return the publication of the image in these places, after its approval in all of them.

    Args:
        recipe: what is baked.
        places: where the image is approved; the other places of the release stay unpublished.
        by: who has approved it, an ARN.
        at: when, as `moment` tells it.
    """
    approved = tuple(approval_of(place) for place in places)
    published = [step for place in places for step in _publish(recipe, place, approved)]
    protected = [step for place in places for step in _protect(recipe, place, approved)]
    manifest = write(
        recipe, content(recipe, places, by=by, at=at), (*approved, *_ids(published + protected))
    )
    missing = [one for one in recipe.places if one not in places]
    ends = [_end(recipe, place, missing, (manifest.id,)) for place in places]
    return (*published, *protected, manifest, *ends)


def candidacy(recipe: Recipe) -> tuple[Action, ...]:
    """Return what makes the complete images candidates, which somebody has to approve."""
    written = {tags.STATUS: Status.CANDIDATE.value}
    proposed = tuple(
        _status(recipe, place, "candidate", "make the image a candidate", written)
        for place in recipe.proposed_places
    )
    made = content(recipe, recipe.proposed_places, by="", at="")
    return (*proposed, write(recipe, made, _ids(proposed)))


def completion(recipe: Recipe, *, by: str, at: str) -> tuple[Action, ...]:
    """Return what is left of a release that has ended: its manifest is composed, and not kept."""
    return (compose(recipe, content(recipe, recipe.places, by=by, at=at)),)


def moment(now: datetime) -> str:
    """Return a time as the tags and the manifest tell it."""
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _listed(places: Sequence[AccountRegion]) -> str:
    return " ".join(place.name for place in places)[: tags.VALUE_LENGTH]


def _end(
    recipe: Recipe, place: AccountRegion, missing: Sequence[AccountRegion], after: tuple[str, ...]
) -> Action:
    tag = {"Key": tags.UNPUBLISHED} | ({"Value": _listed(missing)} if missing else {})
    call = "ec2:CreateTags" if missing else "ec2:DeleteTags"
    return Action(
        id=f"end:{place.name}",
        summary=f"mark what is missing: {_listed(missing)}" if missing else "the release is whole",
        call=call,
        region=place.region,
        role=place.role,
        parameters={"Resources": _image_and_snapshots(recipe, place), "Tags": [tag]},
        permissions=(call,),
        after=after,
    )


def _image_and_snapshots(recipe: Recipe, place: AccountRegion) -> list[Ref]:
    return [image_id(recipe, place), Ref(f"available:{place.name}", "snapshot_ids")]


def _ids(actions: Iterable[Action]) -> tuple[str, ...]:
    return tuple(one.id for one in actions)


def approval_of(place: AccountRegion) -> str:
    """Return the id of the action that approves the image of a place."""
    return f"approve:{place.name}"


def _approve(recipe: Recipe, place: AccountRegion, written: tags.Tags, after: str) -> Action:
    tag = recipe.release.approval_tag
    summary = f"approve the image: {tag.key} = {tag.value}"
    action = _status(recipe, place, "approve", summary, written)
    return structs.replace(action, after=(after,))


def _status(
    recipe: Recipe, place: AccountRegion, step: str, summary: str, written: tags.Tags
) -> Action:
    return Action(
        id=f"{step}:{place.name}",
        summary=summary,
        call=WRITE_STATUS,
        region=place.region,
        role=place.role,
        parameters={
            "ImageId": image_id(recipe, place),
            "SnapshotIds": [Ref(f"available:{place.name}", "snapshot_ids")],
            "Tags": dict(written),
        },
        permissions=_STATUS_PERMISSIONS,
    )


def _protect(recipe: Recipe, place: AccountRegion, after: tuple[str, ...]) -> Iterator[Action]:
    """Protect what is approved, and not before: what failed has to go."""
    if not recipe.release.lifecycle.protect:
        return
    yield Action(
        id=f"protect:{place.name}",
        summary="protect the image from deregistration",
        call="protect:image",
        region=place.region,
        role=place.role,
        parameters={"ImageId": image_id(recipe, place), "timeout_s": PUBLISH_TIMEOUT_S},
        permissions=("ec2:EnableImageDeregistrationProtection", "ec2:DescribeImageAttribute"),
        after=after,
    )


def _publish(recipe: Recipe, place: AccountRegion, after: tuple[str, ...]) -> Iterator[Action]:
    if recipe.release.publish is None:
        return
    name = recipe.release.publish.ssm_parameter
    yield Action(
        id=f"publish:{place.name}",
        summary=f"publish as {name}",
        call="ssm:PutParameter",
        region=place.region,
        role=place.role,
        parameters={
            "Name": name,
            "Value": image_id(recipe, place),
            "Type": "String",
            "DataType": "aws:ec2:image",
            "Description": parameters.description(recipe.build.ami_name, recipe.build.id),
            "Overwrite": True,
        },
        permissions=parameters.PUBLISH_PERMISSIONS,
        after=after,
    )
    yield Action(
        id=f"published:{place.name}",
        summary=f"read {name} back",
        call="wait:parameter",
        region=place.region,
        role=place.role,
        parameters={
            "Name": name,
            "Value": image_id(recipe, place),
            "timeout_s": PUBLISH_TIMEOUT_S,
        },
        permissions=("ssm:GetParameter",),
        after=(f"publish:{place.name}",),
    )
    label = parameters.version_label(recipe.build.version)
    yield Action(
        id=f"label:{place.name}",
        summary=f"label it {label}",
        call="ssm:LabelParameterVersion",
        region=place.region,
        role=place.role,
        parameters={
            "Name": name,
            "ParameterVersion": Ref(f"published:{place.name}", "version"),
            "Labels": [label],
        },
        permissions=("ssm:LabelParameterVersion",),
        after=(f"published:{place.name}",),
    )
