"""`goldenami rollback`."""

from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.channels import COLUMNS, SPARE
from goldenami.cli.lifecycle.options import ImageOptions
from goldenami.report import listing
from goldenami.report.terminal import tell


class RollbackOptions(ImageOptions, frozen=True, kw_only=True):
    """The options of `goldenami rollback`."""

    channel: Annotated[str, Option("Which channel; needed where there are several.", "NAME")] = ""
    to: Annotated[
        str, Option("Which version; default: the newest good one that it named before.", "VERSION")
    ] = ""
    refresh: Annotated[bool, Option("Move templates and Auto Scaling groups, too, and wait.")] = (
        False
    )


def rollback(options: RollbackOptions) -> None:
    """Let a channel, or the one parameter, name what it named before, everywhere or nowhere.

    A version that was deprecated or disabled is made launchable first: enabled, shared as before,
    approved again, listed by guardrails. A revoked one is never rolled back to.

    Example: goldenami rollback web-base --channel prod
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import channels
    from goldenami.workflows.lifecycle import rollback as workflow

    aws = options.aws()
    prepared = workflow.prepare(
        aws,
        workflow.RollbackOrder(
            image=options.image,
            channel=options.channel,
            to=options.to,
            role=options.role or "",
            refresh=options.refresh,
            again=lambda version: options.again(
                "rollback", channel=options.channel, to=version, refresh=options.refresh
            ),
        ),
    )
    tell(prepared.plan.notes)
    if options.go_ahead(prepared.plan):
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))
        listing.write(
            "goldenami.rollback/v1",
            channels.moved(prepared.moves, prepared.version.version),
            options.form.value,
            columns=COLUMNS,
            spare=SPARE,
        )
        if options.refresh:
            refreshed = workflow.refresh(
                aws, prepared, role=options.role or "", tell=PlanProgress()
            )
            tell(refreshed.words)
            refreshed.refuse()
