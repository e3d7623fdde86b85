"""The last steps: approve the complete images (or propose them), then tell the consumers."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from goldenami.bake.distribute import image_id
from goldenami.bake.interface import Recipe
from goldenami.domain import tags
from goldenami.domain.plan import Action, Ref
from goldenami.domain.tags import Status

PUBLISH_TIMEOUT_S = 300.0


def publication(
    recipe: Recipe, regions: Sequence[str], *, by: str, now: datetime
) -> tuple[Action, ...]:
    """Return the approval of the image in these regions, and the publication after all of them.

    From its approval to the end of the release the images carry the regions that are not published,
    so that half a release can be told from a whole one at any time.

    Args:
        recipe: what is baked.
        regions: where the image is complete; the other regions of the release stay unpublished.
        by: who approves, an ARN.
        now: when.
    """
    written = {
        tags.STATUS: Status.APPROVED.value,
        recipe.release.approval_tag.key: recipe.release.approval_tag.value,
        tags.APPROVED_BY: by[: tags.VALUE_LENGTH],
        tags.APPROVED_AT: f"{now:%Y-%m-%dT%H:%M:%SZ}",
        tags.UNPUBLISHED: _listed(recipe.release.regions),
    }
    approvals = [_approve(recipe, region, written) for region in regions]
    approved = tuple(one.id for one in approvals)
    published = [step for region in regions for step in _publish(recipe, region, approved)]
    after = tuple(one.id for one in published) or approved
    missing = [one for one in recipe.release.regions if one not in regions]
    ends = [_end(recipe, region, missing, after) for region in regions]
    return (*approvals, *published, *ends)


def candidacy(recipe: Recipe) -> tuple[Action, ...]:
    """Return what makes the complete images candidates, which somebody has to approve."""
    return tuple(
        Action(
            id=f"candidate:{region}",
            summary="make the image a candidate",
            call="ec2:CreateTags",
            region=region,
            parameters={
                "Resources": _image_and_snapshots(recipe, region),
                "Tags": tags.to_aws({tags.STATUS: Status.CANDIDATE.value}),
            },
            permissions=("ec2:CreateTags",),
        )
        for region in recipe.release.regions
    )


def _listed(regions: Sequence[str]) -> str:
    return " ".join(regions)[: tags.VALUE_LENGTH]


def _end(recipe: Recipe, region: str, missing: Sequence[str], after: tuple[str, ...]) -> Action:
    tag = {"Key": tags.UNPUBLISHED} | ({"Value": _listed(missing)} if missing else {})
    call = "ec2:CreateTags" if missing else "ec2:DeleteTags"
    return Action(
        id=f"end:{region}",
        summary=f"mark what is missing: {_listed(missing)}" if missing else "the release is whole",
        call=call,
        region=region,
        parameters={"Resources": _image_and_snapshots(recipe, region), "Tags": [tag]},
        permissions=(call,),
        after=after,
    )


def _image_and_snapshots(recipe: Recipe, region: str) -> list[Ref]:
    return [image_id(recipe, region), Ref(f"available:{region}", "snapshot_ids")]


def _approve(recipe: Recipe, region: str, written: tags.Tags) -> Action:
    approval = recipe.release.approval_tag
    return Action(
        id=f"approve:{region}",
        summary=f"approve the image: {approval.key} = {approval.value}",
        call="ec2:CreateTags",
        region=region,
        parameters={
            "Resources": _image_and_snapshots(recipe, region),
            "Tags": tags.to_aws(written),
        },
        permissions=("ec2:CreateTags",),
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
        permissions=("ssm:GetParameter", "ssm:PutParameter", "ec2:DescribeImages"),
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
    yield Action(
        id=f"label:{region}",
        summary=f"label it {version_label(recipe)}",
        call="ssm:LabelParameterVersion",
        region=region,
        parameters={
            "Name": name,
            "ParameterVersion": Ref(f"published:{region}", "version"),
            "Labels": [version_label(recipe)],
        },
        permissions=("ssm:LabelParameterVersion",),
        after=(f"published:{region}",),
    )


def version_label(recipe: Recipe) -> str:
    """Return the parameter label of a version: a label may not start with a digit.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html
    """
    return f"v{recipe.build.version}"
