"""`goldenami bake`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.domain.status import Status

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import ReleaseFile
    from goldenami.workflows.release import Released


class Method(StrEnum):
    """How the image is made."""

    CREATE_IMAGE = "create-image"
    PACKER = "packer"


def bake(
    release: options.Release,
    instance: Annotated[
        str | None, typer.Option("--instance", help="Use this base instance; it is kept.")
    ] = None,
    method: Annotated[
        Method | None, typer.Option("--method", help="How; default: the release file's.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="BUILD", help="Go on with this build.")
    ] = None,
    manifest: options.Manifest = None,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Bake a golden AMI: launch, validate, create, copy, share, approve, publish, clean up.

    Everything that can be checked is checked before anything is changed. Prints the AMI of every
    region.

    Example: goldenami bake release.yaml --plan && goldenami bake release.yaml --yes
    """
    file = options.release_file(release)
    from goldenami.report.plan import PlanProgress
    from goldenami.report.terminal import say
    from goldenami.workflows import release as workflow

    aws = options.session(region, profile, endpoint_url, file.release.build_region)
    resume = resume or _unfinished(aws, file, plan_only=plan, yes=yes)
    prepared = workflow.prepare(aws, file, method=method, instance_id=instance, resume=resume)
    options.tell(prepared.guarding.notes)
    if not options.go_ahead(prepared.plan, plan_only=plan, yes=yes, form=form):
        return
    with workflow.going_on(prepared):
        released = workflow.bake(prepared, tell=PlanProgress())
        show(released, form, manifest)
    if released.images[0].status == Status.CANDIDATE:
        say(f"`goldenami approve {release}` approves and publishes it")


def show(released: "Released", form: ListFormat, manifest: Path | None) -> None:
    """Write what a bake has made, and its manifest to a file; raise what failed of it."""
    from goldenami.domain.manifest import text
    from goldenami.files import write_atomically
    from goldenami.report import listing
    from goldenami.report.terminal import say

    for note in released.notes:
        say(f"note: {note}", "yellow")
    columns = ("region", "image_id", "name", "status", "snapshots", "parameter")
    try:
        if manifest and released.manifest:
            write_atomically(manifest, text(released.manifest))
        listing.write("goldenami.bake/v1", released.images, form.value, columns=columns)
    finally:  # what failed is told, even if nothing else can be written
        if released.failure:
            raise released.failure
        build, status = released.build, released.images[0].status
        say(f"build {build.id}: {build.ami_name} is {status}", "bold green")


def _unfinished(aws: "Aws", file: "ReleaseFile", *, plan_only: bool, yes: bool) -> str | None:
    """Return the newest build of this very file that did not end, if the user goes on with it."""
    from goldenami.report.terminal import say
    from goldenami.workflows import release

    found = release.unfinished(aws, file)
    if not found:
        return None
    say(f"build {found} of this release file did not end", "yellow")
    question = f"Go on with {found}?"
    return found if plan_only or options.agreed(question, yes=yes) else None
