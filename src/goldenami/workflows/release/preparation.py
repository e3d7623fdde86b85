"""From a release file to a bake that was checked and can start, anew or where it stopped."""

import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct, structs

from goldenami import journal
from goldenami.aws import images, lease
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.aws.session import Aws
from goldenami.bake import record
from goldenami.bake.actions import image_id
from goldenami.bake.boot_test import boot_test
from goldenami.bake.create_image import CreateImageBaker
from goldenami.bake.distribute import distribution, wait_for_image
from goldenami.bake.interface import Baker, Recipe, new_build
from goldenami.bake.packer_baker import PackerBaker
from goldenami.domain.check_result import CheckResult
from goldenami.domain.image import Build, Image, bake_of, build_of, new_nonce
from goldenami.domain.plan import Action, Plan, of_this_part
from goldenami.domain.record import Record
from goldenami.errors import BakeError, GoldenamiError, RefusedError, SpecError, UsageError
from goldenami.journal import Journal
from goldenami.spec import ReleaseFile
from goldenami.spec.architectures import by_architecture
from goldenami.workflows import goldens
from goldenami.workflows.release import guardrail
from goldenami.workflows.release.answers import BakeAnswers, when_needed
from goldenami.workflows.release.checks import check, permissions, writing
from goldenami.workflows.release.decision import decision, refuse_unfinished
from goldenami.workflows.release.needs import Needs, needs
from goldenami.workflows.release.prepared import Prepared, PreparedBuild
from goldenami.workflows.release.recovery import EarlierRun, discarding, find, outputs


class _Begun(Struct, frozen=True):
    """What there is of a bake that did not end: its journal, and its builds by architecture."""

    past: Journal | None = None
    earlier: Mapping[str, EarlierRun | None] = {}

    @property
    def records(self) -> list[Record]:
        """The records of its builds."""
        return [each.record for each in self.earlier.values() if each]


def prepare(
    aws: Aws,
    file: ReleaseFile,
    *,
    answers: BakeAnswers | None = None,
    method: str | None = None,
    instance_id: str | None = None,
    resume: str | None = None,
    approving: bool = False,
    keep_on_failure: bool = False,
    now: datetime | None = None,
) -> Prepared:
    """Check everything that can be checked without changing anything, and make the plan.

    Args:
        aws: whose account.
        file: the release file.
        answers: what was asked ahead, before it was known which build it becomes.
        method: ``create-image`` or ``packer``, None for the release file's.
        instance_id: a base instance that is there already.
        resume: the id of a build that did not end, here or on another machine.
        approving: whether the caller approves the build, if that is up to somebody.
        keep_on_failure: whether instances stay for a look if it fails.
        now: the time a calendar version is made from.

    Raises:
        BakeError: with every problem found.
        RefusedError: something of the build is forged, or past its approval.
        UsageError: the options do not fit the build, or how it is made.
    """
    started = now or datetime.now(UTC)
    bake = bake_of(resume) if resume and file.release.architectures else resume
    begun = _begun(aws, file, bake) if bake else _Begun()
    for begun_record in begun.records:
        method, instance_id = _as_begun(begun_record, method, instance_id)
    how = method or file.release.bake.method
    _refuse_options(file, how, instance_id, keep_on_failure=keep_on_failure)
    answers = answers or when_needed(aws, file)
    first = _first_build(file, started, bake, begun)
    recipes = _recipes(aws, file, begun, first, answers.sources)
    recipes = [
        structs.replace(
            recipe,
            instance_id=instance_id,
            attempt=f"/{started.isoformat()}" if resume else "",
            method=how,
        )
        for recipe in recipes
    ]
    bake = bake_of(recipes[0].build.id)
    command = ("--method", method), ("--instance", instance_id), ("--resume", bake)
    prepared = Prepared(
        builds=tuple(
            PreparedBuild(
                recipe=recipe,
                baker=PackerBaker(recipe) if how == "packer" else CreateImageBaker(recipe),
                started=started,
                making=Plan(title="", actions=()),
                approving=approving,
            )
            for recipe in recipes
        ),
        title=_title(recipes, approving=approving),
        resume=_command("approve", file, ("--build", bake))
        if approving
        else _command("bake", file, *command),
        keep_on_failure=keep_on_failure,
    )
    return _checked(prepared, begun.earlier, answers.guarding)


def renew(prepared: Prepared) -> Prepared:
    """Return the same bake as the account is now, since it may have moved on meanwhile.

    Raises:
        BakeError: with every problem found.
        RefusedError: something of the build is past its approval.
        IncompleteError: a place could not be read.
    """
    before = {build.part: build.earlier for build in prepared.builds}
    if not any(before.values()):
        return prepared
    recipe = prepared.recipe
    earlier = {
        build.part: find(recipe.aws, recipe.release, build.recipe.build.id)
        for build in prepared.builds
    }
    return prepared if earlier == before else _checked(prepared, earlier)


def _checked(
    prepared: Prepared,
    earlier: Mapping[str, EarlierRun | None],
    guarding: Callable[[], guardrail.Guarding] | None = None,
) -> Prepared:
    """Check a bake against what an earlier run has left, and plan the rest."""
    recipe = prepared.recipe
    look = guarding or partial(guardrail.look, recipe.aws, recipe.file)
    for each in earlier.values():
        if each:
            each.refuse()
    if prepared.builds[0].approving:
        refuse_unfinished([build.recipe for build in prepared.builds], earlier)
    decided = decision(earlier)
    needed = needs((build.recipe, earlier.get(build.part)) for build in prepared.builds)

    def looked(part: str) -> PreparedBuild:
        build = next(build for build in prepared.builds if build.part == part)
        return _looked(structs.replace(build, decision=decided), earlier.get(part), needed)

    builds = tuple(side_by_side([build.part for build in prepared.builds], looked).values())
    prepared = structs.replace(prepared, builds=builds)
    if wrong := prepared.checked.wrong:
        raise BakeError(
            f"{recipe.file.path}: the bake cannot start, and nothing was changed", notes=wrong
        )
    ended = all(build.ended for build in builds)
    return structs.replace(
        prepared,
        guarding=guardrail.Guarding() if ended else look(),
        holds_lease=ended and _holds_lease(prepared),
    )


def _looked(build: PreparedBuild, earlier: EarlierRun | None, needed: Needs) -> PreparedBuild:
    """Look at what a build needs, and plan what is left of it."""
    recipe, baker = build.recipe, build.baker
    actions = making_actions(recipe, baker)
    done = outputs(recipe, actions, earlier) if earlier else {}
    if earlier:
        actions = discarding(actions, recipe, earlier)
    if build.approving:  # what was made before is none of the approver's steps
        actions = tuple(action for action in actions if action.id not in done)
    publishes = not (build.proposes or (earlier and earlier.is_whole))  # else somebody else does
    may_write = ahead(partial(writing, recipe)) if publishes else CheckResult
    checked = check(recipe, baker, earlier, needed) + may_write()
    plan = Plan(title="", actions=actions, checks=permissions(recipe, earlier), checked=checked)
    return structs.replace(build, making=plan, earlier=earlier, done=done)


def _holds_lease(prepared: Prepared) -> bool:
    recipe = prepared.recipe
    current = lease.of_image(recipe.aws.in_region(recipe.region), recipe.build.image)
    return current is not None and current.holder.build == prepared.id


def _title(recipes: list[Recipe], *, approving: bool) -> str:
    bake = structs.replace(recipes[0].build, id=bake_of(recipes[0].build.id))
    if approving:
        return f"approve {bake.ami_name}, build {bake.id}"
    sources = " and ".join(f"{recipe.source.id} ({recipe.source.name})" for recipe in recipes)
    return f"bake {bake.ami_name} from {sources}, build {bake.id}"


def making_actions(recipe: Recipe, baker: Baker) -> tuple[Action, ...]:
    """Return all that makes the image complete wherever it is before its approval."""
    ready = wait_for_image(recipe, recipe.place)
    tested = boot_test(recipe)
    gate = tested[-1].id if tested else ready.id
    recorded = record.image_made(recipe, image_id(recipe, recipe.place), baker.recorded, gate)
    return (
        *baker.actions(),
        ready,
        *tested,
        recorded,
        *distribution(recipe, after=recorded.id),
        *baker.cleanup(),
    )


def _refuse_options(
    file: ReleaseFile, method: str, instance_id: str | None, *, keep_on_failure: bool
) -> None:
    if keep_on_failure and method == "packer":
        raise UsageError(
            "--keep-on-failure goes with create-image: Packer ends its own instance",
            fix="leave it out, or bake with --method create-image",
        )
    if instance_id and file.release.architectures:
        raise UsageError(
            f"--instance: {instance_id} is of one architecture, and {file.path} bakes several",
            fix="leave it out, and let each have a base instance of its own",
        )


def _begun(aws: Aws, file: ReleaseFile, bake: str) -> _Begun:
    past, unreadable = None, ""
    try:
        past = journal.read(bake)
    except SpecError as error:  # the tags may tell all that is needed
        unreadable = error.message
    earlier = {
        architecture: find(aws, own.release, build_of(bake, architecture))
        for architecture, own in by_architecture(file).items()
    }
    begun = _Begun(past, earlier)
    if not past and not begun.records:
        places = file.release.places(aws.account, aws.partition)
        here = f"its journal cannot be used ({unreadable})" if unreadable else "no journal of it"
        raise UsageError(
            f"there is no trace of build {bake}: {here} here, no record, and nothing with its tag "
            f"in {', '.join(place.name for place in places)}",
            fix="check the build id, and the account; or bake anew without --resume",
        )
    specs = {each.spec for each in begun.records} or {past.start.spec if past else ""}
    if specs != {file.spec}:
        raise BakeError(
            f"build {bake} was started with another version of {file.path}, which makes another "
            "image",
            fix="restore what makes the image (timeouts, publication, lifecycle, enforcement and "
            "audit may differ), or bake anew without --resume",
        )
    return begun


def _as_begun(begun: Record, method: str | None, instance_id: str | None) -> tuple[str, str | None]:
    """Return how a build goes on, which is how it was begun.

    Raises:
        UsageError: it is to go on otherwise.
    """
    own_instance = begun.instance_id if begun.own_instance else None
    if (method or begun.method) != begun.method or (instance_id or own_instance) != own_instance:
        how = f"--instance {own_instance}" if own_instance else f"--method {begun.method}"
        raise UsageError(
            f"build {begun.build} was begun with {how}, and goes on like that",
            fix="leave --method and --instance out, or bake anew",
        )
    return begun.method, own_instance


def _tokens(past: Journal | None, architecture: str, earlier: EarlierRun | None) -> dict[str, str]:
    """Return the tokens whose calls still stand: that of a broken image would bring it back.

    Those of a build without a record come from a random part that nobody knows any more.
    """
    if past is None or earlier is None:
        return {}
    broken = {f"copy:{place}" for place in earlier.broken}
    tokens = of_this_part(architecture, past.tokens)
    return {action: token for action, token in tokens.items() if action not in broken}


def _first_build(file: ReleaseFile, now: datetime, bake: str | None, begun: _Begun) -> Build:
    """Return the build that a bake has if it has but one; several differ in what follows its id."""
    build = new_build(file, now)
    if bake is None:
        return build
    versions = [each.version for each in begun.records]
    versions += [begun.past.start.version] if begun.past else []
    return structs.replace(build, id=bake, version=versions[0])


def _recipes(
    aws: Aws,
    file: ReleaseFile,
    begun: _Begun,
    first: Build,
    sources: Mapping[str, Callable[[], Image]],
) -> list[Recipe]:
    """Return the recipe of each build.

    Raises:
        BakeError: with the problem of each source, of several.
        RefusedError: that, and one of them is revoked.
    """
    recipes, problems = [], dict[str, GoldenamiError]()
    files = by_architecture(file)
    for architecture, own in files.items():
        earlier = begun.earlier.get(architecture)
        build = earlier.record.as_build if earlier else _build(first, architecture)
        try:
            source = (
                _source(aws, own, earlier, architecture) if earlier else sources[architecture]()
            )
        except GoldenamiError as error:
            if len(files) == 1:
                raise
            problems[architecture] = error
        else:
            tokens = _tokens(begun.past, architecture, earlier)
            recipes.append(Recipe(aws=aws, file=own, build=build, source=source, tokens=tokens))
    if problems:
        refused = any(isinstance(error, RefusedError) for error in problems.values())
        raise (RefusedError if refused else BakeError)(
            f"{file.path}: the bake cannot start, and nothing was changed",
            notes=[f"{name}: {error.with_fix}" for name, error in problems.items()],
        )
    return recipes


def _build(first: Build, architecture: str) -> Build:
    if not architecture:
        return first
    return structs.replace(first, id=build_of(first.id, architecture), nonce=new_nonce())


def _source(aws: Aws, file: ReleaseFile, earlier: EarlierRun, architecture: str) -> Image:
    """Return the base image of an earlier run, whatever a parameter names by now."""
    release, home = file.release, aws.in_region(file.release.build_region)
    source = earlier.record.source
    for image in images.by_id(home, [source]):
        goldens.refuse_revoked(home, image, release.approval_tag)
        return image
    if home.region in earlier.images:
        return Image(
            region=home.region, id=source, name="gone", owner="", state="deregistered",
            architecture=architecture,
        )  # fmt: skip
    raise BakeError(
        f"build {earlier.record.build} was made from {source}, which is no longer there",
        fix="bake anew without --resume; `goldenami sweep` removes what this build has left",
    )


def _command(name: str, file: ReleaseFile, *options: tuple[str, str | None]) -> str:
    words = [word for option, value in options if value for word in (option, value)]
    return shlex.join(["goldenami", name, str(file.path), *words])
