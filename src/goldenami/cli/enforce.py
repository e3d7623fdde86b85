"""`goldenami enforce`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat


def enforce(
    release: options.Release,
    remove: Annotated[
        bool, typer.Option("--remove", help="Detach and delete what enforce attached.")
    ] = False,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Attach the policies that let the admin groups launch golden images only.

    Finds the approved images of all regions, renders the profile, shows how it differs from what
    is attached, applies the difference and reads it back. A second run changes nothing.

    Example: goldenami enforce release.yaml --plan && goldenami enforce release.yaml
    """
    file = options.release_file(release)
    from goldenami.report import enforcement as report
    from goldenami.report.plan import Progress
    from goldenami.report.terminal import say
    from goldenami.workflows import enforce as workflow

    aws = options.session(region, profile, endpoint_url, file.release.build_region)
    prepared = workflow.prepare(aws, file, remove=remove)
    report.show(prepared)
    if prepared.nothing_to_do and not plan:
        say("nothing to change: what is attached is what should be", "green")
        return
    if options.go_ahead(prepared.plan, plan_only=plan, yes=yes, form=form):
        workflow.apply(aws, prepared, tell=Progress())
        say("removed" if remove else "attached, and read back", "bold green")
