"""The base instance on its own: launched for a closer look, listed, terminated."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct, structs

from goldenami.aws import builds, regions, waits
from goldenami.aws import instances as instances_of
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.session import Aws, RegionalAws
from goldenami.bake.actions import terminate
from goldenami.bake.interface import Recipe, new_build
from goldenami.bake.launch import launch as launch_instance
from goldenami.bake.launch import launch_actions, launch_problems, types
from goldenami.domain import lookup, names, tags
from goldenami.domain.image import build_of
from goldenami.domain.plan import Plan, Tell, silent
from goldenami.errors import BakeError, InterruptedRunError, RefusedError, UsageError
from goldenami.spec import ReleaseFile
from goldenami.spec.architectures import by_architecture
from goldenami.workflows import goldens
from goldenami.workflows.execution import Execution


class BaseInstance(Struct, frozen=True, kw_only=True):
    """A base instance that goldenami launched."""

    region: str
    id: str
    name: str
    state: str
    image: str
    build: str
    source: str
    launched: str


def plan_launch(aws: Aws, file: ReleaseFile, architecture: str = "") -> Plan:
    """Check that the base instance can be launched, and plan it.

    Args:
        aws: whose account.
        file: the release file.
        architecture: that of the base instance, where the release file has several.

    Raises:
        BakeError: with every problem found.
        UsageError: the release file has no such architecture, or no one was chosen.
    """
    files = by_architecture(file)
    if architecture not in files:
        several = [*file.release.architectures]
        raise UsageError(
            f"{file.path}: a base instance is of one architecture: "
            + (f"it is none of {', '.join(several)}" if several else "the file names none"),
            fix="name one of them with --architecture" if several else "leave --architecture out",
        )
    file = files[architecture]
    release = file.release

    def refuse(problems: list[str]) -> None:
        if problems:
            raise BakeError(f"{file.path}: nothing was launched", notes=problems)

    refuse(regions.problems((release.build_region,), aws))
    source = goldens.base_image(
        aws.in_region(release.build_region),
        release.base.source,
        release.approval_tag,
        architecture=architecture,
        instance_type=types(release.base)[0],
    )
    build = new_build(file, datetime.now(UTC))
    build = structs.replace(build, id=build_of(build.id, architecture))
    recipe = Recipe(aws=aws, file=file, build=build, source=source, alone=True)
    refuse(launch_problems(recipe))
    launch, ready = launch_actions(recipe)
    return Plan(
        title=f"launch a base instance for {release.image} from {source.id} ({source.name})",
        actions=(launch, structs.replace(ready, settles=("launch",))),
        notes=file.warnings,
    )


def launch(aws: Aws, plan: Plan, *, tell: Tell = silent) -> str:
    """Carry the launch out and return the instance's id, once its status checks pass.

    Raises:
        GoldenamiError: it failed; the notes say what was undone and what is left.
        InterruptedRunError: Ctrl-C; the notes say what there is.
    """
    try:
        results = Execution(
            aws,
            handlers={"wait:instance": waits.instance, "ec2:RunInstances": launch_instance},
            tell=tell,
        ).run(plan)
    except InterruptedRunError as error:
        error.fix = (
            "`goldenami base list` shows what there is, `goldenami base terminate ID` ends it"
        )
        raise
    return str(results["launch"]["instance_id"])


def instances(aws: Aws, where: Iterable[str] | None) -> RegionAnswers[list[BaseInstance]]:
    """Return the base instances that are there, by region (all enabled ones if none is named)."""
    return in_regions(
        where or regions.enabled(aws), lambda region: _launched(aws.in_region(region))
    )


def plan_terminate(regional: RegionalAws, instance_id: str) -> Plan:
    """Plan the end of a base instance.

    Raises:
        UsageError: the id is no instance id, or there is no such instance.
        RefusedError: it is not a base instance that goldenami launched.
    """
    if not names.INSTANCE_ID.fullmatch(instance_id):
        raise UsageError(f"`{instance_id}` is no instance id (`i-` and 8 or 17 hex digits)")
    if instance_id not in [instance.id for instance in _launched(regional)]:
        if not instances_of.having(regional, "instance-id", [instance_id], "looking for it"):
            raise lookup.unknown(
                f"instance in {regional.region}:", instance_id,
                [instance.id for instance in _launched(regional)],
                fix="`goldenami base list` shows base instances; --region names another region",
            )  # fmt: skip
        raise RefusedError(
            f"{instance_id} in {regional.region} is no base instance that goldenami launched",
            fix="`goldenami base list` shows them; --region names another region",
        )
    action = terminate(regional.region, "terminate", f"terminate {instance_id}", instance_id)
    return Plan(title=f"terminate the base instance {instance_id}", actions=(action,))


def _launched(regional: RegionalAws) -> list[BaseInstance]:
    return [
        BaseInstance(
            region=regional.region,
            id=instance.id,
            name=instance.tags.get("Name", ""),
            state=instance.state,
            image=instance.tags.get(tags.IMAGE, ""),
            build=instance.build,
            source=instance.image_id,
            launched=f"{instance.launched:%Y-%m-%d %H:%M}",
        )
        for instance in builds.base_instances(regional)
    ]
