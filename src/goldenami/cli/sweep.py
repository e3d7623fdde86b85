"""`goldenami sweep`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.constraints import form
from goldenami.domain import names
from goldenami.report import listing

_Age = Annotated[str, form(lambda text: names.duration(text) is not None, "time: write 12h, or 3d")]


class SweepOptions(shared.PlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami sweep`."""

    build: Annotated[str | None, Option("This one alone, of any age.", "BUILD")] = None
    older_than: Annotated[_Age, Option("Builds started before: 12h, 3d.", "TIME")] = "1d"
    role: Annotated[str | None, Option("In another account, as this role of it.", "ARN")] = None
    region: shared.Regions = None


def sweep(options: SweepOptions) -> None:
    """Remove what unfinished builds have left: instances, images, snapshots, key pairs, groups.

    It is found by the tags of the builds, in all regions at once. A build that is under way is
    left alone, and so is one of which that cannot be read (exit code 3), and whatever was approved.

    Example: goldenami sweep --older-than 6h --plan
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import sweep as workflow

    caller = options.session(options.region[0] if options.region else None, "us-east-1")
    aws = caller.acting_as(options.role or "")
    prepared = workflow.prepare(
        aws,
        where=options.region,
        build=options.build,
        older_than=names.duration(options.older_than) or timedelta(),
        now=datetime.now(UTC),
        bakers=[caller] if options.role else [],
    )
    if not prepared.leftovers or options.go_ahead(prepared.plan):
        workflow.carry_out(aws, prepared, tell=PlanProgress(prepared.plan))
        columns = ("region", "kind", "id", "state", "build")
        listing.write(
            "goldenami.sweep/v1", prepared.leftovers, options.form.value, columns=columns,
            spare=("build", "state", "kind", "region"),
        )  # fmt: skip
    prepared.complete()
