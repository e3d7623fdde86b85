"""From one image in the build region to the same one everywhere: copy, share, compare."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from goldenami.aws.action import ActionContext
from goldenami.bake.create_image import adopted, deregister
from goldenami.bake.interface import Recipe
from goldenami.domain import identity, names, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image, started
from goldenami.domain.plan import Action, Ref
from goldenami.spec.model import Share

COMPARE_TIMEOUT_S = 300.0
ADOPT_COPY = "adopt:copy"


def available(recipe: Recipe) -> Action:
    """Return the wait for the image of the build region."""
    return _available(recipe, recipe.place, "image")


def distribution(recipe: Recipe, *, after: str) -> tuple[Action, ...]:
    """Return what makes the image complete, up to its approval, in every place that it has then.

    Places go in parallel.

    Args:
        recipe: what is baked.
        after: the id of the action after which the image may go anywhere.
    """
    steps = (_copy, _share, _share_snapshots) if recipe.shares_candidates else (_copy,)
    gate = f"available:{recipe.place.name}"
    return tuple(
        structs.replace(one, after=(*one.after, after))
        if gate in one.after and after != gate
        else one
        for one in _in(recipe.proposed_places, recipe, (*steps, _deprecate, _compare))
    )


def sharing(
    recipe: Recipe, places: Sequence[AccountRegion], after: Sequence[str]
) -> tuple[Action, ...]:
    """Return what lets others have an approved image: who may launch and copy it, their copies.

    Args:
        recipe: what is baked.
        places: where it is approved.
        after: the ids of the actions after which it may be shared.
    """
    if recipe.shares_candidates:
        return ()
    theirs = [one for one in recipe.places if not one.is_home and home(recipe, one) in places]
    lent = _in(places, recipe, (_share, _share_snapshots, _compare_shares))
    made = (*lent, *_in(theirs, recipe, (_copy, _deprecate, _compare)))
    return tuple(
        structs.replace(one, after=(*one.after, *after)) if one in lent else one for one in made
    )


def _in(
    places: Sequence[AccountRegion],
    recipe: Recipe,
    steps: Sequence[Callable[..., Iterator[Action]]],
) -> tuple[Action, ...]:
    return tuple(one for step in steps for place in places for one in step(recipe, place))


def home(recipe: Recipe, place: AccountRegion) -> AccountRegion:
    """Return the region of a place in the caller's own account."""
    return AccountRegion(recipe.aws.account, place.region)


def image_id(recipe: Recipe, place: AccountRegion) -> Ref:
    """Return what stands for the image of a place in later actions."""
    return Ref(created_by(recipe, place), "image_id")


def created_by(recipe: Recipe, place: AccountRegion) -> str:
    """Return the id of the action that makes the image of a place."""
    return f"{'image' if place == recipe.place else 'copy'}:{place.name}"


def complete(place: AccountRegion) -> str:
    """Return the id of the action after which the image of a place is complete."""
    return f"complete:{place.name}"


def shared(place: AccountRegion) -> str:
    """Return the id of the action after which those may have the image of a place who shall."""
    return f"shared:{place.name}"


def _available(recipe: Recipe, place: AccountRegion, created: str) -> Action:
    timeout = "image" if created == "image" else "copy"
    return Action(
        id=f"available:{place.name}",
        summary="wait until the image is available",
        call="wait:image",
        region=place.region,
        role=place.role,
        parameters={
            "ImageId": image_id(recipe, place),
            "timeout_s": recipe.release.timeouts.seconds(timeout),
        },
        permissions=("ec2:DescribeImages", "ec2:DescribeSnapshots"),
        after=(f"{created}:{place.name}",),
        settles=(f"{created}:{place.name}",),
    )


def _copy(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Copy within the account from the build region, into another account within one region."""
    if place == recipe.place:
        return
    source = recipe.place if place.is_home else home(recipe, place)
    lent = () if place.is_home else (f"share:{source.name}", f"share-snapshots:{source.name}")
    whose = "" if place.is_home else f" into account {place.account}"
    yield Action(
        id=f"copy:{place.name}",
        summary=f"copy the image from {source.region}{whose}",
        call="ec2:CopyImage",
        region=place.region,
        role=place.role,
        parameters={
            **copying(recipe, place, source),
            "SourceImageId": image_id(recipe, source),
            "ClientToken": recipe.token(f"copy:{place.name}"),
        },
        permissions=("ec2:CopyImage", "ec2:CreateTags"),
        outputs={"image_id": "ImageId"},
        after=(f"available:{source.name}", *lent),
        undo=deregister(place, f"copy:{place.name}"),
        adopt=ADOPT_COPY,
    )
    yield _available(recipe, place, "copy")


def adopt_copy(doing: ActionContext) -> dict[str, Any]:
    """Find the copy that holds the name which is wanted.

    Raises:
        RefusedError: it is not a copy of that image, so the build has not made it.
    """
    parameters = doing.parameters
    wanted = tags.from_aws(parameters["TagSpecifications"][0]["Tags"])[tags.BUILD]

    def problem(image: Image) -> str:
        source = (image.source_image, image.source_region)
        if image.source_instance or source != (
            parameters["SourceImageId"], parameters["SourceRegion"]
        ):  # fmt: skip
            return f"EC2 says that it was {identity.origin(image)}"
        return "" if image.tags.get(tags.BUILD) == wanted else f"it lacks the tag {tags.BUILD}"

    return adopted(doing, problem)


def copying(recipe: Recipe, place: AccountRegion, source: AccountRegion) -> dict[str, Any]:
    """Return the parameters of the copy into a place, without the image's id and the token."""
    name = recipe.build.ami_name
    parameters: dict[str, Any] = {
        "SourceRegion": source.region,
        "Name": name,
        "Description": recipe.release.description or f"{name}, made by goldenami",
        "TagSpecifications": [
            tags.specification("image", recipe.image_tags),
            tags.specification("snapshot", recipe.image_tags),
        ],
    }
    if key := recipe.copy_key(place):
        parameters |= {"Encrypted": True, "KmsKeyId": key}
    return parameters


def _share(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    wanted = launch_permissions(recipe, place)
    if not wanted:
        return
    yield Action(
        id=f"share:{place.name}",
        summary=f"share the image with {_consumers(recipe)}",
        call="ec2:ModifyImageAttribute",
        region=place.region,
        parameters={
            "ImageId": image_id(recipe, place),
            "LaunchPermission": {"Add": wanted},
        },
        permissions=("ec2:ModifyImageAttribute",),
        after=(f"available:{place.name}",),
    )


def _share_snapshots(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Who copies an image reads its snapshots: a launch permission is not enough.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/copy-ami-across-accounts.html
    """
    accounts = recipe.release.copying_accounts
    if not (place.is_home and accounts):
        return
    yield Action(
        id=f"share-snapshots:{place.name}",
        summary=f"let {_count(len(accounts), 'account')} copy its snapshots",
        call="share:snapshots",
        region=place.region,
        parameters={
            "SnapshotIds": [Ref(f"available:{place.name}", "snapshot_ids")],
            "UserIds": list(accounts),
        },
        permissions=("ec2:ModifySnapshotAttribute",),
        after=(f"available:{place.name}",),
    )


def launch_permissions(recipe: Recipe, place: AccountRegion) -> list[dict[str, str]]:
    """Return the launch permissions in a place as EC2 takes and tells them.

    Another account's copy is that account's to share.
    """
    if not place.is_home:
        return []
    share = recipe.release.share
    copying_accounts = (one.account for one in recipe.release.copies)
    return [
        *({"UserId": one} for one in dict.fromkeys([*share.accounts, *copying_accounts])),
        *({"OrganizationArn": one} for one in share.organizations),
        *({"OrganizationalUnitArn": one} for one in share.organizational_units),
    ]


def _consumers(recipe: Recipe) -> str:
    share: Share = recipe.release.share
    accounts = {*share.accounts, *(one.account for one in recipe.release.copies)}
    counts = (
        (len(accounts), "account"),
        (len(share.organizations), "organization"),
        (len(share.organizational_units), "organizational unit"),
    )
    return ", ".join(_count(n, what) for n, what in counts if n)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' if n > 1 else ''}"


def deprecated_at(recipe: Recipe) -> datetime | None:
    """Return when the image is to be deprecated, counted from the start of the build."""
    after = names.duration(recipe.release.lifecycle.deprecate_after or "")
    start = started(recipe.build.id)
    return (start + after).replace(second=0) if start and after else None


def _deprecate(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    at = deprecated_at(recipe)
    if at is None:
        return
    yield Action(
        id=f"deprecate:{place.name}",
        summary=f"let the image be deprecated on {at:%Y-%m-%d}",
        call="ec2:EnableImageDeprecation",
        region=place.region,
        role=place.role,
        parameters={"ImageId": image_id(recipe, place), "DeprecateAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        permissions=("ec2:EnableImageDeprecation",),
        after=(f"available:{place.name}",),
    )


def _compare(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Compare before the approval: what is not shared yet has to be shared with nobody else."""
    steps = (_share, _share_snapshots) if recipe.shares_candidates else ()
    before = [one for step in (*steps, _deprecate) for one in step(recipe, place)]
    yield _comparison(
        recipe, place, complete(place), before, exactly=recipe.shares_candidates,
        what="tags, snapshots, shares, deprecation",
    )  # fmt: skip


def _compare_shares(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    before = [one for step in (_share, _share_snapshots) for one in step(recipe, place)]
    if before:
        name = shared(place)
        yield _comparison(recipe, place, name, before, exactly=True, what="with whom it is shared")


def _comparison(
    recipe: Recipe,
    place: AccountRegion,
    name: str,
    before: Sequence[Action],
    *,
    exactly: bool,
    what: str,
) -> Action:
    at = deprecated_at(recipe)
    accounts = recipe.release.copying_accounts if place.is_home else ()
    return Action(
        id=name,
        summary=f"compare the image with what was wanted: {what}",
        call="compare:image",
        region=place.region,
        role=place.role,
        parameters={
            "ImageId": image_id(recipe, place),
            "tags": recipe.image_tags,
            "shares": launch_permissions(recipe, place),
            "snapshot_accounts": list(accounts),
            "exactly": exactly,
            "deprecate_at": at.isoformat() if at else "",
            "timeout_s": COMPARE_TIMEOUT_S,
        },
        permissions=(
            "ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:DescribeImageAttribute",
            *(("ec2:DescribeSnapshotAttribute",) if accounts else ()),
        ),
        after=(f"available:{place.name}", *(one.id for one in before)),
    )  # fmt: skip
