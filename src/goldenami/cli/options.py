"""The options that several commands share, and what they turn into."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldenami.aws.session import Aws
    from goldenami.domain.plan import Plan
    from goldenami.spec import EnforceFile, ReleaseFile


class ListFormat(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSON = "json"


Release = Annotated[Path, typer.Argument(help="The release file.", show_default=False)]
Enforced = Annotated[
    Path, typer.Argument(metavar="FILE", help="The enforcement file, or a release file with one.")
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region", help="Region for what belongs to none; by default the build region.",
    ),
]  # fmt: skip
Regions = Annotated[
    list[str] | None, typer.Option("--region", help="Only these (repeatable); default: all.")
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", "--aws-profile", help="Named profile of the AWS configuration."),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="Another AWS, such as `goldenami sandbox`; AWS_ENDPOINT_URL is honoured too.",
    ),
]
Manifest = Annotated[
    Path | None,
    typer.Option("--manifest", metavar="FILE", help="Write the release's manifest (JSON) there."),
]
Format = Annotated[ListFormat, typer.Option("--format", help="How the result is written.")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Check and show what would be done; stop.")]
Approved = Annotated[
    str | None,
    typer.Option(
        "--approved",
        metavar="LIST|FILE",
        help="Further approved images: ids, name:PATTERN, ssm:PARAMETER.",
    ),
]
Newest = Annotated[
    int | None, typer.Option("--newest", min=1, help="Only so many versions are current.")
]
MaxAge = Annotated[
    str | None,
    typer.Option("--max-age", metavar="TIME", help="Older images are findings: 90d."),
]
Roots = Annotated[
    bool, typer.Option("--roots", help="Compare root volumes with their images, too.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def session(
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    default: str | None = None,
    *,
    bulk: bool = False,
) -> "Aws":
    """Return the caller's AWS; ``default`` is the region if no option or setting names one."""
    import os

    from goldenami.aws.session import Aws

    configured = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Aws(
        profile=profile,
        region=region or configured or default,  # boto3 itself does not know AWS_REGION
        endpoint_url=endpoint_url,
        bulk=bulk,
    )


def release_file(path: Path) -> "ReleaseFile":
    """Read the release file and tell its warnings."""
    from goldenami import spec
    from goldenami.report.terminal import say

    file = spec.load(path)
    for warning in file.warnings:
        say(f"warning: {path}: {warning}", "yellow")
    return file


def enforce_file(path: Path) -> "EnforceFile":
    """Read an enforcement file, or what a release file enforces, and tell its warnings."""
    from goldenami import spec
    from goldenami.report.terminal import say

    file = spec.load_enforcement(path)
    for warning in file.warnings:
        say(f"warning: {path}: {warning}", "yellow")
    return file


def tell(notes: "Sequence[str]") -> None:
    """Tell what the user should know before anything is done."""
    from goldenami.report.terminal import say

    for note in notes:
        say(f"note: {note}", "yellow")


def tag_pair(text: str) -> tuple[str, str]:
    """Read a ``--tag K=V``.

    Raises:
        UsageError: there is no ``=`` in it.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--tag {text}: no `=` in it", fix="write --tag Key=Value")
    return key, value


def agreed(question: str, *, yes: bool) -> bool:
    """Ask on the terminal, unless ``--yes`` was given.

    Raises:
        UsageError: nobody is there to answer.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is here to answer", fix="pass --yes, or --plan")
    return typer.confirm(question, err=True)


def go_ahead(plan: "Plan", *, plan_only: bool, yes: bool, form: ListFormat) -> bool:
    """Show the plan if that is all that is wanted, else ask; tell whether to carry it out."""
    from goldenami.report import plan as report
    from goldenami.report.terminal import say

    if plan_only:
        report.write(plan, form.value)
        return False
    say(f"{plan.title}: {len(plan.actions)} steps (--plan lists them)")
    if agreed("Go on?", yes=yes):
        return True
    say("nothing was changed")
    raise typer.Exit(1)
