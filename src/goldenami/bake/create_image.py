"""The first baker: launch a base instance, validate it, and CreateImage from it."""

from collections.abc import Mapping
from typing import Any

from goldenami.aws import images
from goldenami.aws.waits import Doing
from goldenami.bake.interface import Handler, Recipe
from goldenami.bake.launch import instance_problems, launch_actions, launch_problems
from goldenami.domain import tags
from goldenami.domain.place import Place
from goldenami.domain.plan import Action, Ref


class CreateImage:
    """``bake: {method: create-image}``."""

    def problems(self, recipe: Recipe) -> list[str]:
        """Try the launch as a DryRun, or look at the instance that is given."""
        if recipe.instance_id:
            return instance_problems(recipe.aws, recipe.region, recipe.instance_id)
        return launch_problems(
            recipe.aws, recipe.file, recipe.source, recipe.build, recipe.base_tags
        )

    def fine(self, recipe: Recipe) -> tuple[str, ...]:
        """Tell of the launch that was tried."""
        if recipe.instance_id:
            return (f"{recipe.instance_id} can be made into an image",)
        kind = recipe.release.base.instance_type
        return (f"the launch of a {kind} from {recipe.source.id} was tried (DryRun)",)

    def actions(self, recipe: Recipe) -> tuple[Action, ...]:
        """Launch, wait, validate, create the image."""
        instance: str | Ref
        before: tuple[Action, ...]
        if recipe.instance_id:
            instance, before = recipe.instance_id, (_ready(recipe),)
        else:
            instance = Ref("launch", "instance_id")
            before = launch_actions(recipe.file, recipe.source, recipe.build, recipe.base_tags)
        steps = _validation(recipe, instance, after=before[-1].id)
        last = (*before, *steps)[-1].id
        return (*before, *steps, _create(recipe, instance, after=last))

    def cleanup(self, recipe: Recipe) -> tuple[Action, ...]:
        """Terminate the base instance, unless it was the user's own."""
        if recipe.instance_id:
            return ()
        region = recipe.region
        return (
            Action(
                id="terminate",
                summary="terminate the base instance",
                call="ec2:TerminateInstances",
                region=region,
                parameters={"InstanceIds": [Ref("launch", "instance_id")]},
                permissions=("ec2:TerminateInstances",),
                after=(f"available:{region}",),
                settles=("launch",),
            ),
        )

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The search for an image whose creation was not answered."""
        return {"adopt:image": adopt_image}


def adopt_image(doing: Doing) -> dict[str, Any]:
    """Find the image that a lost CreateImage made: same name, and this build's tag.

    CreateImage has no client token.
    """
    wanted = tags.from_aws(doing.parameters["TagSpecifications"][0]["Tags"])[tags.BUILD]
    found = images.named(doing.aws, doing.region, doing.parameters["Name"])
    mine = [one for one in found if one.tags.get(tags.BUILD) == wanted]
    return {"image_id": mine[0].id} if mine else {}


def _ready(recipe: Recipe) -> Action:
    return Action(
        id="ready",
        summary=f"wait for {recipe.instance_id}",
        call="wait:instance",
        region=recipe.region,
        parameters={
            "InstanceId": recipe.instance_id,
            "timeout_s": recipe.release.timeouts.seconds("instance"),
        },
        permissions=("ec2:DescribeInstances", "ec2:DescribeInstanceStatus"),
    )


def _validation(recipe: Recipe, instance: str | Ref, after: str) -> tuple[Action, ...]:
    steps = []
    for number, step in enumerate(recipe.release.validate, 1):
        steps.append(
            Action(
                id=f"validate:{number}",
                summary=f"validate: {step.run}",
                call="ssm:RunCommand",
                region=recipe.region,
                parameters={
                    "InstanceId": instance,
                    "run": step.run,
                    "timeout_s": recipe.release.timeouts.seconds("validate"),
                },
                permissions=("ssm:SendCommand", "ssm:GetCommandInvocation"),
                after=(after,),
            )
        )
        after = steps[-1].id
    return tuple(steps)


def _create(recipe: Recipe, instance: str | Ref, after: str) -> Action:
    name = recipe.build.ami_name
    return Action(
        id=f"image:{recipe.region}",
        summary=f"create image {name}",
        call="ec2:CreateImage",
        region=recipe.region,
        parameters={
            "InstanceId": instance,
            "Name": name,
            "Description": recipe.release.description or f"{name}, made by goldenami",
            "NoReboot": not recipe.release.bake.reboot,
            "TagSpecifications": [
                tags.specification("image", recipe.image_tags),
                tags.specification("snapshot", recipe.image_tags),
            ],
        },
        permissions=("ec2:CreateImage", "ec2:CreateTags"),
        outputs={"image_id": "ImageId"},
        after=(after,),
        undo=deregister(recipe.place, f"image:{recipe.region}"),
        adopt="adopt:image",
    )


def deregister(place: Place, created_by: str) -> Action:
    """Return what takes an image back, with its snapshots."""
    return Action(
        id=f"undo-{created_by}",
        summary=f"deregister the image of {created_by}",
        call="ec2:DeregisterImage",
        region=place.region,
        role=place.role,
        parameters={"ImageId": Ref(created_by, "image_id"), "DeleteAssociatedSnapshots": True},
        permissions=("ec2:DeregisterImage", "ec2:DeleteSnapshot"),
    )
