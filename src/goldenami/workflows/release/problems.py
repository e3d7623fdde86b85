"""What stands against a bake, all of it in one list, found without changing anything."""

from goldenami.aws import images, keys, regions
from goldenami.aws.parallel import in_regions
from goldenami.bake.interface import Baker, Recipe
from goldenami.domain import tags


def problems(recipe: Recipe, baker: Baker, *, made: bool) -> list[str]:
    """Return every problem; an image that is ``made`` already needs no launch any more."""
    aws, release = recipe.aws, recipe.release
    found = regions.problems(release.regions, regions.enabled(aws))
    if found:
        return found  # nothing can be asked of a region the account does not have
    if not made:
        found += baker.problems(recipe)
    found += _taken_names(recipe)
    found += keys.problems(
        aws,
        [(recipe.region, one.kms_key) for one in release.base.volumes if one.kms_key]
        + [(region, key) for region in release.destinations if (key := release.kms_key(region))],
    )
    return found


def _taken_names(recipe: Recipe) -> list[str]:
    name = recipe.build.ami_name
    answers = in_regions(
        recipe.release.regions, lambda region: images.named(recipe.aws, region, name)
    )
    taken = []
    for region, found in answers.read.items():
        for one in found:
            build = one.tags.get(tags.BUILD)
            if build != recipe.build.id:
                of = f" of build {build}" if build else ""
                taken.append(
                    f"the name {name} is taken in {region} by {one.id}{of}: choose another "
                    "`version`"
                )
    return taken + [f"{one.region}: {one.error.message}" for one in answers.unread]
