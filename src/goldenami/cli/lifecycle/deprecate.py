"""`goldenami deprecate`."""

from datetime import UTC, datetime
from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.options import VersionOptions, Why, moment, show
from goldenami.domain.status import Status
from goldenami.report.terminal import tell


class DeprecateOptions(VersionOptions, frozen=True, kw_only=True):
    """The options of `goldenami deprecate`."""

    at: Annotated[str | None, Option("When: 2026-12-01T06:00Z. Default: now.", "TIME")] = None
    why: Annotated[Why, Option("The reason.", "TEXT")] = ""
    successor: Annotated[
        str, Option("Which version to use instead; default: the newest good one.", "VERSION")
    ] = ""


def deprecate(options: DeprecateOptions) -> None:
    """Deprecate a version: for nothing new, in every region and account; what runs goes on.

    Says whom that blocks and whom not. With a time that is to come only EC2 knows of it until
    then; the status follows with the next `deprecate` or `prune`.

    Example: goldenami deprecate web-base 1.0 --why "2.0 has the new agent"
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import deprecation as workflow

    at = moment(options.at, "--at")
    prepared = workflow.prepare(
        options.aws(),
        options.image,
        options.version,
        command=options.again(
            "deprecate", at=options.at, why=options.why, successor=options.successor
        ),
        at=at,
        why=options.why,
        successor=options.successor,
        role=options.role or "",
    )
    tell(prepared.plan.notes)
    if options.go_ahead(prepared.plan):
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))
        later = at is not None and at > datetime.now(UTC)
        status = "" if later else Status.DEPRECATED.value
        show("goldenami.deprecate/v1", prepared.version, status, options.form)
