"""`goldenami audit`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.cli import options
from goldenami.errors import FindingsError, IncompleteError, UsageError

if TYPE_CHECKING:
    from goldenami.domain.audit import Audit
    from goldenami.workflows.audit import Question


class AuditFormat(StrEnum):
    """The formats an audit is written in."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def audit(
    release: Annotated[
        Path | None,
        typer.Argument(help="Take regions, owners, waivers and the approval tag from this file."),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="Only these regions (repeatable).")
    ] = None,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Every enabled region (the default).")
    ] = False,
    approved: Annotated[
        str | None,
        typer.Option("--approved", metavar="AMI,AMI|FILE", help="Further approved image ids."),
    ] = None,
    form: Annotated[
        AuditFormat, typer.Option("--format", help="How it is written.")
    ] = AuditFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, not to stdout.")
    ] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="A fleet without any instance is fine.")
    ] = False,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Judge every instance of every region against the golden images.

    Exit code 0 if all are compliant, 10 if there are findings, 3 if a region could not be read.

    Example: goldenami audit release.yaml --format csv --output audit.csv
    """
    if region and all_regions:
        raise UsageError("--region and --all-regions do not go together", fix="drop one of them")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.parent}")
    question = _question(release, tuple(region or ()), all_regions, approved, allow_empty)
    from goldenami.workflows import audit as workflow

    home = question.regions[0] if question.regions else "us-east-1"
    aws = options.session(None, profile, endpoint_url, home)
    document = workflow.audit(aws, question)
    _write(document, form, output)
    _finish(document)


def _question(
    release: Path | None,
    regions: tuple[str, ...],
    all_regions: bool,
    approved: str | None,
    allow_empty: bool,
) -> "Question":
    from msgspec.structs import replace

    from goldenami.domain import waivers
    from goldenami.workflows.audit import Question, approved_list

    question = Question(regions=regions, allow_empty=allow_empty)
    if approved is not None:
        question = replace(question, approved=approved_list(approved))
    if release is None:
        return question
    file = options.release_file(release)
    wanted = file.release.audit
    if not regions and not all_regions and wanted.regions != "all":
        question = replace(question, regions=tuple(wanted.regions))
    if wanted.waivers:
        question = replace(question, waivers=waivers.load(file.folder / wanted.waivers))
    return replace(question, owners=frozenset(wanted.owners), approval=file.release.approval_tag)


def _write(document: "Audit", form: AuditFormat, output: Path | None) -> None:
    import io

    from goldenami import files
    from goldenami.report.audit import WRITERS
    from goldenami.report.terminal import say

    if output is None:
        import sys

        WRITERS[form.value](document, sys.stdout)
        return
    text = io.StringIO()
    WRITERS[form.value](document, text)
    files.write_atomically(output, text.getvalue())
    say(f"wrote {output}")


def _finish(document: "Audit") -> None:
    from goldenami.report.audit.as_table import summary
    from goldenami.report.terminal import say

    for line in summary(document):
        say(line, "bold")
    if not document.complete:
        raise IncompleteError(
            f"the audit is incomplete: {len(document.unread)} of {len(document.regions)} regions "
            "could not be read",
            notes=[f"{one.region}: {one.unread}" for one in document.unread],
            fix="give the caller access to them, or name the regions that matter with --region",
        )
    if document.findings:
        raise FindingsError(f"the audit found something: {len(document.findings)} open")
