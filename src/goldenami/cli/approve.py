"""`goldenami approve`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.bake import show
from goldenami.cli.options import ListFormat
from goldenami.errors import RefusedError


def approve(
    release: options.Release,
    build: Annotated[
        str | None, typer.Option("--build", metavar="BUILD", help="Default: the newest candidate.")
    ] = None,
    manifest: options.Manifest = None,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Approve a candidate (`approval: manual`) and publish it; who and when goes into its tags.

    The images are compared once more with what was wanted, in every region.

    Example: goldenami approve release.yaml --build 20261124T101025Z-2c78de
    """
    file = options.release_file(release)
    from goldenami.report.plan import Progress
    from goldenami.workflows import release as workflow

    aws = options.session(region, profile, endpoint_url, file.release.build_region)
    waiting = workflow.candidates(aws, file)
    if not waiting or (build and build not in waiting):
        raise RefusedError(
            f"{release}: build {build} is no candidate" if build else f"{release}: no candidate",
            fix="`goldenami images --status candidate` lists all; a changed release file has none",
        )
    prepared = workflow.prepare(aws, file, resume=build or waiting[0], approving=True)
    if options.go_ahead(prepared.plan, plan_only=plan, yes=yes, form=form):
        show(workflow.bake(prepared, tell=Progress()), form, manifest)
