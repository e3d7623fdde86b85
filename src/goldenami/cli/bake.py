"""`goldenami bake`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.cli.lifecycle.prune import after_release
from goldenami.domain.choices import BakeMethod
from goldenami.domain.status import Status
from goldenami.report import listing
from goldenami.report.terminal import say, tell

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import ReleaseFile
    from goldenami.workflows.release import Released


class BakeOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami bake`."""

    release: shared.Release
    instance: Annotated[str | None, Option("Use this base instance; it is kept.")] = None
    method: Annotated[BakeMethod | None, Option("How; default: the release file's.")] = None
    resume: Annotated[str | None, Option("Go on with this build.", "BUILD")] = None
    keep_on_failure: Annotated[bool, Option("If it fails, keep its instances for a look.")] = False
    manifest: shared.Manifest = None


def bake(options: BakeOptions) -> None:
    """Bake a golden AMI: launch, validate, create, copy, share, approve, publish, clean up.

    Everything that can be checked is checked before anything is changed. Prints the AMI of every
    region.

    Example: goldenami bake release.yaml --plan && goldenami bake release.yaml --yes
    """
    file = shared.release_file(options.release)
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import release as workflow

    aws = options.aws(file.release.build_region)
    resume = options.resume or _unfinished(aws, file, options)
    prepared = workflow.prepare(
        aws, file, method=options.method, instance_id=options.instance, resume=resume,
        keep_on_failure=options.keep_on_failure,
    )  # fmt: skip
    tell(prepared.guarding.notes)
    if not options.go_ahead(prepared.plan):
        return
    with workflow.going_on(prepared):
        released = workflow.bake(prepared, tell=PlanProgress())
        show(released, options.form, options.manifest)
    if released.images[0].status == Status.CANDIDATE:
        say(f"`goldenami approve {options.release}` approves and publishes it")
    else:
        after_release(aws, file, options.release)


def show(released: "Released", form: shared.ListFormat, manifest: Path | None) -> None:
    """Write what a bake has made, and its manifest to a file; raise what failed of it."""
    from goldenami.domain.manifest import text
    from goldenami.files import write_atomically

    tell(released.notes)
    several = len({image.name for image in released.images}) > 1
    kind = ("architecture",) if several else ()
    columns = ("region", *kind, "image_id", "name", "status", "snapshots", "parameter")
    try:
        if manifest and released.manifest:
            write_atomically(manifest, text(released.manifest))
        listing.write("goldenami.bake/v1", released.images, form.value, columns=columns)
    finally:  # what failed is told, even if nothing else can be written
        if released.failure:
            raise released.failure
        build, status = released.build, released.images[0].status
        say(f"build {build.id}: {build.ami_name} is {status}", "bold green")


def _unfinished(aws: "Aws", file: "ReleaseFile", options: BakeOptions) -> str | None:
    """Return the newest build of this very file that did not end, if the user goes on with it."""
    from goldenami.workflows import release

    build = release.unfinished(aws, file)
    if not build:
        return None
    say(f"build {build} of this release file did not end", "yellow")
    return build if options.plan or shared.agreed(f"Go on with {build}?", yes=options.yes) else None
