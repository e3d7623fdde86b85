"""`goldenami approve`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.bake import show
from goldenami.cli.options import ListFormat


def approve(
    release: options.Release,
    build: Annotated[
        str | None, typer.Option("--build", metavar="BUILD", help="Default: the newest that waits.")
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

    The images are compared once more with what was wanted, in every region. An approval that was
    interrupted is completed, with the approver and the time that were recorded.

    Example: goldenami approve release.yaml --build 20261124T101025Z-2c78de
    """
    file = options.release_file(release)
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import release as workflow

    aws = options.session(region, profile, endpoint_url, file.release.build_region)
    chosen = workflow.to_approve(aws, file, build)
    prepared = workflow.prepare(aws, file, resume=chosen, approving=True)
    options.tell(prepared.guarding.notes)
    if options.go_ahead(prepared.plan, plan_only=plan, yes=yes, form=form):
        with workflow.going_on(prepared):
            show(workflow.bake(prepared, tell=PlanProgress()), form, manifest)
