"""`goldenami audit`."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from goldenami import files
from goldenami.cli import audit_question
from goldenami.cli.command import Argument, Option
from goldenami.constraints import OneOf, form
from goldenami.domain import names
from goldenami.domain.audit.finding import Severity
from goldenami.domain.choices import AuditPart
from goldenami.errors import FindingsError, IncompleteError, UsageError
from goldenami.report.audit import FORMATS, line_of, writer
from goldenami.report.terminal import say, tell, watched

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.cli.audit_messenger import Messenger
    from goldenami.domain.audit.document import Audit, Document
    from goldenami.workflows.audit.inventories import Selection
    from goldenami.workflows.audit.question import AuditQuestion


Moment = Annotated[
    str,
    form(
        lambda text: names.moment_of(text) is not None,
        "time: write 2026-03-01, or 2026-03-01T14:00:00Z",
    ),
]


class AuditOptions(audit_question.JudgingOptions, frozen=True, kw_only=True):
    """The options of `goldenami audit`."""

    release: Annotated[
        Path | None,
        Argument("Take what is approved, waived and looked at from this file."),
    ] = None
    all_regions: Annotated[bool, Option("Every enabled region (the default).")] = False
    account: Annotated[
        list[str] | None, Option("These other accounts, too (repeatable).", "ID")
    ] = None
    organization: Annotated[bool, Option("Every account of the organization.")] = False
    only: Annotated[list[AuditPart] | None, Option("Look only at these (repeatable).")] = None
    since: Annotated[Path | None, Option("Compare with this earlier audit (json).", "FILE")] = None
    source: Annotated[
        str, Option("AWS, an AWS Config aggregator, a file.", "live|config:NAME|file:PATH")
    ] = "live"
    save_inventory: Annotated[Path | None, Option("Save what is seen, to judge again.", "FILE")] = (
        None
    )
    as_of: Annotated[
        Moment | None, Option("Judge the newest saved inventory that is not after it.", "DATE|TIME")
    ] = None
    inventories: Annotated[Path | None, Option("Where --as-of finds them; default: inventories.",
                                               "FOLDER")] = None  # fmt: skip
    fail_on: Annotated[Severity, Option("Findings below it do not fail.")] = Severity.LOW
    form: Annotated[str, OneOf(FORMATS), Option("How it is written.", names=("--format",))] = (
        "table"
    )
    output: Annotated[
        Path | None, Option("Write to this file, not to stdout.", names=("--output", "-o"))
    ] = None
    also: Annotated[
        list[str] | None,
        Option("Write it in another format, too: html=audit.html (repeatable).", "FORMAT=FILE"),
    ] = None
    to_security_hub: Annotated[bool, Option("Import the findings into AWS Security Hub, too.")] = (
        False
    )
    allow_empty: Annotated[bool, Option("A fleet without any instance is fine.")] = False
    notify: Annotated[bool, Option("Tell those whom the release file names.")] = False
    link: Annotated[
        str | None, Option("Where the report will be, for --notify; default: --output.", "URL")
    ] = None


def audit(options: AuditOptions) -> None:
    """Judge everything that runs or will launch an image against the golden images.

    Exit code 0 if all is compliant, 10 if there are findings, 3 if anything could not be read.
    With --notify, 1 if all is compliant and somebody could not be told.

    Example: goldenami audit release.yaml --format html --output audit.html
    """
    from goldenami.aws import allocator

    allocator.give_back()
    reports = _checked(options)
    question, now = _question(options), None
    past = _past(options)
    if past is not None:
        question, now = replace(question, source=f"file:{past.inventory.path}"), past.inventory.at
    home = question.regions[0] if question.regions else "us-east-1"
    saved = question.source.startswith("file:")
    aws = None if saved else options.session(None, home, bulk=True)
    if aws is not None:
        from goldenami.workflows.audit.account_regions import begin_places

        begin_places(aws, question)
    from goldenami.workflows.audit import auditing as workflow
    from goldenami.workflows.audit.judging import AuditProgress

    if not (options.notify or options.to_security_hub or options.since) and len(reports) == 1:
        question = replace(question, line=line_of(reports[0][0]))
    messenger = _messenger(options, question, aws, home)
    progress = AuditProgress()
    with watched(lambda: progress.text), messenger.of_failure():
        document = workflow.audit(aws, question, progress=progress, now=now)
        for form, target in reports:
            _write(document, form, target)
    messenger.tell(document)
    if options.to_security_hub and aws is not None:
        _send(aws, document, question.role)
    if past is not None and past.unread:
        raise IncompleteError(
            f"{len(past.unread)} files could not be read, and may tell of a later time",
            notes=past.unread,
            fix="copy them again, or take them out of the folder",
        )
    read_there = options.form == "table" and options.output is None and sys.stdout.isatty()
    _finish(document.audit, options.fail_on, reasons=not read_there)
    messenger.finish()


def _checked(options: AuditOptions) -> list[tuple[str, Path | None]]:
    """Return what is to be written where, each a format and a file (None for stdout).

    Raises:
        UsageError: options do not go together, or a file cannot be written.
    """
    if options.region and options.all_regions:
        raise UsageError("--region and --all-regions do not go together", fix="drop one of them")
    if options.account and options.organization:
        raise UsageError("--account and --organization do not go together", fix="drop one of them")
    if options.to_security_hub and options.source != "live":
        raise UsageError("--to-security-hub needs --source live", fix="drop one of them")
    if options.link and not options.notify:
        raise UsageError("--link stands in what --notify sends", fix="add --notify, or drop it")
    reports = [(options.form, options.output), *map(_further, options.also or ())]
    for path in filter(None, (path for _, path in reports)):
        if not path.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}")
    return reports


def _further(text: str) -> tuple[str, Path]:
    """Read an ``--also``.

    Raises:
        UsageError: it names no format, or no file.
    """
    form, _, path = text.partition("=")
    if form not in FORMATS or not path:
        raise UsageError(
            f"--also {text}: names no format and file", fix=f"formats: {', '.join(FORMATS)}"
        )
    return form, Path(path)


def _past(options: AuditOptions) -> "Selection | None":
    """Return the saved inventory that is asked for, and say which it is.

    Raises:
        UsageError: there is none, or another option speaks of today.
    """
    if options.as_of is None:
        if options.inventories is not None:
            raise UsageError("--inventories: of which time?", fix="add --as-of DATE, or drop it")
        return None
    today = {
        "--source": options.source != "live", "--save-inventory": options.save_inventory,
        "--to-security-hub": options.to_security_hub, "--notify": options.notify,
        "--account": options.account, "--organization": options.organization,
    }  # fmt: skip
    if wrong := [name for name, is_set in today.items() if is_set]:
        raise UsageError(f"--as-of and {wrong[0]} do not go together", fix="drop one of them")
    from goldenami.domain.audit.stay import words
    from goldenami.workflows.audit import inventories

    moment = names.moment_of(options.as_of)
    assert moment is not None  # noqa: S101  the option's constraint sees to it
    past = inventories.as_of(options.inventories or Path("inventories"), moment)
    say(
        f"as of {words(moment)}: the inventory of {words(past.inventory.at)}, "
        f"{_age(moment - past.inventory.at)} older ({past.inventory.path})"
    )
    tell(
        ["what was golden is told by the inventory; rules, lists, waivers and limits are today's, "
         "and ages and expiries are counted at its time"]
    )  # fmt: skip
    return past


def _age(age: timedelta) -> str:
    hours, minutes = divmod(int(age.total_seconds()) // 60, 60)
    return f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{hours} h {minutes} min"


def _messenger(
    options: AuditOptions, question: "AuditQuestion", aws: "Aws | None", home: str
) -> "Messenger":
    """Return who tells of the audit.

    Raises:
        UsageError: nobody is named, or what names a webhook is wrong.
    """
    from goldenami.cli.audit_messenger import Messenger

    notify = None
    if options.notify:
        from goldenami.spec.notify import Notify

        notify = question.notify or Notify()
    return Messenger(
        notify,
        lambda: aws or options.session(None, home),
        link=options.link or (str(options.output) if options.output else ""),
        release=question.release.name if question.release else "",
    )


def _question(options: AuditOptions) -> "AuditQuestion":
    """Return what is to be audited, against what.

    Raises:
        UsageError: an option is wrong.
        SpecError: the release file, the waivers or the earlier audit is.
    """
    question = options.question(options.release)
    if options.all_regions:
        question = replace(question, regions=())
    if options.account or options.organization:
        accounts = tuple(options.account or ())
        question = replace(question, accounts=accounts, organization=options.organization)
    if options.only:
        question = replace(question, parts=frozenset(options.only))
    if options.since is not None:
        from goldenami.domain.audit import audit_file

        question = replace(question, earlier=audit_file.load(options.since))
    if options.source.startswith("config:") and options.save_inventory:
        raise UsageError("--save-inventory: an aggregator's instances are counted, not all read")
    return replace(
        question,
        source=_source(options.source),
        keep=options.save_inventory,
        allow_empty=options.allow_empty,
    )


def _source(text: str) -> str:
    kind, _, name = text.partition(":")
    if text == "live" or (kind in ("file", "config") and name):
        return text
    raise UsageError(
        f"--source {text}: is none", fix="give live, file:INVENTORY or config:AGGREGATOR"
    )


def _write(document: "Document", form: str, output: Path | None) -> None:
    if output is None:
        writer(form)(document, sys.stdout)
        return
    with files.writing(output) as file:
        writer(form)(document, file)
    say(f"wrote {output}")


def _send(aws: "Aws", document: "Document", role: str) -> None:
    from goldenami.report.audit.as_asff import findings
    from goldenami.workflows.audit import to_security_hub

    sent = to_security_hub.send(aws, findings(document), role)
    say(f"imported {sent} findings into Security Hub")


def _finish(audit: "Audit", fail_on: Severity, *, reasons: bool) -> None:
    """Say what there is in a few sentences, and fail as the audit does.

    Args:
        audit: the audit.
        fail_on: findings below it do not fail.
        reasons: whether to say why a place was not read, which the table says, too.

    Raises:
        IncompleteError: something could not be read.
        FindingsError: there are findings.
    """
    from goldenami.report.audit.as_table import summary

    for line in summary(audit):
        say(line, "bold")
    if not audit.complete:
        raise IncompleteError(
            f"the audit is incomplete: {len(audit.unread)} of {len(audit.places)} regions "
            "could not be read",
            notes=[
                f"{place.where}: {why}" for place in audit.unread for why in place.unread if reasons
            ],
            fix="give the caller access to them, or name the regions that matter with --region",
        )
    failing = sum(count for level, count in audit.by_severity.items() if level.reaches(fail_on))
    if failing:
        raise FindingsError(f"the audit found something: {failing} open")
