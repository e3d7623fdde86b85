"""The first baker: launch a base instance, validate it, and CreateImage from it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from goldenami.aws import images, records
from goldenami.aws.action import ActionContext, Handler
from goldenami.bake import record
from goldenami.bake.actions import (
    at,
    available,
    awaits_user_data,
    cleaned_up,
    instance_ready,
    run_commands,
    terminate,
    undo_image,
    user_data_awaited,
)
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import (
    INSTANCE,
    instance_problems,
    launch_actions,
    launch_problems,
    source_problems,
    types,
)
from goldenami.bake.volumes import outliving
from goldenami.domain import identity, tags
from goldenami.domain.check_result import CheckResult
from goldenami.domain.identity import LAUNCH
from goldenami.domain.image import Image
from goldenami.domain.plan import Action, Ref
from goldenami.errors import RefusedError


class CreateImageBaker:
    """``bake: {method: create-image}``."""

    recorded: ClassVar = record.PASSED  # the validation, before the image is made

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def check(self) -> CheckResult:
        """Try the launch as a DryRun, or look at the instance of ``--instance``."""
        recipe, instance_id = self._recipe, self._recipe.instance_id
        if instance_id:
            problems = [
                *source_problems(recipe),
                *instance_problems(recipe.aws.in_region(recipe.region), instance_id),
            ]
            if recipe.release.bake.cleanup:
                problems.append(
                    f"bake.cleanup removes keys and logs of the instance itself, and {instance_id} "
                    "is yours: clean up by hand, and leave the key out"
                )
            fine = f"{instance_id} can be made into an image"
        else:
            problems = [*launch_problems(recipe), *_unmanaged(recipe)]
            kinds = " or ".join(types(recipe.release.base))
            fine = f"the launch of a {kinds} from {recipe.source.id} was tried (DryRun)"
        return CheckResult(wrong=tuple(problems)) if problems else CheckResult(fine=(fine,))

    def actions(self) -> tuple[Action, ...]:
        """Launch, wait, validate, clean up, create the image.

        What is recorded last before the image is what an image has to be younger than.
        """
        recipe = self._recipe
        begun, instance_id = record.begun(recipe), recipe.instance_id
        instance: str | Ref
        if instance_id:
            instance, last_record = instance_id, begun.id
            ready = instance_ready(recipe, "ready", f"wait for {instance_id}", instance_id)
            first: tuple[Action, ...] = (begun, ready)
        else:
            instance, last_record = INSTANCE, record.LAUNCHED
            launch, ready = launch_actions(recipe)
            first = (begun, launch.following(begun.id), record.launched(recipe), ready)
        steps = [*first, *user_data_awaited(recipe, instance, ready.id)]
        steps += run_commands(
            recipe, "validate:", "validate", instance, recipe.release.validate, steps[-1].id
        )
        steps += cleaned_up(recipe, instance, steps[-1].id)
        passed = record.validated(recipe, instance, last_record, steps[-1].id)
        return (*steps, passed, _create(recipe, instance, after=passed.id))

    def cleanup(self) -> tuple[Action, ...]:
        """Terminate the base instance, unless it was the user's own."""
        recipe = self._recipe
        if recipe.instance_id:
            return ()
        return (
            terminate(
                recipe.region, "terminate", "terminate the base instance", INSTANCE,
                after=(available(recipe.place),), settles=(LAUNCH,),
            ),
        )  # fmt: skip

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The search for an image whose creation was not answered."""
        return {"adopt:image": adopt_image}


def _unmanaged(recipe: Recipe) -> Iterator[str]:
    """Yield what SSM would have to do of a release file on an instance that it cannot reach."""
    release = recipe.release
    if release.base.instance_profile:
        return
    if awaits_user_data(recipe):
        yield (
            "base.user_data: nothing can wait until it is through, since SSM reaches the instance "
            "only with base.instance_profile: name one with AmazonSSMManagedInstanceCore, or set "
            "`bake.wait_for_user_data: false`, if what it makes may be missing in the image"
        )
    if release.bake.cleanup:
        yield "bake.cleanup: it runs by SSM, which needs base.instance_profile"


def adopt_image(context: ActionContext) -> dict[str, Any]:
    """Find the image that a lost CreateImage made: CreateImage has no client token.

    Raises:
        RefusedError: somebody else has made an image of that name.
    """
    own = tags.from_aws(context.parameters["TagSpecifications"][0]["Tags"])
    recorded = records.read(context.regional, own[tags.IMAGE], own[tags.BUILD])

    def problem(image: Image) -> str:
        if recorded is None:
            return "the build has no record any more"
        return identity.image_problem(recorded, image, context.aws.account)

    return adopted(context, problem)


def adopted(context: ActionContext, problem: Callable[[Image], str]) -> dict[str, Any]:
    """Return the image that holds the name of the one to be made, if nothing speaks against it.

    Raises:
        RefusedError: it is not the build's own.
    """
    for image in images.named(context.regional, context.parameters["Name"]):
        if why := problem(image):
            raise RefusedError(
                f"{context.headline}: the name is taken by {image.id}, which this build did not "
                f"make: {why}",
                fix="find in CloudTrail who made it, and deregister it; or choose another version",
            )
        return {"image_id": image.id}
    return {}


def _create(recipe: Recipe, instance: str | Ref, after: str) -> Action:
    name, own_instance = recipe.build.ami_name, recipe.instance_id is not None
    kept = () if own_instance else outliving(recipe.release.base.volumes, deleted=False)
    return at(
        recipe.place, "image", "ec2:CreateImage", f"create image {name}",
        {
            "InstanceId": instance,
            "Name": name,
            "Description": recipe.description,
            "NoReboot": not recipe.release.bake.reboot,
            "TagSpecifications": recipe.tag_specifications,
            **({"BlockDeviceMappings": kept} if kept else {}),
        },
        permissions=("ec2:CreateImage", "ec2:CreateTags"),
        outputs={"image_id": "ImageId"},
        after=(after,),
        undo=undo_image(recipe, recipe.place),
        adopt="adopt:image",
        patience_s=recipe.release.timeouts.seconds("image"),
    )  # fmt: skip
