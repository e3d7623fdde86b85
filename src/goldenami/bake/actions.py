"""Actions that several steps of a bake have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

from goldenami.bake import shell
from goldenami.bake.interface import Recipe
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Action, Further, Ref
from goldenami.spec.gates import ValidationStep

USER_DATA = "the user data"
_GRACE_S = 60
"""For a script with a deadline of its own to say so."""


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
        again = f", up to {step.retry} times" if step.retry > 1 else ""
        limit = deadline(recipe, "validate")
        if step.timeout_s:
            limit = {"timeout_s": step.timeout_s, "deadline": "timeout"}
        action = _command(
            recipe, f"{prefix}{number}", f"{purpose}: {step.run}{again}", instance, after, step.run,
            limit, retry=step.retry,
        )  # fmt: skip
        after = action.id
        yield action


def _command(
    recipe: Recipe,
    action_id: str,
    summary: str,
    instance: str | Ref,
    after: str,
    run: str,
    limit: Mapping[str, Any],
    **how: Any,
) -> Action:
    """Return a shell command on an instance; see `goldenami.aws.run_command.run`."""
    return Action.at(
        recipe.place, action_id, "ssm:RunCommand", summary,
        {"InstanceId": instance, "run": run, **limit, **how},
        permissions=("ssm:SendCommand", "ssm:GetCommandInvocation", "ec2:DescribeInstances"),
        after=(after,),
    )  # fmt: skip


def awaits_user_data(recipe: Recipe) -> bool:
    """Tell whether the image is made only after the base instance's user data is through."""
    return recipe.file.user_data is not None and recipe.release.bake.wait_for_user_data


def user_data_awaited(recipe: Recipe, instance: str | Ref, after: str) -> tuple[Action, ...]:
    """Return the wait for the user data, of a kind of instance that SSM reaches.

    Status checks pass as soon as the network answers, long before cloud-init is through. An
    instance of the user's own may be none that SSM reaches, if the release file names no profile.
    """
    if not (awaits_user_data(recipe) and recipe.release.base.instance_profile):
        return ()
    limit = deadline(recipe, "user_data")
    timeout_s = int(limit["timeout_s"])
    wait = _command(
        recipe, "user-data", "wait until the user data is through (cloud-init)", instance, after,
        shell.wait_for_user_data(timeout_s), limit | {"timeout_s": timeout_s + _GRACE_S},
        subject=USER_DATA,
    )  # fmt: skip
    return (wait,)


def cleaned_up(recipe: Recipe, instance: str | Ref, after: str) -> tuple[Action, ...]:
    """Return the last step before the image, if the release file asks for it."""
    if not recipe.release.bake.cleanup:
        return ()
    clean = _command(
        recipe, "cleanup", f"clean up: {shell.CLEANED}", instance, after, shell.clean_up(),
        deadline(recipe, "validate"), subject="the clean-up",
    )  # fmt: skip
    return (clean,)
