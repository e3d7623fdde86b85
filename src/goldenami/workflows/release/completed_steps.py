"""Which steps of a build an earlier run has done, and which come in addition."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import structs

from goldenami.bake import record
from goldenami.bake.actions import complete, created_by, deregister
from goldenami.bake.boot_test import TEST
from goldenami.bake.interface import Recipe
from goldenami.domain.plan import Action
from goldenami.workflows.release.recovery import Found


def results(recipe: Recipe, plan: Sequence[Action], found: Found) -> dict[str, dict[str, Any]]:
    """Return the outputs of those actions that need not be done again.

    Once the image is made, all that led to it is done; what is left of it is the end of the base
    instance, if that still lives. A gate is passed if the record of the build says so. Where the
    image was proposed or approved it is complete; it is only compared once more with what was
    wanted, unless the release has ended.
    """
    done: dict[str, dict[str, Any]] = {record.BEGUN: {"version": found.recorded.version}}
    for place, image in found.images.items():
        created_by = "image" if place == recipe.region else "copy"
        done[f"{created_by}:{place}"] = {"image_id": image.id}
    if found.instance_id:
        done["launch"] = {"instance_id": found.instance_id}
    if recipe.region in found.images:
        done = _until_tested(recipe, plan, found) | done
    for place in found.finished:
        done[f"deprecate:{place}"] = {}
        done[f"available:{place}"] = {"snapshot_ids": list(found.images[place].snapshots)}
        if recipe.release.share_candidates:
            done |= {f"{step}:{place}": {} for step in ("share", "share-snapshots")}
    ended = found.is_whole(recipe.places)
    if ended:
        done |= {complete(one): {} for one in recipe.places}
    if (found.finished and recipe.release.approval == "manual") or (
        ended and not found.instance_id
    ):
        done["tidy"] = {}  # no build is proposed before
    return done


def _until_tested(
    recipe: Recipe, plan: Sequence[Action], found: Found
) -> dict[str, dict[str, Any]]:
    """Return what need not be done again once there is the image, and the gates it has passed."""
    version = {"version": found.recorded.version}
    led = _leading_to(f"image:{recipe.region}", plan)
    done = {one: version if _records(one) else {} for one in led}
    if not found.instance_id:
        done["terminate"] = {}
    if found.record.passed(record.tests(recipe)):
        done |= {one.id: {} for one in plan if one.id.startswith(TEST)}
        if found.record.image_id:
            done[record.MADE] = version
    return done


def discarding(plan: Iterable[Action], recipe: Recipe, found: Found) -> tuple[Action, ...]:
    """Return the actions with those in front that remove broken images, which hold the name."""
    actions = list(plan)
    discards = []
    for place in recipe.places:
        image = found.broken.get(place.name)
        if image is None:
            continue
        base = deregister(place, "")
        discard = structs.replace(
            base,
            id=f"discard:{image.id}",
            summary=f"deregister {image.id}, which is {_why_broken(image.state)}",
            parameters={**base.parameters, "ImageId": image.id},
        )
        discards.append(discard)
        maker = created_by(recipe, place)
        actions = [
            action.following(discard.id) if action.id == maker else action for action in actions
        ]
    return (*discards, *actions)


def _why_broken(state: str) -> str:
    return "of a build whose end was not seen" if state in ("pending", "available") else state


def _records(action_id: str) -> bool:
    return action_id.split(":")[0] == record.BEGUN


def _leading_to(action_id: str, plan: Sequence[Action]) -> set[str]:
    after = {one.id: one.after for one in plan}
    found: set[str] = set()
    waiting = list(after.get(action_id, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(after[one])
    return found
