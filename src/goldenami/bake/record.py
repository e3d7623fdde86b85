"""The record of a build as actions of its plan: written before all else, and after each gate.

Nothing takes it back when a build fails: it tells whose things are what the build has left, and
goes with the last of them (`goldenami sweep`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from goldenami.aws import records
from goldenami.bake.interface import Recipe
from goldenami.domain import names, record
from goldenami.domain.identity import LAUNCH
from goldenami.domain.image import started
from goldenami.domain.manifest import Approval
from goldenami.domain.plan import Action, Ref, Secret
from goldenami.domain.record import SCANNED, TESTED, VALIDATED, Record

BEGUN = "record"
LAUNCHED = "record:instance"
PASSED = "record:validated"
MADE = "record:image"
APPROVED = "record:approved"


def gates(recipe: Recipe) -> tuple[str, ...]:
    """Return the gates that the image has to pass before it goes anywhere."""
    release = recipe.release
    return (*((TESTED,) if release.boots else ()), *((SCANNED,) if release.scan else ()))


def begun(recipe: Recipe) -> Action:
    """Return the first action of a build, which records it."""
    build = recipe.build
    content = msgspec.to_builtins(
        Record(
            build=build.id,
            image=build.image,
            version=build.version,
            spec=build.spec,
            source=recipe.source.id,
            method=recipe.method,
            started=names.moment(started(build.id)),
            nonce=build.nonce,
            own_instance=recipe.instance_id is not None,
            instance_id=recipe.instance_id or "",
        )
    )
    content["nonce"] = Secret(build.nonce.encode())
    return _action(recipe, BEGUN, "record the build", {"Record": content})


def launched(recipe: Recipe) -> Action:
    """Return the record of the base instance."""
    change = {"instance_id": Ref(LAUNCH, "instance_id")}
    return _update(recipe, LAUNCHED, "record the base instance", change, BEGUN, LAUNCH)


def validated(recipe: Recipe, instance: str | Ref, before: str, *after: str) -> Action:
    """Return the record that the instance has passed its validation, from which no image is yet.

    Args:
        recipe: what is baked.
        instance: the instance.
        before: the last record.
        after: what has to be done before.
    """
    change = {"instance_id": instance, "image_id": "", "gates": [VALIDATED]}
    return _update(recipe, PASSED, "record that the validation is passed", change, before, *after)


def image_made(recipe: Recipe, image: Ref, before: str, *after: str) -> Action:
    """Return the record of the image in the build region, and of the gates that it has passed."""
    passed = gates(recipe)
    what = f", and that it is {' and '.join(passed)}" if passed else ""
    change = {"image_id": image, "gates": list(passed)}
    return _update(recipe, MADE, f"record the image{what}", change, before, *after)


def approved(recipe: Recipe, approval: Approval) -> Action:
    """Return the record of who approves the build: what no record knows is no approval."""
    change = {"approved_by": approval.by, "approved_at": approval.at}
    return _update(recipe, APPROVED, "record who approves the build, and when", change, MADE)


def together(actions: Sequence[Action], images: Sequence[Ref]) -> tuple[Action, ...]:
    """Return the approval of several builds of one bake, which is recorded before it is written.

    Each record names all images that are approved: a build is approved with these alone.

    Args:
        actions: the approvals of the builds, as parts of one plan.
        images: the images of all builds of the bake in the build region.
    """
    recorded = tuple(each.id for each in actions if _ends_with(APPROVED, each.id))
    return tuple(
        structs.replace(action, parameters=_naming(action.parameters, images))
        if action.id in recorded
        else action.following(*recorded)
        for action in actions
    )


def _ends_with(action: str, action_id: str) -> bool:
    return action_id.rpartition("/")[2] == action


def _naming(parameters: Mapping[str, Any], images: Sequence[Ref]) -> dict[str, Any]:
    return {**parameters, "Change": {**parameters["Change"], "approved_images": list(images)}}


def _update(
    recipe: Recipe, name: str, summary: str, change: Mapping[str, Any], before: str, *after: str
) -> Action:
    parameters = {"Change": change, "Version": Ref(before, "version")}
    return _action(recipe, name, summary, parameters, before, *after)


def _action(
    recipe: Recipe, name: str, summary: str, parameters: Mapping[str, Any], *after: str
) -> Action:
    parameters = {"Name": record.parameter(recipe.build.image, recipe.build.id), **parameters}
    return Action.at(
        recipe.place, name, records.WRITE, summary, parameters,
        permissions=records.WRITE_PERMISSIONS, after=after,
    )  # fmt: skip
