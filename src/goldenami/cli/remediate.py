"""`goldenami remediate`."""

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.cli import audit_question, options
from goldenami.cli.options import ListFormat
from goldenami.domain.audit.finding import Severity
from goldenami.errors import UsageError

if TYPE_CHECKING:
    from goldenami.domain.audit.document import Saved
    from goldenami.workflows.remediate.interface import Rollout

MOST_ALARMS = 10
MOST_DELAY = "48h"


class Does(StrEnum):
    """What is done with what the audit named."""

    TAG = "tag"
    STOP = "stop"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    TERMINATE = "terminate"
    REFRESH = "refresh"


def remediate(
    audit: Annotated[Path, typer.Argument(help="An audit (json).", show_default=False)],
    release: Annotated[
        Path | None,
        typer.Argument(help="Take what is approved and waived from this file, as the audit did."),
    ] = None,
    *,
    action: Annotated[
        Does,
        typer.Option(
            "--action", help="RemediationKind is done with what it names.", show_default=False
        ),
    ],
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only findings of this rule (repeatable).")
    ] = None,
    severity: Annotated[
        Severity, typer.Option("--severity", help="Only findings at least as bad.")
    ] = Severity.LOW,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="Only findings, and images, of these (repeatable)."),
    ] = None,
    approved: options.Approved = None,
    newest: options.Newest = None,
    max_age: options.MaxAge = None,
    roots: options.Roots = False,
    security_group: Annotated[
        str | None,
        typer.Option("--security-group", metavar="SG", help="The group of the quarantine."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option("--image", metavar="IMAGE", help="The golden image that a refresh brings."),
    ] = None,
    alarm: Annotated[
        list[str] | None,
        typer.Option("--alarm", metavar="NAME", help="It ends a refresh (repeatable)."),
    ] = None,
    checkpoint: Annotated[
        list[int] | None,
        typer.Option("--checkpoint", metavar="PERCENT", help="It pauses there (repeatable)."),
    ] = None,
    checkpoint_delay: Annotated[
        str | None,
        typer.Option("--checkpoint-delay", metavar="TIME", help="For how long: 30m."),
    ] = None,
    bake_time: Annotated[
        str | None,
        typer.Option("--bake-time", metavar="TIME", help="A refresh waits so long at its end: 1h."),
    ] = None,
    min_healthy: Annotated[
        int | None,
        typer.Option("--min-healthy", metavar="PERCENT", help="So much stays in service."),
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

    Everything is judged again, by the same rules: what is golden by now, what a waiver covers, what
    is protected or could not be read is left alone and listed. `--action release` is the undo of a
    quarantine. Run it again to go on: what is done already is left out.

    Example: goldenami remediate audit.json release.yaml --action stop --rule foreign-owner --plan
    """
    if action is Does.QUARANTINE and not security_group:
        raise UsageError("--action quarantine needs a group", fix="pass --security-group sg-…")
    if action is Does.REFRESH and not image:
        raise UsageError("--action refresh needs a golden image", fix="pass --image NAME")
    rollout = _rollout(alarm, checkpoint, checkpoint_delay, bake_time, min_healthy)
    from goldenami.domain.audit import audit_file, rules
    from goldenami.report import listing
    from goldenami.report.plan import PlanProgress
    from goldenami.report.terminal import say
    from goldenami.workflows import remediate as workflow
    from goldenami.workflows.remediate.interface import RemediationKind, RemediationRequest, Rollout

    if action is not Does.REFRESH and rollout != Rollout():
        raise UsageError(
            "--alarm, --checkpoint, --checkpoint-delay, --bake-time and --min-healthy are for a "
            "refresh",
            fix="leave them out, or pass --action refresh",
        )
    if unknown := set(rule or ()) - set(rules.BY_ID):
        raise UsageError(
            f"--rule {min(unknown)}: there is no such rule", fix=f"one of {', '.join(rules.BY_ID)}"
        )
    document = audit_file.load_whole(audit)
    _refuse_without_release(audit, document, release, action)
    question = audit_question.question(
        release,
        audit_question.Given(
            regions=tuple(region or ()),
            role=role,
            roots=roots,
            approved=approved,
            newest=newest,
            max_age=max_age,
        ),
    )
    asked = RemediationRequest(
        kind=RemediationKind(action.value),
        rules=frozenset(rule or ()),
        severity=severity,
        regions=frozenset(region or ()),
        security_group=security_group or "",
        image=image or "",
        rollout=rollout,
        role=role or "",
        per_minute=per_minute,
    )
    aws = options.session(None, profile, endpoint_url, "us-east-1")
    found = workflow.prepare(aws, document, question, asked)
    if plan and form is ListFormat.TABLE:
        for note in found.plan.notes:
            say(note)
    wanted = found.plan.actions or plan
    if wanted and not options.go_ahead(found.plan, plan_only=plan, yes=yes, form=form):
        if found.unread:
            raise found.unread
        return
    results, error = workflow.carry_out(aws, found, asked, tell=PlanProgress())
    columns = ("account", "region", "id", "result", "detail")
    listing.write("goldenami.remediation/v1", results, form.value, columns=columns)
    if error:
        raise error


def _refuse_without_release(
    audit: Path, document: "Saved", release: Path | None, action: Does
) -> None:
    """Refuse to judge by other rules than the audit did: a waiver would be missed.

    The undo of a quarantine judges nothing.

    Raises:
        UsageError: the audit was made with a release file, and there is none now.
    """
    if document.release is None or release is not None or action is Does.RELEASE:
        return
    name = document.release.name
    words = ["goldenami", "remediate", str(audit), name, "--action", action.value]
    raise UsageError(
        f"{audit} was made with the release file {name}, which says what is approved and waived",
        fix=f"name it, too: {shlex.join(words)} …",
    )


def _rollout(
    alarms: list[str] | None,
    checkpoints: list[int] | None,
    checkpoint_delay: str | None,
    bake_time: str | None,
    min_healthy: int | None,
) -> "Rollout":
    """Return how instances are replaced, within what Auto Scaling takes.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html

    Raises:
        UsageError: an option is out of range.
    """
    from goldenami.workflows.remediate.interface import Rollout

    names, points = tuple(alarms or ()), tuple(checkpoints or ())
    if len(names) > MOST_ALARMS or not all(0 < len(one) <= 255 for one in names):
        raise UsageError(f"--alarm: at most {MOST_ALARMS}, with names of 1 to 255 characters")
    if not all(1 <= one <= 100 for one in points) or list(points) != sorted(set(points)):
        raise UsageError("--checkpoint: percentages of 1 to 100, each larger than the one before")
    if checkpoint_delay and not points:
        raise UsageError("--checkpoint-delay is for --checkpoint", fix="pass --checkpoint PERCENT")
    if min_healthy is not None and not 0 <= min_healthy <= 100:
        raise UsageError(f"--min-healthy {min_healthy}: a percentage of 0 to 100")
    return Rollout(
        alarms=names,
        checkpoints=points,
        checkpoint_delay_s=_seconds("--checkpoint-delay", checkpoint_delay),
        bake_time_s=_seconds("--bake-time", bake_time),
        min_healthy=min_healthy,
    )


def _seconds(option: str, text: str | None) -> int | None:
    from goldenami.domain import names

    if text is None:
        return None
    found, most = names.duration(text), names.duration(MOST_DELAY)
    if found is None or most is None or found > most:
        raise UsageError(
            f"{option} {text}: is no duration up to {MOST_DELAY}", fix="write it as 30m or 12h"
        )
    return int(found.total_seconds())
