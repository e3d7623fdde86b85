"""`goldenami export`."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from goldenami import files
from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.domain.choices import CodeForm


class ExportOptions(shared.AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami export`."""

    release: shared.Release
    as_: Annotated[CodeForm, Option("What it is written as.", names=("--as",))] = CodeForm.TERRAFORM
    output: Annotated[Path | None, Option("Write it there; default: stdout.", "FILE")] = None
    account: Annotated[
        str | None, Option("The account that it is for; then no AWS call is made.")
    ] = None
    snapshot: Annotated[
        list[str] | None, Option("Snapshot of a golden image that exists (repeatable).")
    ] = None


def export(options: ExportOptions) -> None:
    """Write a release as infrastructure code, for who applies it with other tools.

    The base instance, the image, its copies, who may launch it, the parameter, and the policies of
    every mechanism with what they are attached to. What such code does not do, such as validation,
    boot tests and approvals, is said in it, and here. Without --account, AWS is asked for the
    caller's account and for the golden images that exist.

    Example: goldenami export release.yaml --as terraform --output golden.tf
    """
    from goldenami.report import code as report
    from goldenami.workflows import export as workflow

    file = shared.release_file(options.release)
    code, rendered = workflow.release_code(
        lambda: options.session(file.release.build_region),
        file,
        options.account,
        options.snapshot or (),
    )
    write = partial(files.write_atomically, options.output) if options.output else sys.stdout.write
    report.write_release(code, rendered, options.as_, write)
