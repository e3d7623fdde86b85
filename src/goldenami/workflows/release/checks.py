"""What can be looked at before a bake, all of it in one list, without changing anything."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from itertools import chain

from goldenami.aws import (
    calls,
    image_scans,
    images,
    inspector,
    keys,
    managed_instances,
    parameters,
    quotas,
    regions,
)
from goldenami.aws.denials import is_explicit
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.parallel import ahead, concurrently, side_by_side
from goldenami.bake import volumes
from goldenami.bake.distribute import copying
from goldenami.bake.interface import Baker, Recipe
from goldenami.bake.launch import types
from goldenami.bake.record import gates
from goldenami.bake.way_out import in_list
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult
from goldenami.domain.image import Image
from goldenami.errors import AwsError
from goldenami.workflows.release import sharing
from goldenami.workflows.release.needs import Needs, places_to_make
from goldenami.workflows.release.recovery import EarlierRun

Check = Callable[[Recipe, AccountRegion], CheckResult]


def check(recipe: Recipe, baker: Baker, earlier: EarlierRun | None, needed: Needs) -> CheckResult:
    """Look at everything that is still to come.

    Args:
        recipe: what is to be baked.
        baker: how.
        earlier: what an earlier run has done of it.
        needed: by all builds of the bake.
    """
    if problems := _region_problems(recipe):
        # nothing can be asked of a region that is not enabled
        return CheckResult(wrong=tuple(problems))
    if earlier and earlier.is_whole:
        return CheckResult(fine=("the release is whole: approved and published everywhere",))
    own = {image.id for _, image in earlier.all_images} if earlier else set()
    to_make, to_finish = places_to_make(recipe, earlier), _to_finish(recipe, earlier)
    present = {
        name: image
        for name, image in (earlier.images if earlier else {}).items()
        if image.state == "available"
    }
    every = partial(_everywhere, recipe)
    looks: list[Callable[[], CheckResult]] = [partial(_commands, recipe, earlier)]
    if not _is_tested(recipe, earlier):
        looks.insert(0, partial(_scan, recipe))
    if recipe.place in to_make:
        looks.insert(0, partial(_launch, recipe, baker, needed))
    looks += [
        partial(every, partial(_name, own), to_make),
        partial(every, _parameter, recipe.places),
        partial(every, partial(_shares, present), to_finish),
        partial(every, partial(_quota, needed), to_make),
        partial(every, _key, to_make),
        partial(every, _copy, to_make),
    ]
    inputs = _inputs(recipe) if to_make else CheckResult()
    return sum(side_by_side(looks, lambda look: look()).values(), inputs)


def permissions(recipe: Recipe, earlier: EarlierRun | None) -> tuple[str, ...]:
    """Return the IAM actions that the checks need of the caller."""
    release = recipe.release
    needed = ["ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeRegions"]
    if earlier and earlier.is_whole:
        return (*needed, "ssm:GetParameter")
    to_make, to_finish = places_to_make(recipe, earlier), _to_finish(recipe, earlier)
    needed += _of_launch(recipe, earlier)
    if to_make or (to_finish and recipe.is_shared):
        needed += quotas.PERMISSIONS
    if release.scan and not _is_tested(recipe, earlier):
        own = inspector.PERMISSIONS, image_scans.CHECK_PERMISSIONS
        needed += own[release.scan.on == "image"]
    if _steps_by_default(recipe, earlier):
        needed += managed_instances.PERMISSIONS
    if release.publish:
        needed += parameters.CHECK_PERMISSIONS
    if any(recipe.keys(place) for place in to_make if place.is_home):
        needed += keys.PERMISSIONS
    if to_finish:
        needed += sharing.permissions(recipe)
    return tuple(needed)


def _of_launch(recipe: Recipe, earlier: EarlierRun | None) -> Iterator[str]:
    """Yield what looking at the source needs, and at what is launched of it."""
    if recipe.release.base.source.ssm and not earlier:
        yield "ssm:GetParameter"
    if recipe.place in places_to_make(recipe, earlier) and not recipe.instance_id:
        yield "ec2:DescribeInstanceTypes"
        yield from volumes.PERMISSIONS if recipe.release.base.volumes else ()


def _to_finish(recipe: Recipe, earlier: EarlierRun | None) -> list[AccountRegion]:
    """Return where it is not proposed nor approved yet."""
    finished = earlier.finished if earlier else ()
    return [place for place in recipe.places if place.name not in finished]


def _is_tested(recipe: Recipe, earlier: EarlierRun | None) -> bool:
    return earlier is not None and earlier.record.passed(gates(recipe))


def _region_problems(recipe: Recipe) -> list[str]:
    problems = regions.problems(recipe.release.regions, recipe.aws)

    def of_role(role: str) -> list[str]:
        places = [place for place in recipe.places if place.role == role]
        try:
            other = recipe.aws.acting_as(role)
            return regions.problems((place.region for place in places), other)
        except AwsError as error:
            return [f"copies into account {places[0].account}: {in_list(recipe, error)}"]

    roles = dict.fromkeys(place.role for place in recipe.places if place.role)
    elsewhere = side_by_side(roles, of_role)
    return [*problems, *chain.from_iterable(elsewhere.values())]


def _everywhere(recipe: Recipe, look: Check, places: Collection[AccountRegion]) -> CheckResult:
    """Do a check in all places at once."""

    def do(place: AccountRegion) -> CheckResult:
        try:
            return look(recipe, place)
        except AwsError as error:
            return CheckResult(wrong=(f"{place.name}: {in_list(recipe, error)}",))

    results, _ = concurrently(places, do)
    return sum(results.values(), CheckResult())


def _inputs(recipe: Recipe) -> CheckResult:
    source = recipe.source
    owner = source.owner_alias or source.owner
    image_tags = " ".join(f"{key}={value}" for key, value in recipe.image_tags.items())
    return CheckResult(
        fine=(
            f"source: {source.id} ({source.name}), {source.architecture}, owner {owner}",
            f"tags: {image_tags}",
        )
    )


def _launch(recipe: Recipe, baker: Baker, needed: Needs) -> CheckResult:
    checking = ahead(baker.check)
    if recipe.instance_id:
        return checking()
    regional, kinds = recipe.aws.at(recipe.place), types(recipe.release.base)
    own = recipe.build.architecture
    beside = [kind for name, kind in needed.instances.items() if name != own]
    room = ahead(partial(side_by_side, kinds, lambda kind: quotas.vcpus(regional, kind, beside)))
    result = checking()
    return sum(room().values(), result)


def _scan(recipe: Recipe) -> CheckResult:
    """Look whether Inspector would scan: instances, or the image itself for the caller."""
    if recipe.release.scan is None:
        return CheckResult()
    look = inspector.check if recipe.release.scans_instance else image_scans.check
    return look(recipe.aws.at(recipe.place))


def _commands(recipe: Recipe, earlier: EarlierRun | None) -> CheckResult:
    """Look whether SSM reaches the instances that steps run on."""
    steps = _steps_by_default(recipe, earlier)
    if not steps:
        return CheckResult()
    return managed_instances.check(recipe.aws.at(recipe.place), " and ".join(steps))


def _steps_by_default(recipe: Recipe, earlier: EarlierRun | None) -> list[str]:
    """Return the keys of the steps to come that need default host management."""
    release = recipe.release
    if release.base.instance_profile or _is_tested(recipe, earlier):
        return []
    validated = (
        recipe.method == "packer"
        or recipe.instance_id
        or recipe.place.name in (earlier.images if earlier else {})
    )
    steps = [] if validated or not release.validate else ["validate"]
    return [*steps, "test.steps"] if release.test and release.test.steps else steps


def _name(own: Collection[str], recipe: Recipe, place: AccountRegion) -> CheckResult:
    name = recipe.build.ami_name
    for image in images.named(recipe.aws.at(place), name):
        if image.id not in own:
            build = image.tags.get(tags.BUILD)
            holder = f"{image.id} of build {build}" if build else image.id
            problem = f"the name {name} is taken in {place.name} by {holder}"
            return CheckResult(wrong=(f"{problem}: choose another `version`",))
    return CheckResult(fine=(f"the name {name} is free in {place.name}",))


def _quota(needed: Needs, recipe: Recipe, place: AccountRegion) -> CheckResult:
    return quotas.images(recipe.aws.at(place), needed.images[place.name])


def _key(recipe: Recipe, place: AccountRegion) -> CheckResult:
    """Look at the keys that a place encrypts with."""
    regional, shared = recipe.aws.at(place), place.is_home and recipe.is_shared
    looks = side_by_side(recipe.keys(place), lambda key: keys.check(regional, key, shared=shared))
    return sum(looks.values(), CheckResult())


def _shares(present: Mapping[str, Image], recipe: Recipe, place: AccountRegion) -> CheckResult:
    """Look whether the image can be shared, and with so many."""
    release = recipe.release
    if not (place.is_home and recipe.is_shared):
        return CheckResult()
    consumers = release.share.targets + len(release.copies)
    quota = ahead(partial(quotas.shares, recipe.aws.at(place), consumers))
    shared = sharing.check(recipe, place, present)
    return quota() + shared


def _parameter(recipe: Recipe, place: AccountRegion) -> CheckResult:
    if not recipe.parameter:
        return CheckResult()
    return parameters.check(recipe.aws.at(place), recipe.parameter)


def writing(recipe: Recipe) -> CheckResult:
    """Look whether whoever publishes may write the parameter that names the images."""
    if not recipe.parameter:
        return CheckResult()
    return parameters.may_write(recipe.aws, recipe.release.regions, recipe.parameter)


def _copy(recipe: Recipe, place: AccountRegion) -> CheckResult:
    """Try the copy (DryRun) with the source image in the place of the one that is to be made."""
    if place == recipe.place:
        return CheckResult()
    parameters = copying(recipe, place, recipe.place)
    parameters["SourceImageId"] = recipe.source.id
    refusal = calls.refusal(
        recipe.aws.at(place), "ec2:CopyImage", "trying the copy (DryRun)", **parameters
    )
    if refusal and refusal.code in FORBIDDEN:
        stood_in = f"image/{recipe.source.id}" in refusal.message
        if stood_in and not is_explicit(refusal):  # the bake itself does not copy it
            why = f"{recipe.source.id} stood in for it, which you may not copy, nor need to"
            return CheckResult(unknown=(f"the copy into {place.name} could not be tried: {why}",))
        return CheckResult(wrong=(in_list(recipe, refusal),))
    if refusal:
        return CheckResult(unknown=(f"not tried with a copy: {refusal.message}",))
    return CheckResult(fine=(f"a copy into {place.name} was tried (DryRun)",))
