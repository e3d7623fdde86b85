"""From one image in the build region to the same one everywhere: copy, share, approve, publish."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from goldenami.bake.create_image import deregister
from goldenami.bake.interface import Recipe
from goldenami.domain import names, tags
from goldenami.domain.plan import Action, Ref
from goldenami.domain.tags import Status
from goldenami.spec.model import Share

PUBLISH_TIMEOUT_S = 300.0


def distribution(recipe: Recipe, now: datetime) -> tuple[Action, ...]:
    """Return everything after the image of the build region is made, in order.

    Regions go in parallel; approval waits for all of them, and publishing for the approval, so
    that no consumer ever sees half a release.
    """
    regions = recipe.release.regions
    made = [
        _available(recipe, recipe.region, "image"),
        *(action for region in recipe.release.destinations for action in _copy(recipe, region)),
    ]
    complete = [
        *made,
        *(action for region in regions for action in _share(recipe, region)),
        *(action for region in regions for action in _deprecate(recipe, region, now)),
    ]
    ids = tuple(one.id for one in complete)
    approvals = [_approve(recipe, region, after=ids) for region in regions]
    published = [
        action
        for region in regions
        for action in _publish(recipe, region, after=tuple(one.id for one in approvals))
    ]
    return (*complete, *approvals, *published)


def image_id(recipe: Recipe, region: str) -> Ref:
    """Return what stands for the image of a region in later actions."""
    created_by = "image" if region == recipe.region else "copy"
    return Ref(f"{created_by}:{region}", "image_id")


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
        "ClientToken": recipe.build.token(f"copy:{region}"),
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
    permissions = [
        *({"UserId": one} for one in share.accounts),
        *({"OrganizationArn": one} for one in share.organizations),
        *({"OrganizationalUnitArn": one} for one in share.organizational_units),
    ]
    yield Action(
        id=f"share:{region}",
        summary=f"share the image with {_consumers(share)}",
        call="ec2:ModifyImageAttribute",
        region=region,
        parameters={
            "ImageId": image_id(recipe, region),
            "LaunchPermission": {"Add": permissions},
        },
        permissions=("ec2:ModifyImageAttribute",),
        after=(f"available:{region}",),
    )


def _consumers(share: Share) -> str:
    counts = (
        (len(share.accounts), "account"),
        (len(share.organizations), "organization"),
        (len(share.organizational_units), "organizational unit"),
    )
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)


def _deprecate(recipe: Recipe, region: str, now: datetime) -> Iterator[Action]:
    after = recipe.release.lifecycle.deprecate_after
    if after is None:
        return
    at = now + (names.duration(after) or now - now)
    yield Action(
        id=f"deprecate:{region}",
        summary=f"let the image be deprecated on {at:%Y-%m-%d}",
        call="ec2:EnableImageDeprecation",
        region=region,
        parameters={"ImageId": image_id(recipe, region), "DeprecateAt": f"{at:%Y-%m-%dT%H:%M:00Z}"},
        permissions=("ec2:EnableImageDeprecation",),
        after=(f"available:{region}",),
    )


def _approve(recipe: Recipe, region: str, after: tuple[str, ...]) -> Action:
    approval = recipe.release.approval_tag
    return Action(
        id=f"approve:{region}",
        summary=f"approve the image: {approval.key} = {approval.value}",
        call="ec2:CreateTags",
        region=region,
        parameters={
            "Resources": [image_id(recipe, region), Ref(f"available:{region}", "snapshot_ids")],
            "Tags": tags.to_aws({tags.STATUS: Status.APPROVED.value, approval.key: approval.value}),
        },
        permissions=("ec2:CreateTags",),
        after=after,
    )


def _publish(recipe: Recipe, region: str, after: tuple[str, ...]) -> Iterator[Action]:
    if recipe.release.publish is None:
        return
    name = recipe.release.publish.ssm_parameter
    yield Action(
        id=f"publish:{region}",
        summary=f"publish as {name}",
        call="ssm:PutParameter",
        region=region,
        parameters={
            "Name": name,
            "Value": image_id(recipe, region),
            "Type": "String",
            "DataType": "aws:ec2:image",
            "Description": f"{recipe.build.ami_name}, build {recipe.build.id}",
            "Overwrite": True,
        },
        permissions=("ssm:PutParameter", "ec2:DescribeImages"),
        after=after,
    )
    yield Action(
        id=f"published:{region}",
        summary=f"read {name} back",
        call="wait:parameter",
        region=region,
        parameters={
            "Name": name,
            "Value": image_id(recipe, region),
            "timeout_s": PUBLISH_TIMEOUT_S,
        },
        permissions=("ssm:GetParameter",),
        after=(f"publish:{region}",),
    )
