"""`goldenami sweep`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.domain import names
from goldenami.errors import UsageError


def sweep(
    build: Annotated[
        str | None, typer.Option("--build", metavar="BUILD", help="This one alone, of any age.")
    ] = None,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="TIME", help="Builds started before: 12h, 3d.")
    ] = "1d",
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ARN", help="In another account, as this role of it."),
    ] = None,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Regions = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Remove what unfinished builds have left: instances, images, snapshots, key pairs, groups.

    It is found by the tags of the builds, in all regions at once. A build that is under way is
    left alone, and so is one of which that cannot be read (exit code 3), and whatever was approved.

    Example: goldenami sweep --older-than 6h --plan
    """
    age = names.duration(older_than)
    if age is None:
        raise UsageError(f"--older-than {older_than}: no time", fix="write 12h, or 3d")
    from goldenami.report import listing
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import sweep as workflow

    caller = options.session(region[0] if region else None, profile, endpoint_url, "us-east-1")
    aws = caller.acting_as(role or "")
    found = workflow.prepare(
        aws, where=region, build=build, older_than=age, now=datetime.now(UTC),
        bakers=[caller] if role else [],
    )  # fmt: skip
    agreed = not found.leftovers or options.go_ahead(found.plan, plan_only=plan, yes=yes, form=form)
    if agreed:
        workflow.carry_out(aws, found, tell=PlanProgress())
        columns = ("region", "kind", "id", "state", "build")
        listing.write("goldenami.sweep/v1", found.leftovers, form.value, columns=columns)
    found.complete()
