"""Who has approved a bake: one decision for its builds, bound to their images by id."""

from collections.abc import Collection, Mapping, Sequence

from goldenami.bake.interface import Recipe
from goldenami.domain.image import bake_of
from goldenami.domain.manifest import Approval
from goldenami.errors import RefusedError
from goldenami.workflows.release.recovery import EarlierRun

Builds = Mapping[str, EarlierRun | None]
"""What an earlier run has left, by architecture; under an empty name if there is but one."""


def decision(builds: Builds) -> Approval | None:
    """Return who has approved a bake, and when; None as long as nobody has.

    It holds for the images that were approved, and for no others: what would be made in their
    place nobody has seen. That of several architectures may be recorded for some of them alone, if
    it was interrupted.

    Raises:
        RefusedError: an image that was approved is not there any more.
    """
    records = [each.record for each in builds.values() if each and each.record.approved_by]
    if not records:
        return None
    first = min(records, key=lambda each: each.approved_at)
    images = first.approved_images or (first.image_id,)
    if missing := _missing(builds, images):
        of_which = f" of {' and '.join(missing)}" if any(missing) else ""
        raise RefusedError(
            f"build {first.build} was approved by {first.approved_by} with {', '.join(images)}, "
            f"and no such image is there{of_which} any more",
            fix="bake a new version of the image: what is made now nobody has approved",
        )
    return Approval(by=first.approved_by, at=first.approved_at)


def _missing(builds: Builds, images: Collection[str]) -> list[str]:
    """Return the architectures whose image in the build region is none of these."""
    return [name for name, earlier in builds.items() if _at_home(earlier) not in images]


def _at_home(earlier: EarlierRun | None) -> str:
    """Return the image of a build in the build region, empty if it is not there."""
    image = earlier.images.get(earlier.places[0].name) if earlier else None
    return image.id if image else ""


def refuse_unfinished(recipes: Sequence[Recipe], builds: Builds) -> None:
    """Refuse to approve a version of several architectures of which one is not finished.

    Raises:
        RefusedError: with what is not.
    """
    unfinished = [
        f"{architecture} in {place.name}"
        for recipe in recipes
        if (architecture := recipe.build.architecture)
        for place in recipe.proposed_places
        if not ((earlier := builds.get(architecture)) and place.name in earlier.finished)
    ]
    if unfinished:
        file, bake = recipes[0].file.path, bake_of(recipes[0].build.id)
        raise RefusedError(
            f"build {bake} cannot be approved: not finished yet is {', '.join(unfinished)}",
            fix=f"`goldenami bake {file} --resume {bake}` goes on with it: all architectures of a "
            "version are approved together",
        )
