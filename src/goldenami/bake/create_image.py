"""The first baker: launch a base instance, validate it, and CreateImage from it."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from goldenami.aws import images, records
from goldenami.aws.action import ActionContext
from goldenami.bake import record
from goldenami.bake.interface import Handler, Recipe
from goldenami.bake.launch import instance_problems, launch_actions, launch_problems
from goldenami.domain import identity, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image
from goldenami.domain.plan import Action, Ref
from goldenami.errors import RefusedError


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
        begun = record.begun(recipe)
        instance: str | Ref
        first: tuple[Action, ...]
        if recipe.instance_id:
            instance, before = recipe.instance_id, begun.id
            first = (begun, _ready(recipe))
        else:
            instance, before = Ref("launch", "instance_id"), record.LAUNCHED
            launch, ready = launch_actions(
                recipe.file, recipe.source, recipe.build, recipe.base_tags
            )
            launch = structs.replace(launch, after=(begun.id,))
            first = (begun, launch, record.launched(recipe), ready)
        steps = (*first, *_validation(recipe, instance, after=first[-1].id))
        passed = record.validated(recipe, instance, before, steps[-1].id)
        return (*steps, passed, _create(recipe, instance, after=passed.id))

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
    def recorded(self) -> str:
        """The validation is recorded before the image is made."""
        return record.PASSED

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The search for an image whose creation was not answered."""
        return {"adopt:image": adopt_image}


def adopt_image(doing: ActionContext) -> dict[str, Any]:
    """Find the image that a lost CreateImage made: CreateImage has no client token.

    Raises:
        RefusedError: somebody else has made an image of that name.
    """
    parameters = doing.parameters
    wanted = tags.from_aws(parameters["TagSpecifications"][0]["Tags"])
    recorded = records.read(doing.regional, wanted[tags.IMAGE], wanted[tags.BUILD])

    def problem(image: Image) -> str:
        if recorded is None:
            return "the build has no record any more"
        return identity.image_problem(recorded, image, doing.aws.account)

    return adopted(doing, problem)


def adopted(doing: ActionContext, problem: Callable[[Image], str]) -> dict[str, Any]:
    """Return the image that holds the name which is wanted, if nothing speaks against it.

    Raises:
        RefusedError: it is not the build's own.
    """
    for image in images.named(doing.regional, doing.parameters["Name"]):
        if why := problem(image):
            raise RefusedError(
                f"{doing.summary} in {doing.region}: the name is taken by {image.id}, which this "
                f"build did not make: {why}",
                fix="find in CloudTrail who made it, and deregister it; or choose another version",
            )
        return {"image_id": image.id}
    return {}


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


def deregister(place: AccountRegion, created_by: str) -> Action:
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
