"""What can be looked at before a bake, all of it in one list, without changing anything."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Self

from msgspec import Struct

from goldenami.aws import dry_run, images, inspector, keys, parameter_path, quotas, regions
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.parallel import in_regions
from goldenami.bake.distribute import copying
from goldenami.bake.interface import Baker, Recipe
from goldenami.bake.record import tests
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult, together
from goldenami.errors import AwsError
from goldenami.workflows.release.recovery import Found

Check = Callable[[Recipe, AccountRegion], CheckResult]


class There(Struct, frozen=True, kw_only=True):
    """What need not be looked at any more, since an earlier run has come farther.

    ``made`` are the places where the image is made, ``finished`` where it was proposed or approved;
    ``own`` are the ids of all its images, those that this run removes first among them. ``tested``
    is an image that has passed its boot test, ``whole`` a release that has ended.
    """

    made: Collection[str] = ()
    finished: Collection[str] = ()
    own: Collection[str] = ()
    tested: bool = False
    whole: bool = False

    @classmethod
    def of(cls, found: Found | None, recipe: Recipe) -> Self:
        """Return what is there of a build."""
        if found is None:
            return cls()
        return cls(
            made=set(found.images),
            finished=found.finished,
            own={one.id for one in (*found.images.values(), *found.broken.values())},
            tested=found.record.passed(tests(recipe)),
            whole=found.is_whole(recipe.places),
        )


def check(recipe: Recipe, baker: Baker, there: There) -> CheckResult:
    """Look at everything that is still to come.

    Args:
        recipe: what is to be baked.
        baker: how.
        there: what an earlier run has left.
    """
    wrong = _wrong_places(recipe)
    if wrong:
        return CheckResult(
            wrong=tuple(wrong)
        )  # nothing can be asked of a region that is not enabled
    if there.whole:
        return CheckResult(fine=("the release is whole: approved and published everywhere",))
    launched = CheckResult()
    if recipe.place.name not in there.made:
        launched = _launch(recipe, baker)
    scanning = CheckResult() if there.tested else _scanning(recipe)
    checked = _everywhere(recipe, [partial(_name, there.own), *_publishing(recipe)], recipe.places)
    unfinished = _everywhere(recipe, _sharing(recipe), _without(there.finished, recipe))
    made_anew = _everywhere(recipe, [_quota, _key, _copy], _without(there.made, recipe))
    return together(
        [_inputs(recipe), launched, scanning, checked, unfinished, made_anew, _writing(recipe)]
    )


def _without(names: Collection[str], recipe: Recipe) -> list[AccountRegion]:
    return [one for one in recipe.places if one.name not in names]


def permissions(recipe: Recipe, there: There) -> tuple[str, ...]:
    """Return the IAM actions that the checks need of the caller."""
    release = recipe.release
    needed = ["ec2:DescribeImages", "ec2:DescribeInstances"]
    if there.whole:
        return (*needed, "ssm:GetParameter")
    to_make, to_finish = _without(there.made, recipe), _without(there.finished, recipe)
    shared = bool(release.share.targets or release.copies)
    if to_make or (to_finish and shared):
        needed += quotas.PERMISSIONS
    if release.scan and not there.tested:
        needed += inspector.PERMISSIONS
    if release.publish:
        needed += parameter_path.PERMISSIONS
    if any(recipe.keys(one) for one in to_make if one.is_home):
        needed += keys.PERMISSIONS
    if to_finish and shared:
        needed += keys.DEFAULT_PERMISSIONS
    return tuple(needed)


def _wrong_places(recipe: Recipe) -> list[str]:
    found = regions.problems(recipe.release.regions, regions.enabled(recipe.aws))
    for role in dict.fromkeys(one.role for one in recipe.places if one.role):
        there = [one for one in recipe.places if one.role == role]
        try:
            enabled = regions.enabled(recipe.aws.acting_as(role))
        except AwsError as error:
            found.append(f"copies into account {there[0].account}: {error.message}")
            continue
        found += regions.problems((one.region for one in there), enabled)
    return found


def _everywhere(
    recipe: Recipe, checks: list[Check], places: Collection[AccountRegion]
) -> CheckResult:
    """Do these checks in all places at once, and put them together check by check."""
    jobs = {
        f"{number}:{place.name}": (one, place)
        for number, one in enumerate(checks)
        for place in places
    }

    def do(job: str) -> CheckResult:
        one, place = jobs[job]
        try:
            return one(recipe, place)
        except AwsError as error:
            return CheckResult(wrong=(f"{place.name}: {error.message}",))

    return together(in_regions(jobs, do).read.values())


def _inputs(recipe: Recipe) -> CheckResult:
    source = recipe.source
    owner = source.owner_alias or source.owner
    shown = " ".join(f"{key}={value}" for key, value in recipe.image_tags.items())
    return CheckResult(
        fine=(
            f"source {source.id} ({source.name}) of {owner} is {source.architecture}",
            f"tags: {shown}",
        )
    )


def _launch(recipe: Recipe, baker: Baker) -> CheckResult:
    wrong = tuple(baker.problems(recipe))
    kind = recipe.release.base.instance_type
    tried = CheckResult(wrong=wrong) if wrong else CheckResult(fine=tuple(baker.fine(recipe)))
    return (
        tried
        if recipe.instance_id
        else tried + quotas.vcpus(recipe.aws.in_region(recipe.region), kind)
    )


def _scanning(recipe: Recipe) -> CheckResult:
    return (
        inspector.check(recipe.aws.in_region(recipe.region))
        if recipe.release.scan
        else CheckResult()
    )


def _name(own: Collection[str], recipe: Recipe, place: AccountRegion) -> CheckResult:
    name = recipe.build.ami_name
    taken = [one for one in images.named(recipe.at(place), name) if one.id not in own]
    if not taken:
        return CheckResult(fine=(f"the name {name} is free in {place.name}",))
    build = taken[0].tags.get(tags.BUILD)
    of = f" of build {build}" if build else ""
    told = (
        f"the name {name} is taken in {place.name} by {taken[0].id}{of}: choose another `version`"
    )
    return CheckResult(wrong=(told,))


def _quota(recipe: Recipe, place: AccountRegion) -> CheckResult:
    return quotas.images(recipe.at(place))


def _key(recipe: Recipe, place: AccountRegion) -> CheckResult:
    """Look at the keys that a place encrypts with."""
    shared = _is_shared(recipe, place)
    return together(keys.check(recipe.at(place), one, shared=shared) for one in recipe.keys(place))


def _sharing(recipe: Recipe) -> list[Check]:
    return [_shares] if recipe.release.share.targets or recipe.release.copies else []


def _shares(recipe: Recipe, place: AccountRegion) -> CheckResult:
    """Look whether the image can be shared, and with so many."""
    release = recipe.release
    if not _is_shared(recipe, place):
        return CheckResult()
    targets = release.share.targets + len(release.copies)
    found = quotas.shares(recipe.aws.in_region(place.region), targets)
    volumes = release.base.volumes
    if recipe.keys(place) and all(one.kms_key for one in volumes if one.encrypted):
        return found
    encrypted = any(one.encrypted for one in volumes) or recipe.source.encrypted
    return found + keys.check_default(recipe.aws.in_region(place.region), encrypted=encrypted)


def _is_shared(recipe: Recipe, place: AccountRegion) -> bool:
    return place.is_home and bool(recipe.release.share.targets or recipe.release.copies)


def _publishing(recipe: Recipe) -> list[Check]:
    return [_parameter] if recipe.release.publish else []


def _parameter(recipe: Recipe, place: AccountRegion) -> CheckResult:
    publish = recipe.release.publish
    name = publish.ssm_parameter if publish else ""
    return parameter_path.check(recipe.at(place), name)


def _writing(recipe: Recipe) -> CheckResult:
    if recipe.release.publish is None:
        return CheckResult()
    name = recipe.release.publish.ssm_parameter
    return parameter_path.may_write(recipe.aws, recipe.release.regions, name)


def _copy(recipe: Recipe, place: AccountRegion) -> CheckResult:
    """Try the copy (DryRun) with the source image in the place of the one that is to be made."""
    if place == recipe.place:
        return CheckResult()
    parameters = copying(recipe, place, recipe.place)
    parameters["SourceImageId"] = recipe.source.id
    refusal = dry_run.refusal(
        recipe.at(place), "ec2:CopyImage", "trying the copy (DryRun)", **parameters
    )
    if refusal and refusal.code in FORBIDDEN:
        return CheckResult(wrong=(refusal.message,))
    if refusal:
        return CheckResult(unknown=(f"not tried with a copy: {refusal.message}",))
    return CheckResult(fine=(f"a copy into {place.name} was tried (DryRun)",))
