"""`goldenami remediate`."""

import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import audit_question
from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.constraints import between, form
from goldenami.domain import names
from goldenami.domain.audit.finding import Severity
from goldenami.domain.choices import RemediationKind
from goldenami.errors import UsageError
from goldenami.report import listing
from goldenami.report.terminal import Verbosity, say

if TYPE_CHECKING:
    from goldenami.domain.audit.document import Saved
    from goldenami.workflows.remediate.interface import Rollout

MOST_ALARMS = 10
MOST_DELAY = timedelta(hours=48)


def _is_delay(text: str) -> bool:
    length = names.duration(text)
    return length is not None and length <= MOST_DELAY


_Delay = Annotated[str, form(_is_delay, "duration up to 48h: write it as 30m or 12h")]


class RemediateOptions(shared.Planning, audit_question.JudgingOptions, frozen=True, kw_only=True):
    """The options of `goldenami remediate`."""

    audit: Annotated[Path, Argument("An audit (json).")]
    release: Annotated[
        Path | None,
        Argument("Take what is approved and waived from this file, as the audit did."),
    ] = None
    action: Annotated[RemediationKind, Option("What is done with what it names.")]
    rule: Annotated[list[str] | None, Option("Only findings of this rule (repeatable).")] = None
    severity: Annotated[Severity, Option("Only findings at least as bad.")] = Severity.LOW
    region: Annotated[
        list[str] | None, Option("Only findings, and images, of these (repeatable).")
    ] = None
    security_group: Annotated[str | None, Option("The group of the quarantine.", "SG")] = None
    image: Annotated[str | None, Option("The golden image that a refresh brings.", "IMAGE")] = None
    alarm: Annotated[list[str] | None, Option("It ends a refresh (repeatable).", "NAME")] = None
    checkpoint: Annotated[list[int] | None, Option("It pauses there (repeatable).", "PERCENT")] = (
        None
    )
    checkpoint_delay: Annotated[_Delay | None, Option("For how long: 30m.", "TIME")] = None
    bake_time: Annotated[
        _Delay | None, Option("A refresh waits so long at its end: 1h.", "TIME")
    ] = None
    min_healthy: Annotated[
        Annotated[int, between(0, 100, "percent")] | None,
        Option("So much stays in service.", "PERCENT"),
    ] = None
    per_minute: Annotated[
        Annotated[float, between(1)], Option("So many calls may begin in a minute.  [x>=1]")
    ] = 60
    plan: shared.PlanOnly = False
    yes: shared.Yes = False
    form: shared.Format = shared.ListFormat.TABLE


def remediate(options: RemediateOptions) -> None:
    """Tag, stop, quarantine or terminate what an audit named, or renew what launches it.

    Everything is judged again, by the same rules: what is golden by now, what a waiver covers, what
    is protected or could not be read is left alone and listed. `--action release` is the undo of a
    quarantine. Run it again to go on: what is done already is left out.

    Example: goldenami remediate audit.json release.yaml --action stop --rule foreign-owner --plan
    """
    if options.action is RemediationKind.QUARANTINE and not options.security_group:
        raise UsageError("--action quarantine needs a group", fix="pass --security-group sg-…")
    if options.action is RemediationKind.REFRESH and not options.image:
        raise UsageError("--action refresh needs a golden image", fix="pass --image NAME")
    rollout = _rollout(options)
    from goldenami.domain.audit import audit_file, rules
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import remediate as workflow
    from goldenami.workflows.remediate.interface import RemediationRequest, Rollout

    if options.action is not RemediationKind.REFRESH and rollout != Rollout():
        raise UsageError(
            "--alarm, --checkpoint, --checkpoint-delay, --bake-time and --min-healthy are for a "
            "refresh",
            fix="leave them out, or pass --action refresh",
        )
    if unknown := set(options.rule or ()) - set(rules.BY_ID):
        raise UsageError(
            f"--rule {min(unknown)}: there is no such rule", fix=f"one of {', '.join(rules.BY_ID)}"
        )
    document = audit_file.load_whole(options.audit)
    _refuse_without_release(document, options)
    question = options.question(options.release)
    request = RemediationRequest(
        kind=options.action,
        rules=frozenset(options.rule or ()),
        severity=options.severity,
        regions=frozenset(options.region or ()),
        security_group=options.security_group or "",
        image=options.image or "",
        rollout=rollout,
        role=options.role or "",
        per_minute=options.per_minute,
    )
    aws = options.session(None, "us-east-1")
    remediation = workflow.prepare(aws, document, question, request)
    if not (options.yes or options.writes_data):
        for note in remediation.plan.notes:
            say(note, level=Verbosity.NORMAL if options.plan else Verbosity.PROBLEM)
    needless = not (remediation.plan.actions or options.plan)
    if not (needless or options.go_ahead(remediation.plan)):
        if unread := remediation.unread():
            raise unread
        return
    results, error = workflow.carry_out(
        aws, remediation, request, tell=PlanProgress(remediation.plan)
    )
    columns = ("account", "region", "id", "result", "detail")
    listing.write(
        "goldenami.remediation/v1", results, options.form.value, columns=columns,
        sentences=("detail",), spare=("account", "region", "detail", "result"),
    )  # fmt: skip
    if error:
        raise error


def _refuse_without_release(document: "Saved", options: RemediateOptions) -> None:
    """Refuse to judge by other rules than the audit did: a waiver would be missed.

    The undo of a quarantine judges nothing.

    Raises:
        UsageError: the audit was made with a release file, and there is none now.
    """
    undo = options.action is RemediationKind.RELEASE
    if document.release is None or options.release is not None or undo:
        return
    name = document.release.name
    words = ["goldenami", "remediate", str(options.audit), name, "--action", options.action.value]
    raise UsageError(
        f"{options.audit} was made with the release file {name}, which says what is approved and "
        "waived",
        fix=f"name it, too: {shlex.join(words)} …",
    )


def _rollout(options: RemediateOptions) -> "Rollout":
    """Return how instances are replaced, within what Auto Scaling takes.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html

    Raises:
        UsageError: options do not fit together.
    """
    from goldenami.workflows.remediate.interface import Rollout

    alarms, points = tuple(options.alarm or ()), tuple(options.checkpoint or ())
    if len(alarms) > MOST_ALARMS or not all(0 < len(name) <= 255 for name in alarms):
        raise UsageError(f"--alarm: at most {MOST_ALARMS}, with names of 1 to 255 characters")
    if not all(1 <= point <= 100 for point in points) or list(points) != sorted(set(points)):
        raise UsageError("--checkpoint: percentages of 1 to 100, each larger than the one before")
    if options.checkpoint_delay and not points:
        raise UsageError("--checkpoint-delay is for --checkpoint", fix="pass --checkpoint PERCENT")
    return Rollout(
        alarms=alarms,
        checkpoints=points,
        checkpoint_delay_s=_seconds(options.checkpoint_delay),
        bake_time_s=_seconds(options.bake_time),
        min_healthy=options.min_healthy,
    )


def _seconds(text: str | None) -> int | None:
    length = names.duration(text) if text else None
    return int(length.total_seconds()) if length is not None else None
