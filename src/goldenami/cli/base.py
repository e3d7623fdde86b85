"""`goldenami base launch | list | terminate`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The base instance on its own, without a bake.",
)


@app.command()
def launch(
    release: options.Release,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Launch the base instance of a release file; wait until its status checks pass.

    Prints the instance id; `goldenami bake RELEASE --instance ID` makes an image of it.

    Example: goldenami base launch release.yaml --yes
    """
    file = options.release_file(release)
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import base

    aws = options.session(region, profile, endpoint_url, file.release.build_region)
    planned = base.plan_launch(aws, file)
    if options.go_ahead(planned, plan_only=plan, yes=yes, form=form):
        typer.echo(base.launch(aws, planned, tell=PlanProgress()))


@app.command("list")
def list_(
    form: options.Format = ListFormat.TABLE,
    region: options.Regions = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """List the base instances that goldenami launched, in all regions at once.

    Example: goldenami base list --region us-east-1
    """
    from goldenami.report import listing
    from goldenami.workflows import base

    aws = options.session(region[0] if region else None, profile, endpoint_url, "us-east-1")
    answers = base.instances(aws, region)
    listing.write(
        "goldenami.base/v1",
        [one for found in answers.read.values() for one in found],
        form.value,
        columns=("region", "id", "name", "state", "image", "build", "source", "launched"),
    )
    answers.complete("listing the base instances")


@app.command()
def terminate(
    instance_id: Annotated[str, typer.Argument(metavar="ID", help="The instance id.")],
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: Annotated[str | None, typer.Option("--region", help="Its region.")] = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Terminate a base instance; refuses any instance that goldenami did not launch.

    Example: goldenami base terminate i-0123456789abcdef0 --region us-east-1
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import base
    from goldenami.workflows.execution import Execution

    aws = options.session(region, profile, endpoint_url)
    planned = base.plan_terminate(aws, aws.region, instance_id)
    if options.go_ahead(planned, plan_only=plan, yes=yes, form=form):
        Execution(aws, tell=PlanProgress()).run(planned)
