"""Which steps of a build an earlier run has done, and which come in addition."""

from collections.abc import Iterable, Sequence
from typing import Any

from goldenami.bake import record
from goldenami.bake.actions import available, complete, created_by, deregister
from goldenami.bake.boot_test import TEST
from goldenami.bake.interface import Recipe
from goldenami.domain.identity import LAUNCH
from goldenami.domain.plan import Action
from goldenami.workflows.release.recovery import USABLE, EarlierRun

Outputs = dict[str, dict[str, Any]]


def outputs(recipe: Recipe, plan: Sequence[Action], earlier: EarlierRun) -> Outputs:
    """Return the outputs of those actions that need not be done again.

    Once the image is made, all that led to it is done; what is left of it is the end of the base
    instance, if that still lives. A gate is passed if the record of the build says so. Where the
    image was proposed or approved it is complete; it is only compared once more with what was
    wanted, unless the release has ended.
    """
    done: Outputs = {record.BEGUN: {"version": earlier.recorded.version}}
    if earlier.instance_id:
        done[LAUNCH] = {"instance_id": earlier.instance_id}
    if recipe.place.name in earlier.images:
        done |= _until_tested(recipe, plan, earlier)
    ended = earlier.is_whole
    for place in recipe.places:
        if image := earlier.images.get(place.name):
            done[created_by(recipe, place)] = {"image_id": image.id}
        if image and place.name in earlier.finished:
            done[f"deprecate:{place.name}"] = {}
            done[available(place)] = {"snapshot_ids": list(image.snapshots)}
            if recipe.shares_candidates:
                done |= {f"{step}:{place.name}": {} for step in ("share", "share-snapshots")}
        if ended:
            done[complete(place)] = {}
    proposed = earlier.finished and recipe.release.approval == "manual"
    if proposed or (ended and not earlier.instance_id):
        done["tidy"] = {}  # no build is proposed before
    return done


def _until_tested(recipe: Recipe, plan: Sequence[Action], earlier: EarlierRun) -> Outputs:
    """Return what need not be done again once there is the image, and the gates it has passed."""
    version = {"version": earlier.recorded.version}
    done: Outputs = {
        step: version if step.split(":")[0] == record.BEGUN else {}
        for step in _leading_to(created_by(recipe, recipe.place), plan)
        if step != LAUNCH or not earlier.instance_id
    }
    if not earlier.instance_id:
        done["terminate"] = {}
    if earlier.record.passed(record.gates(recipe)):
        done |= {action.id: {} for action in plan if action.id.startswith(TEST)}
        if earlier.record.image_id:
            done[record.MADE] = version
    return done


def discarding(plan: Iterable[Action], recipe: Recipe, earlier: EarlierRun) -> tuple[Action, ...]:
    """Return the actions with those in front that remove broken images, which hold the name."""
    discards: dict[str, Action] = {}
    for place in recipe.places:
        if image := earlier.broken.get(place.name):
            why = "of a build whose end was not seen" if image.state in USABLE else image.state
            summary = f"deregister {image.id}, which is {why}"
            discard = deregister(place, f"discard:{image.id}", summary, image.id)
            discards[created_by(recipe, place)] = discard
    return (
        *discards.values(),
        *(
            action.following(discards[action.id].id) if action.id in discards else action
            for action in plan
        ),
    )


def _leading_to(action_id: str, plan: Sequence[Action]) -> set[str]:
    after = {action.id: action.after for action in plan}
    leading: set[str] = set()
    waiting = list(after.get(action_id, ()))
    while waiting:
        step = waiting.pop()
        if step not in leading:
            leading.add(step)
            waiting.extend(after[step])
    return leading
