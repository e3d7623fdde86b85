"""From one image in the build region to the same one everywhere: copy, share, compare."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import structs

from goldenami.bake.create_image import deregister
from goldenami.bake.interface import Recipe
from goldenami.domain import names, tags
from goldenami.domain.image import started
from goldenami.domain.plan import Action, Ref
from goldenami.spec.model import Share

COMPARE_TIMEOUT_S = 300.0


def available(recipe: Recipe) -> Action:
    """Return the wait for the image of the build region."""
    return _available(recipe, recipe.region, "image")


def distribution(recipe: Recipe, *, after: str) -> tuple[Action, ...]:
    """Return what makes the image complete in every region; regions go in parallel.

    Args:
        recipe: what is baked.
        after: the id of the action after which the image may go anywhere.
    """
    regions = recipe.release.regions
    made = (
        *(action for region in recipe.release.destinations for action in _copy(recipe, region)),
        *(action for region in regions for action in _share(recipe, region)),
        *(action for region in regions for action in _deprecate(recipe, region)),
        *(_compare(recipe, region) for region in regions),
    )
    gate = f"available:{recipe.region}"
    return tuple(
        structs.replace(one, after=(*one.after, after))
        if gate in one.after and after != gate
        else one
        for one in made
    )


def image_id(recipe: Recipe, region: str) -> Ref:
    """Return what stands for the image of a region in later actions."""
    created_by = "image" if region == recipe.region else "copy"
    return Ref(f"{created_by}:{region}", "image_id")


def complete(region: str) -> str:
    """Return the id of the action after which the image of a region is complete."""
    return f"complete:{region}"


def _available(recipe: Recipe, region: str, created_by: str) -> Action:
    timeout = "image" if created_by == "image" else "copy"
    return Action(
        id=f"available:{region}",
        summary="wait until the image is available",
        call="wait:image",
        region=region,
        parameters={
            "ImageId": image_id(recipe, region),
            "timeout_s": recipe.release.timeouts.seconds(timeout),
        },
        permissions=("ec2:DescribeImages",),
        after=(f"{created_by}:{region}",),
        settles=(f"{created_by}:{region}",),
    )


def _copy(recipe: Recipe, region: str) -> Iterator[Action]:
    name = recipe.build.ami_name
    parameters: dict[str, Any] = {
        "SourceRegion": recipe.region,
        "SourceImageId": image_id(recipe, recipe.region),
        "Name": name,
        "Description": recipe.release.description or f"{name}, made by goldenami",
        "ClientToken": recipe.token(f"copy:{region}"),
        "TagSpecifications": [
            tags.specification("image", recipe.image_tags),
            tags.specification("snapshot", recipe.image_tags),
        ],
    }
    if key := recipe.release.kms_key(region):
        parameters |= {"Encrypted": True, "KmsKeyId": key}
    yield Action(
        id=f"copy:{region}",
        summary=f"copy the image from {recipe.region}",
        call="ec2:CopyImage",
        region=region,
        parameters=parameters,
        permissions=("ec2:CopyImage", "ec2:CreateTags"),
        outputs={"image_id": "ImageId"},
        after=(f"available:{recipe.region}",),
        undo=deregister(region, f"copy:{region}"),
    )
    yield _available(recipe, region, "copy")


def _share(recipe: Recipe, region: str) -> Iterator[Action]:
    share = recipe.release.share
    if not share.targets:
        return
    yield Action(
        id=f"share:{region}",
        summary=f"share the image with {_consumers(share)}",
        call="ec2:ModifyImageAttribute",
        region=region,
        parameters={
            "ImageId": image_id(recipe, region),
            "LaunchPermission": {"Add": launch_permissions(share)},
        },
        permissions=("ec2:ModifyImageAttribute",),
        after=(f"available:{region}",),
    )


def launch_permissions(share: Share) -> list[dict[str, str]]:
    """Return the launch permissions as EC2 takes and tells them."""
    return [
        *({"UserId": one} for one in share.accounts),
        *({"OrganizationArn": one} for one in share.organizations),
        *({"OrganizationalUnitArn": one} for one in share.organizational_units),
    ]


def _consumers(share: Share) -> str:
    counts = (
        (len(share.accounts), "account"),
        (len(share.organizations), "organization"),
        (len(share.organizational_units), "organizational unit"),
    )
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)


def deprecated_at(recipe: Recipe) -> datetime | None:
    """Return when the image is to be deprecated, counted from the start of the build."""
    after = names.duration(recipe.release.lifecycle.deprecate_after or "")
    start = started(recipe.build.id)
    return (start + after).replace(second=0) if start and after else None


def _deprecate(recipe: Recipe, region: str) -> Iterator[Action]:
    at = deprecated_at(recipe)
    if at is None:
        return
    yield Action(
        id=f"deprecate:{region}",
        summary=f"let the image be deprecated on {at:%Y-%m-%d}",
        call="ec2:EnableImageDeprecation",
        region=region,
        parameters={"ImageId": image_id(recipe, region), "DeprecateAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        permissions=("ec2:EnableImageDeprecation",),
        after=(f"available:{region}",),
    )


def _compare(recipe: Recipe, region: str) -> Action:
    at = deprecated_at(recipe)
    return Action(
        id=complete(region),
        summary="compare the image with what was wanted: tags, snapshots, shares, deprecation",
        call="compare:image",
        region=region,
        parameters={
            "ImageId": image_id(recipe, region),
            "tags": recipe.image_tags,
            "shares": launch_permissions(recipe.release.share),
            "deprecate_at": at.isoformat() if at else "",
            "timeout_s": COMPARE_TIMEOUT_S,
        },
        permissions=("ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:DescribeImageAttribute"),
        after=(
            f"available:{region}",
            *(one.id for one in _share(recipe, region)),
            *(one.id for one in _deprecate(recipe, region)),
        ),
    )
