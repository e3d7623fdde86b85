"""`goldenami tag`."""

from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option


class TagOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami tag`."""

    images: Annotated[list[str], Argument("Image ids.", "AMI")]
    tags: Annotated[list[str], Option("A tag (repeatable).", "K=V", names=("--tag",))]


def tag(options: TagOptions) -> None:
    """Tag images and their snapshots, in every region of each image.

    Example: goldenami tag ami-0123456789abcdef0 --tag Team=platform --tag Ticket=OPS-17
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import tags as workflow
    from goldenami.workflows.execution import Execution

    tags = dict(shared.tag_pair(pair) for pair in options.tags)
    aws = options.aws("us-east-1")
    planned = workflow.plan(aws, options.images, tags)
    if options.go_ahead(planned):
        Execution(aws, tell=PlanProgress(planned)).run(planned)
