"""`goldenami base launch | list | terminate`."""

from typing import Annotated

import typer

from goldenami.cli import options as shared
from goldenami.cli.application import App
from goldenami.cli.command import Argument, Option
from goldenami.constraints import OneOf
from goldenami.domain.names import ARCHITECTURES
from goldenami.report import listing


class LaunchOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami base launch`."""

    release: shared.Release
    architecture: Annotated[
        str | None, OneOf(ARCHITECTURES), Option("Which of several.", "ARCH")
    ] = None


class TerminateOptions(shared.PlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami base terminate`."""

    instance_id: Annotated[str, Argument("The instance id.", "ID")]
    region: Annotated[str | None, Option("Its region.")] = None


def launch(options: LaunchOptions) -> None:
    """Launch the base instance of a release file; wait until its status checks pass.

    Prints the instance id; `goldenami bake RELEASE --instance ID` makes an image of it.

    Example: goldenami base launch release.yaml --yes
    """
    file = shared.release_file(options.release)
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import base

    aws = options.aws(file.release.build_region)
    planned = base.plan_launch(aws, file, options.architecture or "")
    if options.go_ahead(planned):
        typer.echo(base.launch(aws, planned, tell=PlanProgress(planned)))


def list_(options: shared.ListOptions) -> None:
    """List the base instances that goldenami launched, in all regions at once.

    Example: goldenami base list --region us-east-1
    """
    from goldenami.workflows import base

    aws = options.aws()
    answers = base.instances(aws, options.region)
    listing.write(
        "goldenami.base/v1",
        [instance for instances in answers.read.values() for instance in instances],
        options.form.value,
        columns=("region", "id", "name", "state", "image", "build", "source", "launched"),
        spare=("launched", "source", "build", "name", "image", "state", "region"),
    )
    answers.complete("listing the base instances")


def terminate(options: TerminateOptions) -> None:
    """Terminate a base instance; refuses any instance that goldenami did not launch.

    Example: goldenami base terminate i-0123456789abcdef0 --region us-east-1
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import base
    from goldenami.workflows.execution import Execution

    aws = options.session(options.region)
    planned = base.plan_terminate(aws.in_region(aws.region), options.instance_id)
    if options.go_ahead(planned):
        Execution(aws, tell=PlanProgress(planned)).run(planned)


app = App(help="The base instance on its own, without a bake.")
app.add(launch)
app.add(list_, "list")
app.add(terminate)
