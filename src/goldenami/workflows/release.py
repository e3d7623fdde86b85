"""The bake: prepare (read and check everything), plan (data), carry out."""

import secrets
import shlex
from datetime import UTC, datetime

from msgspec import Struct

from goldenami import journal
from goldenami.aws import images, keys, regions
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.aws.waits import image as wait_for_image
from goldenami.aws.waits import parameter as wait_for_parameter
from goldenami.bake.create_image import CreateImage
from goldenami.bake.distribute import distribution, image_id
from goldenami.bake.interface import Baker, Recipe
from goldenami.bake.packer_baker import PackerBaker
from goldenami.domain import names
from goldenami.domain.image import Build, build_id
from goldenami.domain.plan import Plan, Results, Tell, resolve, silent
from goldenami.domain.tags import Status
from goldenami.errors import BakeError, GoldenamiError, InterruptedRunError
from goldenami.spec import ReleaseFile
from goldenami.workflows.execute import Execution


class ReleasedImage(Struct, frozen=True, kw_only=True):
    """One region of a finished bake."""

    region: str
    image_id: str
    name: str
    status: str
    snapshots: tuple[str, ...]
    parameter: str


class Released(Struct, frozen=True, kw_only=True):
    """What a finished bake has made."""

    build: Build
    images: tuple[ReleasedImage, ...]


class Prepared(Struct, frozen=True, kw_only=True):
    """A bake that was checked and can start; ``resume`` is the command that goes on with it."""

    recipe: Recipe
    baker: Baker
    plan: Plan
    resume: str
    record: journal.Journal | None = None
    past: journal.Past | None = None


def prepare(
    aws: Aws,
    file: ReleaseFile,
    *,
    method: str | None = None,
    instance_id: str | None = None,
    resume: str | None = None,
    now: datetime | None = None,
) -> Prepared:
    """Check everything that can be checked without changing anything, and make the plan.

    Args:
        aws: whose account.
        file: the release file.
        method: ``create-image`` or ``packer``, None for the release file's.
        instance_id: a base instance that is there already.
        resume: the id of a build that was interrupted.
        now: the time a calendar version and the deprecation are counted from.

    Raises:
        BakeError: with every problem found.
    """
    started = now or datetime.now(UTC)
    record, past = _past(resume, file) if resume else (None, None)
    build = _build(file, started, past)
    baker: Baker = (
        PackerBaker() if (method or file.release.bake.method) == "packer" else CreateImage()
    )
    source = images.resolve(aws, file.release.build_region, file.release.base.source)
    recipe = Recipe(aws=aws, file=file, build=build, source=source, instance_id=instance_id)
    found = _problems(recipe, baker, resuming=past is not None)
    if found:
        raise BakeError(f"{file.path}: the bake cannot start, and nothing was changed", notes=found)
    actions = (*baker.actions(recipe), *distribution(recipe, started), *baker.cleanup(recipe))
    plan = Plan(
        title=f"bake {build.ami_name} from {source.id} ({source.name}), build {build.id}",
        actions=actions,
        notes=file.warnings,
    )
    chosen = (("--method", method), ("--instance", instance_id), ("--resume", build.id))
    options = [word for option, value in chosen if value for word in (option, value)]
    command = shlex.join(["goldenami", "bake", str(file.path), *options])
    return Prepared(recipe=recipe, baker=baker, plan=plan, resume=command, record=record, past=past)


def bake(prepared: Prepared, *, tell: Tell = silent) -> Released:
    """Carry a prepared bake out.

    Raises:
        BakeError: it failed; the notes say what was undone and what is left.
        InterruptedRunError: Ctrl-C; the notes say what there is and how to resume.
    """
    recipe, build = prepared.recipe, prepared.recipe.build
    record = prepared.record
    if record is None:
        start = journal.Start(
            build=build.id, version=build.version, spec=build.spec, release=str(recipe.file.path)
        )
        record = journal.Journal.create(start)
    execution = Execution(
        recipe.aws,
        handlers={
            "wait:image": wait_for_image,
            "wait:parameter": wait_for_parameter,
            **prepared.baker.handlers,
        },
        journal=record,
        past=prepared.past,
        tell=tell,
    )
    try:
        return _released(recipe, execution.run(prepared.plan))
    except InterruptedRunError as error:
        raise InterruptedRunError(
            f"interrupted; build {build.id} can go on",
            notes=error.notes,
            fix=f"run {prepared.resume}",
        ) from error
    except GoldenamiError as error:
        raise BakeError(
            f"build {build.id} failed: {error.message}",
            notes=error.notes,
            fix=f"{error.fix or 'mend the cause'}; then go on with {prepared.resume}",
        ) from error


def _past(build: str, file: ReleaseFile) -> tuple[journal.Journal, journal.Past]:
    record, past = journal.read(build)
    if past.start.spec != file.sha256:
        raise BakeError(
            f"build {build} was started with another version of {file.path}",
            fix="restore that version of the release file, or bake anew without --resume",
        )
    return record, past


def _build(file: ReleaseFile, now: datetime, past: journal.Past | None) -> Build:
    release = file.release
    if past:
        return Build(
            id=past.start.build, image=release.image, version=past.start.version, spec=file.sha256
        )
    version = names.calendar_version(now) if release.version == "auto" else release.version
    return Build(
        id=build_id(now.astimezone(UTC), secrets.token_hex(3)),
        image=release.image,
        version=version,
        spec=file.sha256,
    )


def _problems(recipe: Recipe, baker: Baker, *, resuming: bool) -> list[str]:
    aws, release = recipe.aws, recipe.release
    found = regions.problems(release.regions, regions.enabled(aws))
    if found:
        return found  # nothing can be asked of a region the account does not have
    if not resuming:
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
    taken = [
        f"the name {name} is taken in {region} by {found[0].id}: choose another `version`"
        for region, found in answers.read.items()
        if found
    ]
    return taken + [f"{one.region}: {one.error.message}" for one in answers.unread]


def _released(recipe: Recipe, results: Results) -> Released:
    publish = recipe.release.publish
    return Released(
        build=recipe.build,
        images=tuple(
            ReleasedImage(
                region=region,
                image_id=resolve(image_id(recipe, region), results),
                name=recipe.build.ami_name,
                status=Status.APPROVED.value,
                snapshots=tuple(results[f"available:{region}"]["snapshot_ids"]),
                parameter=publish.ssm_parameter if publish else "",
            )
            for region in recipe.release.regions
        ),
    )
