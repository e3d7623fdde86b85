"""`goldenami remediate`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.domain.audit.finding import Severity
from goldenami.errors import UsageError


class Does(StrEnum):
    """What is done with what the audit named."""

    TAG = "tag"
    STOP = "stop"
    QUARANTINE = "quarantine"
    TERMINATE = "terminate"
    REFRESH = "refresh"


def remediate(
    audit: Annotated[Path, typer.Argument(help="An audit (json).", show_default=False)],
    action: Annotated[
        Does, typer.Option("--action", help="What is done with what it names.", show_default=False)
    ],
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only findings of this rule (repeatable).")
    ] = None,
    severity: Annotated[
        Severity, typer.Option("--severity", help="Only findings at least as bad.")
    ] = Severity.LOW,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="Only findings in these regions (repeatable)."),
    ] = None,
    security_group: Annotated[
        str | None,
        typer.Option("--security-group", metavar="SG", help="The group of the quarantine."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option("--image", metavar="IMAGE", help="The golden image that a refresh brings."),
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", help="The role by which other accounts are reached.")
    ] = None,
    per_minute: Annotated[
        float, typer.Option("--per-minute", min=1, help="So many calls may begin in a minute.")
    ] = 60,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Tag, stop, quarantine or terminate what an audit named, or renew what launches it.

    Only what still is as the audit saw it is touched; what a waiver covers or is protected is left
    alone and listed. Run it again to go on: what is done already is left out.

    Example: goldenami remediate audit.json --action stop --rule foreign-owner --plan
    """
    if action is Does.QUARANTINE and not security_group:
        raise UsageError("--action quarantine needs a group", fix="pass --security-group sg-…")
    if action is Does.REFRESH and not image:
        raise UsageError("--action refresh needs a golden image", fix="pass --image NAME")
    from goldenami.domain.audit import rules, saved
    from goldenami.report import listing
    from goldenami.report.plan import Progress
    from goldenami.report.terminal import say
    from goldenami.workflows import remediate as workflow
    from goldenami.workflows.remediate.interface import Asked, What

    if unknown := set(rule or ()) - set(rules.BY_ID):
        raise UsageError(
            f"--rule {min(unknown)}: there is no such rule", fix=f"one of {', '.join(rules.BY_ID)}"
        )
    document = saved.load(audit)
    asked = Asked(
        what=What(action.value),
        rules=frozenset(rule or ()),
        severity=severity,
        regions=frozenset(region or ()),
        security_group=security_group or "",
        image=image or "",
        role=role or "",
        per_minute=per_minute,
    )
    aws = options.session(None, profile, endpoint_url, "us-east-1")
    found = workflow.prepare(aws, document, asked)
    if plan and form is ListFormat.TABLE:
        for note in found.plan.notes:
            say(note)
    wanted = found.plan.actions or plan
    if wanted and not options.go_ahead(found.plan, plan_only=plan, yes=yes, form=form):
        return
    results, error = workflow.carry_out(aws, found, asked, tell=Progress())
    columns = ("account", "region", "id", "result", "detail")
    listing.write("goldenami.remediation/v1", results, form.value, columns=columns)
    if error:
        raise error
