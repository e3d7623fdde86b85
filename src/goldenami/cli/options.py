"""The options that several commands share, and what they turn into."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from goldenami.cli.command import Argument, Option, Options
from goldenami.errors import UsageError
from goldenami.report.speech import in_detail
from goldenami.report.terminal import Verbosity, say, tell, wide_tables

if TYPE_CHECKING:
    from goldenami.aws.call_trace import TracedCall
    from goldenami.aws.session import Aws
    from goldenami.domain.plan import Plan
    from goldenami.spec import EnforceFile, ReleaseFile
    from goldenami.spec.folder import Folder

F = TypeVar("F", "EnforceFile", "ReleaseFile")


class ListFormat(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSON = "json"


Release = Annotated[Path, Argument("The release file.")]
Enforced = Annotated[Path, Argument("The enforcement file, or a release file with one.", "FILE")]
Region = Annotated[
    str | None, Option("Region of account-wide calls (IAM, STS); default: the build region.")
]
Regions = Annotated[list[str] | None, Option("Only these (repeatable); default: all.")]
Manifest = Annotated[Path | None, Option("Write the release's manifest (JSON) there.", "FILE")]
Format = Annotated[ListFormat, Option("How the result is written.", names=("--format",))]
PlanOnly = Annotated[bool, Option("Check and show what would be done; stop.")]
Yes = Annotated[bool, Option("Do not ask.", names=("--yes", "-y"))]


class TableOptions(Options, frozen=True, kw_only=True):
    """Of what writes tables."""

    wide: Annotated[bool, Option("All columns of a table, however narrow the terminal.")] = False

    @contextmanager
    def in_effect(self) -> Iterator[None]:
        """Let tables be as wide as they may, while the command runs."""
        with super().in_effect(), wide_tables(wide=self.wide):
            yield


_in_common: ContextVar[dict[tuple[object, ...], "Aws"] | None] = ContextVar(
    "in common", default=None
)


@contextmanager
def clients_in_common() -> Iterator[None]:
    """Let all commands that are run in the block have the same clients, if they are one caller's.

    To make those of all regions takes longer than what many a command asks them.
    """
    token = _in_common.set({})
    try:
        yield
    finally:
        _in_common.reset(token)


class AwsOptions(TableOptions, frozen=True, kw_only=True):
    """Which AWS is reached, and by whom."""

    aws_profile: Annotated[
        str | None,
        Option(
            "Named profile of the AWS configuration.",
            names=("--profile",),
            aliases=("--aws-profile",),
        ),
    ] = None
    endpoint_url: Annotated[
        str | None,
        Option("Another AWS, such as `goldenami sandbox`; AWS_ENDPOINT_URL is honoured too."),
    ] = None

    external_id: Annotated[
        str | None, Option("What roles of other accounts ask for (sts:ExternalId).", "TEXT")
    ] = None

    def session(
        self, region: str | None = None, default: str | None = None, *, bulk: bool = False
    ) -> "Aws":
        """Return the caller's AWS in a region; ``default`` if no option or setting names one."""
        configured = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        region = region or configured or default  # botocore does not know AWS_REGION
        known = _in_common.get()
        if known is None:
            return self._session(region, bulk=bulk)
        settings = frozenset(each for each in os.environ.items() if each[0].startswith("AWS_"))
        reached = (self.aws_profile, self.endpoint_url, self.external_id, settings)
        how = (region, bulk, in_detail())
        if (reached, how) not in known:
            known[reached, how] = self._session(region, bulk=bulk)
        return known[reached, how].acting(None)  # who knows no answers of AWS from before

    def _session(self, region: str | None, *, bulk: bool) -> "Aws":
        from goldenami.aws import models_ahead

        models_ahead.begin()
        from goldenami.aws.session import Aws

        return Aws(
            profile=self.aws_profile,
            region=region,
            endpoint_url=self.endpoint_url,
            external_id=self.external_id or "",
            bulk=bulk,
            heard=self._heard if in_detail() else None,
        )

    @staticmethod
    def _heard(call: "TracedCall") -> None:
        say(str(call), "dim", Verbosity.DETAIL)


class ListOptions(AwsOptions, frozen=True, kw_only=True):
    """Of what lists things of all regions, or of those that are named."""

    form: Format = ListFormat.TABLE
    region: Regions = None

    def aws(self) -> "Aws":
        """Return the caller's AWS."""
        return self.session(self.region[0] if self.region else None, "us-east-1")


class Planning:
    """Of what shows a plan and carries it out, whatever else it is told."""

    __slots__ = ()
    plan: bool
    yes: bool
    form: ListFormat

    @property
    def writes_data(self) -> bool:
        """Whether all that is wanted is the plan, as data."""
        return self.plan and self.form is ListFormat.JSON

    def go_ahead(self, plan: "Plan", **further: object) -> bool:
        """Show the plan, and ask unless that is all that is wanted; tell whether to carry it out.

        Args:
            plan: what is to be done.
            further: what else belongs to the plan as data.

        Raises:
            UsageError: nobody is there to answer.
        """
        from goldenami.report import plan as report

        if self.plan:
            report.write(plan, self.form.value, **further)
            return False
        if self.yes:
            say(f"{plan.title}: {len(plan.actions)} steps (--plan lists them)")
            return True
        somebody_for("Go on?")
        report.show_to_be_asked(plan)
        if agreed("Go on?", yes=False):
            return True
        say("nothing was changed", level=Verbosity.PROBLEM)
        raise typer.Exit(1)


class PlanOptions(Planning, AwsOptions, frozen=True, kw_only=True):
    """Of what shows a plan and carries it out."""

    plan: PlanOnly = False
    yes: Yes = False
    form: Format = ListFormat.TABLE


class RegionPlanOptions(PlanOptions, frozen=True, kw_only=True):
    """Of what plans for all regions and has a home in one."""

    region: Region = None

    def aws(self, default: str | None) -> "Aws":
        """Return the caller's AWS."""
        return self.session(self.region, default)


def agreed(question: str, *, yes: bool) -> bool:
    """Ask on the terminal, unless ``--yes`` was given.

    Raises:
        UsageError: nobody is there to answer.
    """
    if yes:
        return True
    somebody_for(question)
    return typer.confirm(question, err=True)


def somebody_for(question: str) -> None:
    """See to it that somebody is there to answer.

    Raises:
        UsageError: nobody is.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is here to answer", fix="pass --yes, or --plan")


def release_file(path: Path) -> "ReleaseFile":
    """Read the release file and tell its warnings."""
    from goldenami import spec

    return _warned(path, spec.load(path))


def release_folder(path: Path) -> "Folder":
    """Read every release file below a folder, or the one that is named, and tell their warnings."""
    from goldenami.spec import folder

    loaded = folder.load_folder(path)
    for file in loaded.files:
        _warned(file.path, file)
    return loaded


def enforce_file(path: Path) -> "EnforceFile":
    """Read an enforcement file, or what a release file enforces, and tell its warnings."""
    from goldenami import spec

    return _warned(path, spec.load_enforcement(path))


def _warned(path: Path, file: F) -> F:
    tell([f"{path}: {warning}" for warning in file.warnings], "warning")
    return file


def tag_pair(text: str) -> tuple[str, str]:
    """Read a ``--tag K=V``.

    Raises:
        UsageError: there is no ``=`` in it.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--tag {text}: no `=` in it", fix="write --tag Key=Value")
    return key, value
