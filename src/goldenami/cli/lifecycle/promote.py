"""`goldenami promote`."""

from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.channels import COLUMNS, SPARE
from goldenami.cli.lifecycle.options import VersionOptions
from goldenami.report import listing
from goldenami.report.terminal import tell


class PromoteOptions(VersionOptions, frozen=True, kw_only=True):
    """The options of `goldenami promote`."""

    channel: Annotated[str, Option("Which channel names the version from now on.", "NAME")]


def promote(options: PromoteOptions) -> None:
    """Let a channel name a version, in every region and account, or nowhere.

    Only what is approved and golden everywhere is promoted; a restricted channel takes it from the
    one before it.

    Example: goldenami promote web-base 2.0 --channel stage
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import channels, promotion

    prepared = promotion.prepare(
        options.aws(),
        options.image,
        options.version,
        options.channel,
        command=options.again("promote", channel=options.channel),
        role=options.role or "",
    )
    tell(prepared.plan.notes)
    if options.go_ahead(prepared.plan):
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))
        listing.write(
            "goldenami.promote/v1",
            channels.moved(prepared.moves, options.version),
            options.form.value,
            columns=COLUMNS,
            spare=SPARE,
        )
