"""`goldenami bake`."""

from enum import StrEnum
from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat


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
    from goldenami.report import listing
    from goldenami.report.plan import Progress
    from goldenami.report.terminal import say
    from goldenami.workflows import release as workflow

    aws = options.session(region, profile, endpoint_url, file.release.build_region)
    prepared = workflow.prepare(aws, file, method=method, instance_id=instance, resume=resume)
    if not options.go_ahead(prepared.plan, plan_only=plan, yes=yes, form=form):
        return
    released = workflow.bake(prepared, tell=Progress())
    listing.write(
        "goldenami.bake/v1",
        released.images,
        form.value,
        columns=("region", "image_id", "name", "status", "snapshots", "parameter"),
    )
    say(f"build {released.build.id}: {released.build.ami_name} is approved", "bold green")
