"""Actions that several steps of a bake have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

from goldenami.bake.interface import Recipe
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Action, Further, Ref
from goldenami.spec.model import ValidationStep


def at(
    place: AccountRegion,
    step: str,
    call: str,
    summary: str,
    parameters: Mapping[str, Any],
    **further: Unpack[Further],
) -> Action:
    """Return a step of the release in one of its places, which ends the action's id."""
    return Action.at(place, f"{step}:{place.name}", call, summary, parameters, **further)


def created_by(recipe: Recipe, place: AccountRegion) -> str:
    """Return the id of the action that makes the image of a place."""
    return f"{'image' if place == recipe.place else 'copy'}:{place.name}"


def available(place: AccountRegion) -> str:
    """Return the id of the action after which the image of a place is available."""
    return f"available:{place.name}"


def complete(place: AccountRegion) -> str:
    """Return the id of the action after which the image of a place is complete."""
    return f"complete:{place.name}"


def approved(place: AccountRegion) -> str:
    """Return the id of the action that approves the image of a place."""
    return f"approve:{place.name}"


def image_id(recipe: Recipe, place: AccountRegion) -> Ref:
    """Return what stands for the image of a place in later actions."""
    return Ref(created_by(recipe, place), "image_id")


def snapshot_ids(place: AccountRegion) -> Ref:
    """Return what stands for the snapshots of the image of a place in later actions."""
    return Ref(available(place), "snapshot_ids")


def on_image(
    recipe: Recipe,
    place: AccountRegion,
    step: str,
    call: str,
    summary: str,
    parameters: Mapping[str, Any],
    **further: Unpack[Further],
) -> Action:
    """Return a step that is done to the image of a place, once it is available."""
    parameters = {"ImageId": image_id(recipe, place), **parameters}
    further.setdefault("after", (available(place),))
    return at(place, step, call, summary, parameters, **further)


def deregister(place: AccountRegion, action_id: str, summary: str, image: str | Ref) -> Action:
    """Return the end of an image, with its snapshots."""
    return Action.at(
        place, action_id, "ec2:DeregisterImage", summary,
        {"ImageId": image, "DeleteAssociatedSnapshots": True},
        permissions=("ec2:DeregisterImage", "ec2:DeleteSnapshot"),
    )  # fmt: skip


def undo_image(recipe: Recipe, place: AccountRegion) -> Action:
    """Return what takes the image of a place back."""
    created = created_by(recipe, place)
    summary = f"deregister the image of {created}"
    return deregister(place, f"undo-{created}", summary, Ref(created, "image_id"))


def terminate(
    region: str, action_id: str, summary: str, instance: str | Ref, **further: Unpack[Further]
) -> Action:
    """Return the end of an instance of the caller's own."""
    return Action(
        id=action_id,
        summary=summary,
        call="ec2:TerminateInstances",
        region=region,
        parameters={"InstanceIds": [instance]},
        **further,
    )


def deadline(recipe: Recipe, name: str) -> dict[str, Any]:
    """Return the parameters of a wait that say how long it lasts, and which key says so."""
    return {"timeout_s": recipe.release.timeouts.seconds(name), "deadline": f"timeouts.{name}"}


def instance_ready(
    recipe: Recipe, action_id: str, summary: str, instance: str | Ref, *after: str
) -> Action:
    """Return the wait for an instance and its status checks."""
    return Action(
        id=action_id,
        summary=summary,
        call="wait:instance",
        region=recipe.region,
        parameters={"InstanceId": instance, **deadline(recipe, "instance")},
        permissions=("ec2:DescribeInstances", "ec2:DescribeInstanceStatus"),
        after=after,
    )


def run_commands(
    recipe: Recipe,
    prefix: str,
    purpose: str,
    instance: str | Ref,
    steps: Sequence[ValidationStep],
    after: str,
) -> Iterator[Action]:
    """Yield shell commands on an instance in the build region, one after the other.

    They are run by SSM Run Command. ``prefix`` begins their ids, and ``purpose`` their summaries.
    """
    for number, step in enumerate(steps, 1):
        action = Action.at(
            recipe.place, f"{prefix}{number}", "ssm:RunCommand", f"{purpose}: {step.run}",
            {"InstanceId": instance, "run": step.run, **deadline(recipe, "validate")},
            permissions=("ssm:SendCommand", "ssm:GetCommandInvocation", "ec2:DescribeInstances"),
            after=(after,),
        )  # fmt: skip
        after = action.id
        yield action
