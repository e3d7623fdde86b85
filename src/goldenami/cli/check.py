"""`goldenami check`."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from goldenami.cli.command import Argument, Option, Options
from goldenami.errors import SpecError
from goldenami.report.terminal import say


class CheckFormat(StrEnum):
    """How what is wrong is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class CheckOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami check`."""

    paths: Annotated[
        list[Path], Argument("Release, enforcement and waivers files, or folders.", "FILE|DIR")
    ]
    form: Annotated[
        CheckFormat, Option("How it is written; github annotates.", names=("--format",))
    ] = CheckFormat.TEXT
    strict: Annotated[bool, Option("Warnings fail, too.")] = False


def check(options: CheckOptions) -> None:
    """Check release, enforcement and waivers files, with what they name, without AWS.

    All that is wrong with all of them is told at once, each with its line: for pre-commit and CI.
    Below a folder, those are read whose `schema` is one of theirs. What only AWS knows, `--plan` of
    the commands asks. The exit code is 2 if something is wrong.

    Example: goldenami check release.yaml && goldenami check --strict .
    """
    from goldenami.report import check as report
    from goldenami.workflows import check as workflow

    checked = workflow.check(options.paths, datetime.now(UTC).date())
    report.write(checked, options.form.value)
    wrong = [*checked.problems, *(checked.warnings if options.strict else ())]
    if wrong:
        files = len({problem.path for problem in wrong})
        raise SpecError(
            f"problems: {len(wrong)}, in {files} of {len(checked.files)} files",
            fix="mend the lines that are named, and check again",
        )
    warned = f", {len(checked.warnings)} warnings" if checked.warnings else ""
    say(f"files checked: {len(checked.files)}, nothing is wrong{warned}", "green")
