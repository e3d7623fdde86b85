"""`goldenami tag`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat


def tag(
    images: Annotated[list[str], typer.Argument(metavar="AMI...", help="Image ids.")],
    tags: Annotated[list[str], typer.Option("--tag", metavar="K=V", help="A tag (repeatable).")],
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Tag images and their snapshots, in every region of each image.

    Example: goldenami tag ami-0123456789abcdef0 --tag Team=platform --tag Ticket=OPS-17
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import tags as workflow
    from goldenami.workflows.execution import Execution

    wanted = dict(options.tag_pair(one) for one in tags)
    aws = options.session(region, profile, endpoint_url, "us-east-1")
    planned = workflow.plan(aws, images, wanted)
    if options.go_ahead(planned, plan_only=plan, yes=yes, form=form):
        Execution(aws, tell=PlanProgress()).run(planned)
