"""What the builds of a bake need together, so that there has to be room for all of it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from goldenami.bake.interface import Recipe
from goldenami.bake.launch import types
from goldenami.domain.account_region import AccountRegion
from goldenami.workflows.release.recovery import EarlierRun


class Needs(Struct, frozen=True, kw_only=True):
    """What all builds of a bake need together.

    Args:
        images: how many images are made in each place.
        instances: the type of the base instance that each build launches, by architecture.
    """

    images: Mapping[str, int]
    instances: Mapping[str, str]


def needs(builds: Iterable[tuple[Recipe, EarlierRun | None]]) -> Needs:
    """Return what the builds of a bake need together, each with what an earlier run has done."""
    to_make = [
        (recipe, place) for recipe, earlier in builds for place in places_to_make(recipe, earlier)
    ]
    return Needs(
        images=Counter(place.name for _, place in to_make),
        instances={
            recipe.build.architecture: types(recipe.release.base)[0]
            for recipe, place in to_make
            if place == recipe.place
        },
    )


def places_to_make(recipe: Recipe, earlier: EarlierRun | None) -> list[AccountRegion]:
    """Return where the image is not made yet."""
    there = earlier.images if earlier else {}
    return [place for place in recipe.places if place.name not in there]
