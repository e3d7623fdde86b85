"""`goldenami retire`."""

from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.options import VersionOptions, Why, show
from goldenami.constraints import form
from goldenami.domain import names
from goldenami.report.terminal import tell

Duration = Annotated[
    str, form(lambda text: names.lifetime(text) is not None, "duration of at most 10 years: `14d`")
]


class RetireOptions(VersionOptions, frozen=True, kw_only=True):
    """The options of `goldenami retire`."""

    now: Annotated[bool, Option("Take all steps that are left at once.")] = False
    grace: Annotated[Duration, Option("How long it waits before each step.", "TIME")] = "14d"
    launched_within: Annotated[Duration, Option("A launch within this time keeps it.", "TIME")] = (
        "14d"
    )
    why: Annotated[Why, Option("The reason.", "TEXT")] = ""


def retire(options: RetireOptions) -> None:
    """Let a version go, a step at a time: unpublish and deprecate, disable, deregister.

    First it is looked whether anything uses it: instances, templates in all their versions, groups,
    fleets, node groups, parameters, consumers' accounts, images made of it, locks. Whatever does,
    or could not be checked, keeps it, and is named. The same command takes the next step when its
    time has come.

    Example: goldenami retire web-base 1.0 --why "end of life" --yes
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import retirement as workflow

    prepared = workflow.prepare(
        options.aws(),
        options.image,
        options.version,
        workflow.RetirementOrder(
            command=options.again(
                "retire",
                now=options.now,
                grace=options.grace,
                launched_within=options.launched_within,
                why=options.why,
            ),
            at_once=options.now,
            grace=names.length(options.grace),
            idle=names.length(options.launched_within),
            why=options.why,
            role=options.role or "",
        ),
    )
    tell(prepared.plan.notes)
    if options.go_ahead(prepared.plan):
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))
        show("goldenami.retire/v1", prepared.version, prepared.status.value, options.form)
